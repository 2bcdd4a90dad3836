"""Back-fill: the nights of an archive into the store, file by file; broken off, it goes on where it was."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from jobs.common import faults
from jobs.ledger.sent_file import read_sent
from jobs.ledger.streams import records
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_json
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
    done = _Done(layout, settings)
    for night in nights:
        files = files_of(layout, night, settings.cutouts)
        waiting = iter([file for file in files if not done.holds(file)])
        ready = sum(done.holds(file) for file in files)
        if ready == len(files):
            yield Loaded(night, ready, len(files), 0)
        while group := list(islice(waiting, max(1, spark.sparkContext.defaultParallelism))):
            rows: Counter[str] = Counter()
            for each in write_files(spark, group, settings):
                rows.update(each)
            faults.maintenance("in_load")
            done.add(group)
            ready += len(group)
            yield Loaded(night, ready, len(files), rows["alerts"])


class _Done:
    """The files that are in a store already: beside the tables, by name, size and time, one list per store."""

    def __init__(self, layout: Layout, settings: StoreSettings) -> None:
        store = f"{settings.address.host}-{settings.address.port}-{settings.namespace}"
        self.path = layout.root / "_store" / f"{store}{'-cutouts' if settings.cutouts else ''}.json"
        self.known: dict[str, list[int]] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def holds(self, file: ScienceFile) -> bool:
        return self.known.get(_name(file)) == _state(file)

    def add(self, files: Sequence[ScienceFile]) -> None:
        self.known |= {_name(file): _state(file) for file in files}
        self.path.parent.mkdir(exist_ok=True)
        replace_json(self.path, self.known)


def _name(file: ScienceFile) -> str:
    return f"{file.science.parent.name}/{file.science.name}"


def _state(file: ScienceFile) -> list[int]:
    stat = file.science.stat()
    return [stat.st_size, stat.st_mtime_ns]
