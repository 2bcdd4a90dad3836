"""Rolled batches: some hundred closed ones in a volume of a few Parquet files, instead of some files each.

`ledger/stream=<id>/rolled.json` names the volumes and says from which batch on records are still files of their own
(`until`): it alone decides. What lies in `rolled/` and is not named there is what a kill left, and so are files of
batches before `until` beside it. A volume `<first>-<last>` has

* `.records.parquet`: a row per batch: its record and plan as they were written, and what readers choose by;
* `.ids.parquet`: the alert ids of all its batches, sorted by survey and id, each with its batch;
* `.kept.parquet`: whatever else lay beside a record (what sinks have sent), byte by byte;
* `.files.parquet`: the files that its batches finished, for a source of files.
"""

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.ledger.kept import KeptReader
from jobs.ledger.numbers import Numbers
from jobs.ledger.summary import Summary

NAME, FOLDER = "rolled.json", "rolled"
FORMAT = 1
# Nights of a volume are listed up to so many; beyond that it is looked into for any night.
MOST_NIGHTS = 200
RECORDS = pa.schema(
    [
        ("batch", pa.int64()),
        ("nights", pa.list_(pa.string())),
        ("refused", pa.bool_()),
        ("replays", pa.bool_()),
        ("record", pa.string()),
        pa.field("plan", pa.string(), metadata={"description": "empty: as in the record; NULL: its file was gone"}),
    ]
)
_CHOSEN_BY = ["batch", "nights", "refused", "replays"]


@dataclass(frozen=True)
class Wanted:
    """Which batches a reader wants.

    Attributes
    ----------
    nights : collection of str, optional
        Those that hold packets or files of one of these nights.
    since : int
        Those from this number on.
    refused : bool
        Those that refused something: packets in quarantine, matches that were too large.
    replays : bool
        Those that read entries of quarantine again.
    table : str
        Those that wrote this table.
    without : Numbers, optional
        All but these.
    """

    nights: Collection[str] | None = None
    since: int = 0
    refused: bool = False
    replays: bool = False
    table: str = ""
    without: Numbers | None = None

    def takes(self, batch: int, nights: Collection[str], refused: bool, replays: bool, tables: Collection[str]) -> bool:
        """Whether a batch is one of the wanted.

        Parameters
        ----------
        batch : int
        nights : collection of str
            Those of which it holds something.
        refused, replays : bool
            Whether it refused something; whether it read entries of quarantine again.
        tables : collection of str
            Those that it wrote.
        """
        if batch < self.since or (self.without is not None and batch in self.without):
            return False
        of_night = self.nights is None or not set(self.nights).isdisjoint(nights)
        of_kind = (refused or not self.refused) and (replays or not self.replays)
        return of_night and of_kind and self.table in ("", *tables)


@dataclass(frozen=True)
class Entry:
    """A batch as it was written: the text of its record, and of its plan if there is one."""

    batch: int
    record: str
    plan: str | None


@dataclass(frozen=True)
class Volume:
    """Some closed batches of a stream that wrote the same tables.

    Attributes
    ----------
    first, last, count : int
        Their least and greatest number, and how many they are.
    nights : list of str or None
        Of which they hold something; None if there are more than MOST_NIGHTS.
    refused, replays : bool
        Whether one of them is what `Wanted` asks for.
    ids : dict
        Per survey: least id, greatest id, count.
    """

    first: int
    last: int
    count: int
    tables: list[str]
    nights: list[str] | None
    refused: bool
    replays: bool
    ids: dict[str, list[int]]

    @property
    def name(self) -> str:
        """What its files are called before their endings."""
        return f"{self.first:09d}-{self.last:09d}"

    def may_hold(self, wanted: Wanted) -> bool:
        """Whether one of its batches may be wanted.

        Parameters
        ----------
        wanted : Wanted
        """
        nights = self.nights if self.nights is not None else wanted.nights or ()
        if wanted.without is not None and wanted.without.covers(self.first, self.last):
            return False
        return replace(wanted, without=None).takes(self.last, nights, self.refused, self.replays, self.tables)


