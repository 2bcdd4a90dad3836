"""Which store a question goes to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lookup.store import BadQuestion, LookupStore
from jobs.storage.layout import Layout

# Imports stand where they are needed: a question to one store takes a second less without the clients of the others.
if TYPE_CHECKING:
    from jobs.hbase.connection import HBaseAddress

STORES = ("hbase", "archive")
VARIABLE = "STRIX_HBASE"


def open_store(
    store: str | None = None, data: str | Path | None = None, hbase: str | None = None, namespace: str | None = None
) -> LookupStore:
    """The store that is meant.

    Parameters
    ----------
    store : str, optional
        hbase or archive, or a directory: the output of `strix reprocess`, or an archive. If not given, the archive where
        `data` is given, else HBase where one is known.
    data : path, optional
        Of the archive: the output of a job.
    hbase : str, optional
        Of HBase: host:port of its Thrift server; else $STRIX_HBASE, else the one that `strix services` started here.
    namespace : str, optional
        Of its tables.

    Raises
    ------
    BadQuestion
        If none is known, or the two do not fit together.
    """
    if store not in (None, *STORES):
        return _in_directory(str(store))
    if store == "archive" or (store is None and data is not None and hbase is None):
        if data is None:
            raise BadQuestion("the archive is the output of a job; name its directory")
        if Layout(Path(data)).is_release:
            return _release(data)
        from jobs.lookup.archive import ArchiveStore

        return ArchiveStore(data)
    known = hbase or os.environ.get(VARIABLE) or _started_here()
    if known is None:
        raise BadQuestion(f"no store is known: name an archive's directory, or HBase's host:port (${VARIABLE})")
    return _in_hbase(known, namespace)


def _in_hbase(address: str, namespace: str | None) -> LookupStore:
    from jobs.hbase.connection import HBaseAddress
    from jobs.lookup.hbase import HBaseStore
    from jobs.store.reading import StoreReader
    from jobs.store.settings import settings_of
    from jobs.store.tables import NAMESPACE

    settings = settings_of({"namespace": namespace or NAMESPACE})
    return HBaseStore(StoreReader(HBaseAddress.of(address), settings.namespace))


def _in_directory(store: str) -> LookupStore:
    if not Path(store).is_dir():
        raise BadQuestion(f"stores are {' and '.join(STORES)}, or a directory; found {store!r}")
    if Layout(Path(store)).is_release:
        return _release(store)
    from jobs.lookup.archive import ArchiveStore

    return ArchiveStore(store)


def _release(directory: str | Path) -> LookupStore:
    from jobs.lookup.release import ReleaseStore

    return ReleaseStore(directory)


def usual_address() -> "HBaseAddress | None":
    """$STRIX_HBASE, else the Thrift server that `strix services` started on this machine; None if there is neither."""
    from jobs.hbase.connection import HBaseAddress

    known = os.environ.get(VARIABLE) or _started_here()
    return HBaseAddress.of(known) if known else None


def _started_here() -> str | None:
    from jobs.services.running import find

    service = find("hbase")
    return service.addresses["thrift"] if service is not None and service.up else None
