"""Back-fill: the nights of an archive into the store, file by file; broken off, it goes on where it was."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from jobs.common import faults
from jobs.ledger.sent_file import read_sent
from jobs.ledger.streams import records
from jobs.storage.layout import Layout
from jobs.store.loaded_files import LoadedFiles
from jobs.store.reading import StoreReader
from jobs.store.science_file import Matches, ScienceFile, by_alert
from jobs.store.settings import StoreSettings
from jobs.store.tasks import write_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class NoSuchNight(LookupError):
    """The archive has no such night; the message says which it has."""


@dataclass(frozen=True)
class Loaded:
    """What a group of files became.

    Attributes
    ----------
    night : str
    files, of : int
        Of the night: done so far, and all.
    alerts : int
        Written now.
    """

    night: str
    files: int
    of: int
    alerts: int


def nights_between(layout: Layout, first: str, last: str) -> list[str]:
    """The nights of an archive from one to another, both included.

    Parameters
    ----------
    layout : Layout
    first, last : str
        YYYYMMDD.

    Raises
    ------
    NoSuchNight
        If there is none.
    """
    there = layout.nights("science")
    found = [night for night in there if first <= night <= last]
    if not found:
        has = f"{len(there)}, {there[0]} to {there[-1]}" if there else "none"
        raise NoSuchNight(f"{layout.root} has no night from {first} to {last}; it has {has}")
    return found


def files_of(layout: Layout, night: str, cutouts: bool) -> list[ScienceFile]:
    """The science files of a night, with what its alerts matched and where their cutouts are.

    Parameters
    ----------
    layout : Layout
    night : str
    cutouts : bool
        Whether cutouts are wanted.
    """
    matches = matches_of(layout, night)
    beside = {path.name: path for path in layout.files("cutouts", night)} if cutouts else {}
    return [
        ScienceFile(path, (beside[path.name],) if path.name in beside else tuple(beside.values()), matches)
        for path in layout.files("science", night)
    ]


def matches_of(layout: Layout, night: str) -> Matches:
    """The filters that sent each alert of a night, as the ledger keeps it.

    Parameters
    ----------
    layout : Layout
    night : str
    """
    found: dict[tuple[str, int], list[str]] = {}
    for record in records(layout, nights={night}):
        sent = read_sent(layout, record.stream, record.batch)
        if sent is not None:
            found |= by_alert(sent.matches)
    return found


def load(spark: "SparkSession", layout: Layout, nights: Sequence[str], settings: StoreSettings) -> Iterator[Loaded]:
    """Write nights into the store, also beside a stream that writes into it.

    Parameters
    ----------
    spark : SparkSession
        As many files at a time as it has cores.
    layout : Layout
    nights : sequence of str
    settings : StoreSettings

    Yields
    ------
    Loaded
        After each group of files.
    """
    loaded = LoadedFiles(StoreReader(settings.address, settings.namespace))
    for night in nights:
        files = files_of(layout, night, settings.cutouts)
        waiting = loaded.waiting(night, files, settings.cutouts)
        ready = len(files) - len(waiting)
        if not waiting:
            yield Loaded(night, ready, len(files), 0)
        groups = iter(waiting)
        while group := list(islice(groups, max(1, spark.sparkContext.defaultParallelism))):
            rows: Counter[str] = Counter()
            for each in write_files(spark, group, settings):
                rows.update(each)
            faults.maintenance("in_load")
            loaded.add(group, settings.cutouts)
            ready += len(group)
            yield Loaded(night, ready, len(files), rows["alerts"])
