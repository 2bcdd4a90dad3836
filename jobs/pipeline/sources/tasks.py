"""How the ranges of a batch are shared out among tasks, and how a task reads its share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from jobs.packets.reading import ReaderEvent

# A task of fewer packets costs more to start than to do.
LEAST_PER_TASK = 50

Read = Callable[[Iterable[pa.RecordBatch]], Iterator[ReaderEvent]]


def from_closure(works: Sequence[Any], reader: Callable[[Any], Iterator[ReaderEvent]]) -> Read:
    """A `Read` for tasks that are numbered rows: row i stands for works[i]."""
    return partial(_read_works, tuple(works), reader)


def _read_works(
    works: tuple[Any, ...], reader: Callable[[Any], Iterator[ReaderEvent]], batches: Iterable[pa.RecordBatch]
) -> Iterator[ReaderEvent]:
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield from reader(works[number])
