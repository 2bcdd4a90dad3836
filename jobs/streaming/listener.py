"""What Spark says of a running query goes to the job's status: seconds of its steps and of every module."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.streaming.listener import StreamingQueryListener

from jobs.pipeline.batch.staging import SECONDS
from jobs.streaming.query import METRICS
from jobs.streaming.status import Status


class QueryListener(StreamingQueryListener):
    """Keeps the newest progress of queries in a status.

    Parameters
    ----------
    status : Status
        Its `query` is replaced; it is written with the next batch.
    """

    def __init__(self, status: Status) -> None:
        self.status = status

    def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """Nothing is known yet.

        Parameters
        ----------
        event : pyspark.sql.streaming.listener.QueryStartedEvent
            Not used.
        """

    def onQueryProgress(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """A micro-batch is over.

        Parameters
        ----------
        event : pyspark.sql.streaming.listener.QueryProgressEvent
            With what the micro-batch took.
        """
        self.status.query = told(event.progress)

    def onQueryIdle(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """Nothing: the planner tells of that.

        Parameters
        ----------
        event : pyspark.sql.streaming.listener.QueryIdleEvent
            Not used.
        """

    def onQueryTerminated(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """Nothing: the runner tells of that, with the exception's type.

        Parameters
        ----------
        event : pyspark.sql.streaming.listener.QueryTerminatedEvent
            Not used.
        """


def told(progress: Any) -> dict[str, Any]:
    """What a status keeps of a query's progress.

    Parameters
    ----------
    progress : pyspark.sql.streaming.listener.StreamingQueryProgress
        Of one micro-batch.

    Returns
    -------
    dict
        `name`, `micro_batch`, `steps_s` (seconds of Spark's steps, such as addBatch and triggerExecution) and
        `modules_s` (seconds of every module, all tasks together).
    """
    metrics = progress.observedMetrics.get(METRICS)
    seconds = metrics.asDict() if metrics is not None else {}
    modules = {name: value for name, value in seconds.items() if name.startswith(f"{SECONDS}.") and value is not None}
    return {
        "name": progress.name,
        "micro_batch": progress.batchId,
        "steps_s": {name: milliseconds / 1000 for name, milliseconds in progress.durationMs.items()},
        "modules_s": {name.removeprefix(f"{SECONDS}."): round(value, 4) for name, value in modules.items()},
    }


@contextmanager
def listening(spark: SparkSession, status: Status) -> Iterator[None]:
    """Listen to the queries of a session.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        All of whose queries are meant.
    status : Status
        Gets what is said.
    """
    listener = QueryListener(status)
    spark.streams.addListener(listener)
    try:
        yield
    finally:
        spark.streams.removeListener(listener)
