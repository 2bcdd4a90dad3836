"""Writing science files as tasks of Spark: nothing goes through the driver but counts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from jobs.hbase.connection import StoreRefused
from jobs.packets.problems import ServiceUnavailable
from jobs.store.science_file import ScienceFile
from jobs.store.settings import StoreSettings
from jobs.store.writing import StoreWriter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What a task tells the driver: one line of JSON per file.
_TOLD = pa.schema([("told", pa.string())])
_PROBLEMS = {each.__name__: each for each in (ServiceUnavailable, StoreRefused)}


def write_files(spark: "SparkSession", files: Sequence[ScienceFile], settings: StoreSettings) -> list[dict[str, int]]:
    """Write science files, one task each.

    Parameters
    ----------
    spark : SparkSession
        Its executors must see the files.
    files : sequence of ScienceFile, length n
    settings : StoreSettings

    Returns
    -------
    list of dict of str to int, length n
        Rows by table, in no order.

    Raises
    ------
    ServiceUnavailable
        If HBase does not answer a task: some may be written; written again they are what they were.
    StoreRefused
        If it has no such tables.
    """
    if not files:
        return []
    from pyspark.sql.pandas.types import from_arrow_schema

    frame = spark.range(0, len(files), 1, len(files))
    # One action on the one mapInArrow: count, isEmpty or limit would run it twice or in part.
    told = frame.mapInArrow(_Write(tuple(files), settings), from_arrow_schema(_TOLD)).toArrow()
    answers = [json.loads(text) for text in told["told"].to_pylist()]
    for answer in answers:
        if "problem" in answer:
            raise _PROBLEMS[answer["problem"]](answer["message"])
    return [answer["rows"] for answer in answers]


@dataclass(frozen=True)
class _Write:
    """What a task needs, pickled to the executors. Row i of the input stands for files[i]."""

    files: tuple[ScienceFile, ...]
    settings: StoreSettings

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        writer = StoreWriter(self.settings.address, self.settings.namespace)
        for batch in batches:
            told = [json.dumps(_told(self.files[number], writer)) for number in batch.column(0).to_pylist()]
            yield pa.RecordBatch.from_pydict({"told": told}, schema=_TOLD)


def _told(file: ScienceFile, writer: StoreWriter) -> dict[str, Any]:
    """What became of a file: problems are told, not raised, so that the driver sees them without Spark's report."""
    try:
        return {"rows": file.write(writer)}
    except (ServiceUnavailable, StoreRefused) as problem:
        return {"problem": type(problem).__name__, "message": str(problem)}