@dataclass
class Rolled:
    """What is rolled of a stream.

    Attributes
    ----------
    until : int
        Batches before this one are in volumes; this one and later ones have files of their own.
    files : str
        The table of all files that were finished, in `rolled/`; empty if there are none.
    """

    directory: Path
    until: int = 0
    volumes: list[Volume] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)
    files: str = ""
    _ids: tuple[tuple[str, ...], pa.Table] | None = field(default=None, repr=False, compare=False)
    _kept: KeptReader = field(default_factory=KeptReader, repr=False, compare=False)

    @classmethod
    def of(cls, directory: Path) -> "Rolled":
        """What is rolled of the stream of this directory now; it is read again only when it has changed.

        Parameters
        ----------
        directory : pathlib.Path
            The stream's ledger.
        """
        try:
            status = os.stat(directory / NAME)
        except FileNotFoundError:
            return cls(directory)
        return _read(directory, (status.st_ino, status.st_mtime_ns, status.st_size))

    @classmethod
    def read(cls, directory: Path) -> "Rolled":
        """What a stream's `rolled.json` says.

        Parameters
        ----------
        directory : pathlib.Path
            The stream's ledger.

        Raises
        ------
        FileNotFoundError
            If nothing is rolled.
        """
        content = json.loads((directory / NAME).read_text(encoding="utf-8"))
        volumes = [Volume(**each) for each in content["volumes"]]
        return cls(directory, content["until"], volumes, Summary.from_json(content["summary"]), content["files"])

    def to_json(self) -> dict[str, Any]:
        """As `rolled.json` keeps it."""
        volumes = [vars(each) for each in self.volumes]
        summary = self.summary.to_json()
        return {"format": FORMAT, "until": self.until, "volumes": volumes, "summary": summary, "files": self.files}

    @property
    def count(self) -> int:
        """How many batches are rolled."""
        return sum(each.count for each in self.volumes)

    def path(self, volume: Volume, what: str) -> Path:
        """A file of a volume.

        Parameters
        ----------
        volume : Volume
        what : str
            records, ids, kept or files.
        """
        return self.directory / FOLDER / f"{volume.name}.{what}.parquet"

    def names(self) -> set[str]:
        """Files of `rolled/` that belong to what is rolled."""
        ends = ("records", "ids", "kept", "files")
        return {self.path(each, end).name for each in self.volumes for end in ends} | {self.files}

    def holder(self, batch: int) -> Volume | None:
        """The volume that a batch is in, if it is in one.

        Parameters
        ----------
        batch : int
        """
        low, high = 0, len(self.volumes)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.volumes[middle].last < batch else (low, middle)
        found = self.volumes[low] if low < len(self.volumes) else None
        return found if found is not None and found.first <= batch else None

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        """The batches that are wanted, by number; one row group in hand.

        Parameters
        ----------
        wanted : Wanted

        Yields
        ------
        Entry
        """
        for volume in self.volumes:
            if volume.may_hold(wanted):
                yield from self._entries(volume, wanted)

    def entry(self, batch: int) -> Entry | None:
        """One batch, if it is rolled.

        Parameters
        ----------
        batch : int

        Returns
        -------
        Entry or None
            None if it is not rolled.
        """
        volume = self.holder(batch)
        found = self._entries(volume, Wanted(since=batch), batch) if volume else iter(())
        entry = next(found, None)
        return entry if entry is not None and entry.batch == batch else None

    def _entries(self, volume: Volume, wanted: Wanted, most: int | None = None) -> Iterator[Entry]:
        with pq.ParquetFile(self.path(volume, "records")) as file:
            for group in range(file.num_row_groups):
                span = file.metadata.row_group(group).column(0).statistics
                if span.max < wanted.since or (most is not None and span.min > most):
                    continue
                rows = file.read_row_group(group, columns=_CHOSEN_BY).to_pylist()
                takes = [number for number, row in enumerate(rows) if wanted.takes(**row, tables=volume.tables)]
                if takes:
                    texts = file.read_row_group(group, columns=["batch", "record", "plan"]).take(takes)
                    yield from (Entry(**_with_plan(row)) for row in texts.to_pylist())

    def ids(self, batch: int, columns: list[str]) -> pa.Table | None:
        """Some columns of the ids of a rolled batch; those of its volume stay in hand.

        Parameters
        ----------
        batch : int
        columns : list of str

        Returns
        -------
        pyarrow.Table or None
            None if it is not rolled.
        """
        volume = self.holder(batch)
        if volume is None:
            return None
        if self._ids is None or self._ids[0] != (volume.name, *columns):
            table = pq.read_table(self.path(volume, "ids"), columns=["batch", *columns]).sort_by("batch")
            self._ids = (volume.name, *columns), table
        table = self._ids[1]
        first, last = np.searchsorted(table["batch"].to_numpy(), [batch, batch + 1])
        return table.slice(first, last - first).select(columns)

    def kept(self, batch: int, ending: str) -> bytes | None:
        """What lay beside a rolled record under its number with this ending; None if nothing did.

        Parameters
        ----------
        batch : int
        ending : str
            What follows the batch's number and a point in the file's name.
        """
        volume = self.holder(batch)
        return self._kept.read(self.path(volume, "kept"), batch, ending) if volume else None


@lru_cache(maxsize=16)
def _read(directory: Path, state: tuple[int, int, int]) -> Rolled:
    """`Rolled.read`, remembered by the state of its file. Nobody changes what it gives."""
    del state
    return Rolled.read(directory)


def _with_plan(row: dict[str, Any]) -> dict[str, Any]:
    if row["plan"] != "":
        return row
    return {**row, "plan": json.dumps(json.loads(row["record"])["plan"])}


def id_groups(path: Path) -> Iterator[tuple[int, str, int, int, int]]:
    """The row groups of a volume's ids; each is of one survey.

    Parameters
    ----------
    path : pathlib.Path
        The volume's file of ids.

    Yields
    ------
    number, survey, least, greatest, rows : tuple
        Place of the row group, survey, least and greatest id, number of rows.
    """
    metadata = pq.read_metadata(path)
    names = [metadata.schema.column(number).path for number in range(len(metadata.schema))]
    of_survey, of_id = names.index("survey"), names.index("alert_id")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        span = group.column(of_id).statistics
        yield number, group.column(of_survey).statistics.min, span.min, span.max, group.num_rows


def groups_with(path: Path, survey: str, wanted: NDArray[np.int64]) -> Iterator[int]:
    """The row groups of a volume's ids that may hold some ids of a survey.

    Parameters
    ----------
    path : pathlib.Path
        The volume's file of ids.
    survey : str
    wanted : numpy.ndarray of int64
        Alert ids, ascending.

    Yields
    ------
    int
        Place of a row group.
    """
    for number, own, least, greatest, _ in id_groups(path):
        if own == survey and np.searchsorted(wanted, least, "left") < np.searchsorted(wanted, greatest, "right"):
            yield number
