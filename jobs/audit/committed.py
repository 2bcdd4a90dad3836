"""What no two batches may share: alerts that they committed, packets that they were to read. In bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.common.counting import counted
from jobs.ledger.hashed import Hashed
from jobs.ledger.records import Record
from jobs.ledger.volumes import Rolled, Volume, id_groups
from jobs.packets.ranges import Range

_FILES = ("container", "tar", "targz", "raw")
# Stamps are written with science: a batch that has both is looked at once.
_KEYS = ("raw", "science")
# Ids that are compared at a time.
IDS_AT_ONCE = 4_000_000

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Piece:
    """Some ids with the number of the batch of each, read when they are needed."""

    least: int
    greatest: int
    rows: int
    read: Callable[[], tuple[Ints, Ints]]


class Committed:
    """Alerts that two batches committed to the same table.

    Ids of rolled batches stay on disk, where they are sorted: all that lie in one span of ids are compared at a time.
    """

    def __init__(self) -> None:
        self._streams: list[str] = []
        self._pieces: dict[tuple[str, str], list[_Piece]] = {}

    def add(self, batch: int, record: Record, ids: pa.Table) -> None:
        """Take note of a batch's ids.

        Parameters
        ----------
        batch : int
            Its number in its stream.
        record : Record
            Its stream, and the tables that its alerts went to.
        ids : pyarrow.Table
            survey and alert_id of the alerts that it committed; each survey at least once.
        """
        base = self._base(record.stream)
        for survey in pc.unique(ids["survey"]).to_pylist():
            own = np.asarray(ids.filter(pc.equal(ids["survey"], survey))["alert_id"].to_numpy())
            batches = np.full(len(own), base + batch)
            piece = _Piece(int(own.min()), int(own.max()), len(own), lambda own=own, batches=batches: (own, batches))  # type: ignore[misc]
            self._take(record.tables, survey, piece)

    def add_volume(self, stream: str, rolled: Rolled, volume: Volume) -> None:
        """Take note of the ids of a volume's batches.

        Parameters
        ----------
        stream : str
            Whose batches they are.
        rolled : Rolled
            The stream's volumes; it knows where they lie.
        volume : Volume
            Its file of ids is read when ids are compared, not now.
        """
        base, path = self._base(stream), rolled.path(volume, "ids")
        for group, survey, least, greatest, rows in id_groups(path):

            def read(group: int = group) -> tuple[Ints, Ints]:
                with pq.ParquetFile(path) as file:
                    table = file.read_row_group(group, columns=["alert_id", "batch"])
                return table["alert_id"].to_numpy(), table["batch"].to_numpy() + base

            self._take(volume.tables, survey, _Piece(least, greatest, rows, read))

    def repeated(self) -> Iterator[tuple[str, str]]:
        """Where and what, for each pair of batches that share alerts."""
        for (table, survey), pieces in sorted(self._pieces.items()):
            shared: Counter[tuple[int, int]] = Counter()
            examples: dict[tuple[int, int], int] = {}
            for least, below in _spans(pieces):
                _compare(pieces, least, below, shared, examples)
            for (first, second), count in sorted(shared.items()):
                told = f"{counted(count, f'{survey} alert')} of {self._name(first)} again in {table}"
                yield self._name(second), f"{told}, e.g. {examples[(first, second)]}"

    def _base(self, stream: str) -> int:
        """What makes a stream's batch numbers different from those of others."""
        if stream not in self._streams:
            self._streams.append(stream)
        return self._streams.index(stream) << 40

    def _name(self, number: int) -> str:
        return f"stream {self._streams[number >> 40]} batch {number & (1 << 40) - 1}"

    def _take(self, tables: Sequence[str], survey: str, piece: _Piece) -> None:
        for table in set(_KEYS) & set(tables):
            self._pieces.setdefault((table, survey), []).append(piece)


def _spans(pieces: Sequence[_Piece]) -> Iterator[tuple[int, int | None]]:
    """Spans of ids, from the first to before the second, that together are all; about IDS_AT_ONCE ids begin in each."""
    least, rows = min(piece.least for piece in pieces), 0
    for piece in sorted(pieces, key=lambda piece: piece.least):
        if rows and rows + piece.rows > IDS_AT_ONCE and piece.least > least:
            yield least, piece.least
            least, rows = piece.least, 0
        rows += piece.rows
    yield least, None


def _compare(
    pieces: Sequence[_Piece],
    least: int,
    below: int | None,
    shared: Counter[tuple[int, int]],
    examples: dict[tuple[int, int], int],
) -> None:
    """Count the ids of a span that two batches have, by these."""
    ids, batches = _inside(pieces, least, below)
    order = np.lexsort((batches, ids))
    ids, batches = ids[order], batches[order]
    for row in np.flatnonzero(ids[1:] == ids[:-1]).tolist():
        pair = int(batches[row]), int(batches[row + 1])
        shared[pair] += 1
        examples.setdefault(pair, int(ids[row]))


def _inside(pieces: Sequence[_Piece], least: int, below: int | None) -> tuple[Ints, Ints]:
    """The ids that lie in a span, with their batches."""
    found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for piece in pieces:
        if piece.greatest < least or (below is not None and piece.least >= below):
            continue
        ids, batches = piece.read()
        mine = ids >= least if below is None else (ids >= least) & (ids < below)
        found[0].append(ids[mine])
        found[1].append(batches[mine])
    return np.concatenate(found[0]), np.concatenate(found[1])


class Planned:
    """Packets of files that one stream planned twice or left out, and quarantine entries that were replayed twice."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self._stops = Hashed()
        self._replayed: dict[str, str] = {}

    def add(self, where: str, record: Record) -> None:
        """Take note of the next batch of a stream.

        Parameters
        ----------
        where : str
            The batch in words, for `problems`.
        record : Record
            Its plan is looked at: ranges of files and entries of the quarantine.
        """
        for each in record.plan.ranges:
            if each.kind in _FILES:
                self._file(where, record.stream, each)
            for entry in each.entries:
                if entry in self._replayed:
                    self.problems.append((where, f"quarantine entry {entry} was replayed in {self._replayed[entry]}"))
                self._replayed[entry] = where

    def _file(self, where: str, stream: str, planned: Range) -> None:
        # Another file under the name of one that was read is counted from 0 again.
        key = f"{stream}/{planned.kind}/{planned.generation}/{planned.path}"
        before = self._stops.get(key)
        if planned.start != before:
            told = f"{planned.path}: planned from packet {planned.start}, the packets before end at {before}"
            self.problems.append((where, told))
        self._stops.set(key, planned.stop)
