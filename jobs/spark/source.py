"""The data source that Spark calls: format "strix", for batch and for streams.

Spark makes it in a process of its own, and pickles it: what is heavy is imported where it is used.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxRows, SupportsTriggerAvailableNow
from pyspark.sql.types import StructType

from jobs.spark.options import OptionProblem, ReadOptions, message_first

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.packets.ranges import Range

_LOG = logging.getLogger("strix.spark")
# A query without a trigger asks every 10 ms; a source that had nothing is not looked at more often than this.
LEAST_INTERVAL_S = 0.25


class StrixSource(DataSource):
    """Alert packets in files and topics, or the stars of a data release, as rows of the common view.

    Parameters
    ----------
    options : dict of str to str
        As Spark gives them, see `ReadOptions`.

    Raises
    ------
    OptionProblem
        For options that cannot be, or a path that names nothing.
    """

    @message_first()
    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.asked = ReadOptions.parse(options)
        _check_there(self.asked.paths)

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "strix"

    @message_first()
    def schema(self) -> StructType:
        """The rows' columns as Spark types."""
        from pyspark.sql.pandas.types import from_arrow_schema

        if self.asked.release:
            from jobs.spark.releases import schema_of
        else:
            from jobs.spark.rows import schema_of

        return from_arrow_schema(schema_of(self.asked))

    def reader(self, schema: StructType) -> DataSourceReader:
        """For `spark.read`.

        Parameters
        ----------
        schema : pyspark.sql.types.StructType
            Must be the source's own.
        """
        self._check_schema(schema)
        if self.asked.release:
            from jobs.spark.releases import ReleaseReader

            return ReleaseReader(self.asked)
        return BatchReader(self.asked)

    def streamReader(self, schema: StructType) -> "StreamReader":  # noqa: N802 - Spark's name
        """For `spark.readStream`.

        Parameters
        ----------
        schema : pyspark.sql.types.StructType
            Must be the source's own.
        """
        if self.asked.release:
            raise OptionProblem("a data release is no stream: spark.read reads it, found spark.readStream")
        self._check_schema(schema)
        return StreamReader(self.asked)

    @message_first()
    def _check_schema(self, schema: StructType) -> None:
        own = self.schema()
        if schema.fieldNames() != own.fieldNames() or schema != own:
            wanted, found = ", ".join(own.fieldNames()), ", ".join(schema.fieldNames())
            raise OptionProblem(f"the schema is the source's own ({wanted}), found {found}; choose with option columns")


@dataclass
class Work(InputPartition):
    """What one task reads, and when it was planned."""

    ranges: list["Range"]
    planned_at: float


class BatchReader(DataSourceReader):
    """Reads what is there now.

    Parameters
    ----------
    asked : ReadOptions
        Pickled with the reader.
    """

    def __init__(self, asked: ReadOptions) -> None:
        self.asked = asked

    def partitions(self) -> Sequence[InputPartition]:
        """One per task."""
        planner = _planner(self.asked, streams=False)
        end, ranges = planner.plan(planner.begin("earliest"), None)
        return _works(ranges, end.planned_at)

    def read(self, partition: InputPartition | None) -> "Iterator[pa.RecordBatch]":
        """The rows of a task.

        Parameters
        ----------
        partition : InputPartition or None
            One of `partitions`; None, without rows, if there is nothing to read.

        Yields
        ------
        pyarrow.RecordBatch
        """
        return _read(self.asked, partition)


class StreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads what comes, micro-batch by micro-batch.

    The planning methods run in one process per query, `read` in the workers.

    Parameters
    ----------
    asked : ReadOptions
        Pickled with the reader.
    """

    def __init__(self, asked: ReadOptions) -> None:
        self.asked = asked
        self._planner: Planner | None = None
        self._initial: dict[str, Any] | None = None
        self._ends = False
        self._idle_since = 0.0

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802 - Spark's name
        """Where a query without a checkpoint begins."""
        if self._initial is None:
            self._initial = self._plans().begin("latest").to_json()
        return self._initial

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802 - Spark's name
        """The option maxAlertsPerTrigger, as Spark says it."""
        return ReadAllAvailable() if self.asked.limit is None else ReadMaxRows(self.asked.limit)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802 - Spark's name
        """The query is to end behind what is there at this moment.

        Raises
        ------
        ServiceUnavailable
            If nobody says what is there: a query that ends would otherwise end as if there were nothing.
        """
        self._ends = True
        self._plans().until_now()

    def latestOffset(self, start: dict[str, Any], limit: ReadLimit) -> dict[str, Any]:  # noqa: N802 - Spark's name
        """The end of the next micro-batch; `start` if there is nothing.

        Parameters
        ----------
        start : dict
            The end of the last one, as JSON holds it.
        limit : ReadLimit
            Alerts of the micro-batch, about.

        Raises
        ------
        ServiceUnavailable
            If the broker does not answer and the query is to end; a query that goes on asks again.
        """
        from jobs.packets.problems import ServiceUnavailable

        self._wait()
        plans = self._plans()
        begin = plans.offset(start)
        try:
            end, ranges = plans.plan(begin, limit.max_rows if isinstance(limit, ReadMaxRows) else None)
        except ServiceUnavailable as unavailable:
            if self._ends:
                raise
            _LOG.warning("strix: %s; trying again", unavailable)
            end, ranges = begin, []
        self._idle_since = 0.0 if ranges else time.monotonic()
        return end.to_json()

    def reportLatestOffset(self) -> dict[str, Any] | None:  # noqa: N802 - Spark's name
        """The newest offset that the last planning saw: what is not read of it is the query's lag."""
        newest = self._plans().newest()
        return newest.to_json() if newest else None

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        """The tasks of a micro-batch: of the two offsets and of what is there, nothing else.

        Parameters
        ----------
        start, end : dict
            Offsets, as `latestOffset` gave them.
        """
        plans = self._plans()
        stop = plans.offset(end)
        return _works(plans.between(plans.offset(start), stop), stop.planned_at)

    def commit(self, end: dict[str, Any]) -> None:
        """Nothing: a reader of alerts owns nothing that could be cleaned up.

        Parameters
        ----------
        end : dict
            Not used.
        """

    def read(self, partition: InputPartition) -> "Iterator[pa.RecordBatch]":
        """The rows of a task.

        Parameters
        ----------
        partition : InputPartition
            One of `partitions`.

        Yields
        ------
        pyarrow.RecordBatch
        """
        return _read(self.asked, partition)

    def _plans(self) -> "Planner":
        if self._planner is None:
            self._planner = _planner(self.asked, streams=True)
        return self._planner

    def _wait(self) -> None:
        if self._idle_since:
            time.sleep(max(0.0, self._idle_since + LEAST_INTERVAL_S - time.monotonic()))


class Offset(Protocol):
    """How far a query has come."""

    @property
    def planned_at(self) -> float:
        """Unix seconds of the last planning."""

    def to_json(self) -> dict[str, Any]:
        """As Spark's checkpoint keeps it."""


class Planner(Protocol):
    """Files or topics."""

    def begin(self, default: str) -> Any:
        """Where a new query begins.

        Parameters
        ----------
        default : str
            `earliest` or `latest`, where the options say nothing.
        """

    def offset(self, content: Mapping[str, Any]) -> Any:
        """The offset that a checkpoint keeps.

        Parameters
        ----------
        content : mapping
            As `Offset.to_json` gives it.
        """

    def plan(self, start: Any, limit: int | None) -> "tuple[Offset, list[Range]]":
        """What is read next, and the offset behind it.

        Parameters
        ----------
        start : Offset
            What was read.
        limit : int or None
            Packets, about; None for all there are.

        Returns
        -------
        end : Offset
        ranges : list of Range
            Empty if there is nothing; `end` is `start` then.
        """

    def between(self, start: Any, end: Any) -> "list[Range]":
        """The same ranges from the two offsets.

        Parameters
        ----------
        start, end : Offset
            As `plan` took and gave them.
        """

    def until_now(self) -> None:
        """Plan only what is there at this moment."""

    def newest(self) -> "Offset | None":
        """The newest offset that the last planning saw; None if that is not known."""


def _planner(asked: ReadOptions, streams: bool) -> Planner:
    if asked.topics:
        from jobs.spark.topics import Topics

        return Topics(asked)
    from jobs.spark.files import Files

    return Files(asked, asked.settle_s if streams else 0.0)


def _works(ranges: "Sequence[Range]", planned_at: float) -> list[InputPartition]:
    from jobs.spark.files import in_tasks

    return [Work(each, planned_at) for each in in_tasks(ranges)]


def _read(asked: ReadOptions, partition: InputPartition | None) -> "Iterator[pa.RecordBatch]":
    if not isinstance(partition, Work):
        return
    from jobs.spark import files, topics
    from jobs.spark.rows import Rows

    messages = topics.messages(asked, partition.ranges) if asked.topics else files.messages(partition.ranges)
    yield from Rows(asked, partition.planned_at)(messages)


def _check_there(paths: Sequence[str]) -> None:
    """Raise OptionProblem for a path that names nothing, so that a typing error does not look like a quiet night."""
    from jobs.pipeline.sources.files.patterns import named

    for path in paths:
        if not named(path):
            parent = path
            while not os.path.isdir(parent):
                parent = os.path.dirname(parent)
            raise OptionProblem(
                f"path wants files, folders or patterns that exist, found nothing at {path}"
                f" (the nearest folder that exists is {parent})"
            )
