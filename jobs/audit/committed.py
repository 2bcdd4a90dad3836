"""What no two batches may share: alerts that they committed, packets that they were to read."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.ledger.records import Record
from jobs.packets.ranges import Range

_FILES = ("container", "tar", "targz", "raw")
# Stamps are written with science: a batch that has both is looked at once.
_KEYS = ("raw", "science")


class Committed:
    """Alerts that two batches committed to the same table."""

    def __init__(self) -> None:
        self._batches: list[str] = []
        self._ids: dict[tuple[str, str], list[tuple[int, NDArray[np.int64]]]] = {}

    def add(self, where: str, record: Record, ids: pa.Table) -> None:
        """Take note of a batch's ids."""
        self._batches.append(where)
        for survey in pc.unique(ids["survey"]).to_pylist():
            own = np.asarray(ids.filter(pc.equal(ids["survey"], survey))["alert_id"].to_numpy())
            for table in set(_KEYS) & set(record.tables):
                self._ids.setdefault((table, survey), []).append((len(self._batches) - 1, own))

    def repeated(self) -> Iterator[tuple[str, str]]:
        """Where and what, for each pair of batches that share alerts."""
        for (table, survey), parts in sorted(self._ids.items()):
            ids = np.concatenate([own for _, own in parts])
            batches = np.concatenate([np.full(len(own), number) for number, own in parts])
            order = np.lexsort((batches, ids))
            again = np.flatnonzero(ids[order][1:] == ids[order][:-1])
            pairs = zip(batches[order][again].tolist(), batches[order][again + 1].tolist(), strict=True)
            shared = Counter(pairs)
            example = {
                pair: int(ids[order][row]) for pair, row in zip(shared, _firsts(batches[order], again), strict=True)
            }
            for (first, second), count in sorted(shared.items()):
                told = f"{count} {survey} alert(s) of {self._batches[first]} again in {table}"
                yield self._batches[second], f"{told}, e.g. {example[(first, second)]}"


def _firsts(batches: NDArray[np.int64], again: NDArray[np.int64]) -> list[int]:
    """The first row of each pair of batches, in the order in which the pairs first occur."""
    seen: dict[tuple[int, int], int] = {}
    for row in again.tolist():
        seen.setdefault((int(batches[row]), int(batches[row + 1])), row)
    return list(seen.values())


class Planned:
    """Packets of files that one stream planned twice or left out, and quarantine entries that were replayed twice."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self._stops: dict[tuple[str, str, str, int], int] = {}
        self._replayed: dict[str, str] = {}

    def add(self, where: str, record: Record) -> None:
        """Take note of the next batch of a stream."""
        for each in record.plan.ranges:
            if each.kind in _FILES:
                self._file(where, record.stream, each)
            for entry in each.entries:
                if entry in self._replayed:
                    self.problems.append((where, f"quarantine entry {entry} was replayed in {self._replayed[entry]}"))
                self._replayed[entry] = where

    def _file(self, where: str, stream: str, planned: Range) -> None:
        # Another file under the name of one that was read is counted from 0 again.
        key = (stream, planned.kind, planned.path, planned.generation)
        before = self._stops.get(key, 0)
        if planned.start != before:
            told = f"{planned.path}: planned from packet {planned.start}, the packets before end at {before}"
            self.problems.append((where, told))
        self._stops[key] = planned.stop
