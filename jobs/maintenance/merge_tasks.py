"""Where merges are run: one after the other in this process, or as tasks of Spark, one per table and night."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.ledger.changes import StoredFile
from jobs.ledger.records import LedgerError
from jobs.maintenance.compaction import Merged, Merging
from jobs.storage.schema_union import SchemaConflict

Runs = Callable[[Iterable[Merging]], Iterator[tuple[Merging, Merged]]]
# What a task tells the driver: one line of JSON per merge.
_TOLD = pa.schema([("told", pa.string())])
# What a merge may refuse: told as it is, without Spark's report of a failed job.
_REFUSALS = {"LedgerError": LedgerError, "SchemaConflict": SchemaConflict}


def in_this_process(merges: Iterable[Merging]) -> Iterator[tuple[Merging, Merged]]:
    """One after the other: the disk holds one night twice.

    Parameters
    ----------
    merges : iterable of Merging
        As `begun` gives them.

    Yields
    ------
    merging : Merging
    merged : Merged
        The files that it made.
    """
    for merging in merges:
        yield merging, merging.run()


@dataclass(frozen=True)
class OnSpark:
    """As many at a time as the cluster has cores; each of these nights is twice on the disk until it is in place.

    Attributes
    ----------
    spark : pyspark.sql.SparkSession
        Its executors must see the output. A task takes up to 0.8 GiB of memory beside the JVM's.
    """

    spark: Any

    def __call__(self, merges: Iterable[Merging]) -> Iterator[tuple[Merging, Merged]]:
        """Run them; raises as `compaction.merge` does, what was merged before is given first."""
        waiting = iter(merges)
        while some := list(islice(waiting, max(1, self.spark.sparkContext.defaultParallelism))):
            yield from self._together(some)

    def _together(self, merges: Sequence[Merging]) -> Iterator[tuple[Merging, Merged]]:
        from pyspark.sql.pandas.types import from_arrow_schema

        frame = self.spark.range(0, len(merges), 1, len(merges))
        # One action on the one mapInArrow: count, isEmpty or limit would run it twice or in part.
        told = frame.mapInArrow(_Step(tuple(merges)), from_arrow_schema(_TOLD)).toArrow()["told"].to_pylist()
        answers = sorted((json.loads(text) for text in told), key=lambda answer: int(answer["merge"]))
        for answer in answers:
            if "refused" in answer:
                raise _REFUSALS[answer["refused"]](answer["message"])
            files = tuple(StoredFile(**each) for each in answer["files"])
            yield merges[answer["merge"]], Merged(Path(answer["folder"]), files)


@dataclass(frozen=True)
class _Step:
    """What a task needs, pickled to the executors; callable by `mapInArrow`. Row i of the input stands for merges[i]."""

    merges: tuple[Merging, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                told = json.dumps({"merge": number, **_told(self.merges[number])})
                yield pa.RecordBatch.from_pydict({"told": [told]}, schema=_TOLD)


def _told(merging: Merging) -> dict[str, Any]:
    try:
        merged = merging.run()
    except (LedgerError, SchemaConflict) as refusal:
        return {"refused": type(refusal).__name__, "message": str(refusal)}
    return {"folder": str(merged.folder), "files": [asdict(each) for each in merged.files]}
