"""Which files of an archive a store was filled from: it remembers them itself, so that a store that is new, or whose nights were
removed, is filled again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import happybase

from jobs.hbase.connection import pool
from jobs.store import keys
from jobs.store.reading import StoreReader
from jobs.store.science_file import ScienceFile
from jobs.store.tables import TYPES, qualified

# Longer than the eight bytes of a type, whose table it shares.
_PREFIX = keys.name("loaded")
_ALERTS, _CUTOUTS = f"{TYPES.family}:alerts".encode(), f"{TYPES.family}:cutouts".encode()


@dataclass(frozen=True)
class LoadedFiles:
    """The files that a store was filled from, by night and name, with size and time.

    Parameters
    ----------
    reader : StoreReader
        Of the store.
    """

    reader: StoreReader

    def waiting(self, night: str, files: Sequence[ScienceFile], cutouts: bool) -> list[ScienceFile]:
        """Those of the files of a night that the store does not have as they are now.

        Parameters
        ----------
        night : str
        files : sequence of ScienceFile
            Of the night.
        cutouts : bool
            Whether their cutouts have to be there, too.
        """
        start = _PREFIX + keys.name(night)
        known = dict(self.reader.range(TYPES, start, keys.after(start)))
        wanted = _CUTOUTS if cutouts else _ALERTS
        return [file for file in files if known.get(_key(file), {}).get(wanted) != _state(file)]

    def add(self, files: Sequence[ScienceFile], cutouts: bool) -> None:
        """Remember files that were written.

        Parameters
        ----------
        files : sequence of ScienceFile
        cutouts : bool
            Whether their cutouts were, too.
        """
        columns = (_ALERTS, _CUTOUTS) if cutouts else (_ALERTS,)

        def put(connection: happybase.Connection) -> None:
            with connection.table(self._table).batch() as batch:
                for file in files:
                    batch.put(_key(file), dict.fromkeys(columns, _state(file)))

        pool(self.reader.address).call(put)

    def forget(self, before: int, cutouts_only: bool) -> None:
        """Of nights before one: their alerts, or their cutouts alone, are to be removed.

        Parameters
        ----------
        before : int
            The first night that stays, YYYYMMDD.
        cutouts_only : bool
        """
        rows = self.reader.range(TYPES, _PREFIX, _PREFIX + str(before).encode())

        def delete(connection: happybase.Connection) -> None:
            with connection.table(self._table).batch() as batch:
                for key, _ in rows:
                    batch.delete(key, [_CUTOUTS] if cutouts_only else [_ALERTS, _CUTOUTS])

        if rows:
            pool(self.reader.address).call(delete)

    @property
    def _table(self) -> str:
        return qualified(self.reader.namespace, TYPES)


def _key(file: ScienceFile) -> bytes:
    """Its folder, `night=<N>`, says the night."""
    return _PREFIX + keys.name(file.science.parent.name.partition("=")[2]) + file.science.name.encode()


def _state(file: ScienceFile) -> bytes:
    stat = file.science.stat()
    return json.dumps([stat.st_size, stat.st_mtime_ns]).encode()
