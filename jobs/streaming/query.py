"""A running query: how it is started, watched and stopped, and which exception is told when it ends."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import sum as total
from pyspark.traceback_utils import SCCallSiteSync

from jobs.pipeline.batch.staging import COUNTED, SECONDS
from jobs.streaming.batch_source import FOLDER, FORMAT, MODULES, BatchSource
from jobs.streaming.exchange import Exchange, News
from jobs.streaming.processing import RunTasks

WATCH_S = 0.05
# Name of the observed metrics in `query.recentProgress`: read, decoded and quarantined packets, `seconds.<module>`.
METRICS = "packets"
_STREAMS = "org.apache.spark.sql.execution.streaming.runtime"


class BatchFailed(Exception):
    """What Spark is told when a batch could not be processed."""


class NotBegun(RuntimeError):
    """The query ended before its planner had said anything: on a busy machine Spark waits too briefly. Try again."""


class Query:
    """A started query.

    Parameters
    ----------
    spark : SparkSession
        The job's.
    exchange : Exchange
        With the task of the query.
    checkpoint : Path
        Spark's folder of it.
    name : str
        As Spark's UI shows it.
    modules : sequence of str
        Names of the science modules.
    each_batch : callable
        What `foreachBatch` calls with what runs the tasks, and with the number of the micro-batch. What it raises ends
        the query, and is raised by `watch` as it is.
    """

    def __init__(
        self,
        spark: SparkSession,
        exchange: Exchange,
        checkpoint: Path,
        name: str,
        modules: Sequence[str],
        each_batch: Callable[[RunTasks, int], None],
    ) -> None:
        self.exchange = exchange
        self.failure: BaseException | None = None
        self._each_batch = each_batch
        spark.dataSource.register(BatchSource)
        _silence(spark)
        manifests = (
            spark.readStream.format(FORMAT)
            .option(FOLDER, str(exchange.folder))
            .option(MODULES, " ".join(modules))
            .load()
        )
        told = [*COUNTED, *(f"{SECONDS}.{module}" for module in modules)]
        sums = [total(each).alias(each) for each in told]
        self.query: Any = (
            manifests.observe(METRICS, *sums)
            .writeStream.queryName(name)
            .option("checkpointLocation", str(checkpoint))
            .foreachBatch(self._guarded)
            .start()
        )

    def _guarded(self, manifests: DataFrame, micro_batch: int) -> None:
        try:
            self._each_batch(partial(_run_tasks, manifests), micro_batch)
        except BaseException as error:
            # Spark gives it back as a text of Java's; the object is what the driver raises. What is no Exception would
            # not be given back at all, and Spark would wait for ever.
            self.failure = error
            raise BatchFailed(f"{type(error).__name__}: {error}") from error

    def watch(self, tell: Callable[[News], None], stop: Callable[[], bool]) -> None:
        """Wait for the query's end: everything is read, somebody has asked to stop, or something was raised.

        Parameters
        ----------
        tell : callable
            Told of the planner's news.
        stop : callable
            Whether to stop: what is planned is processed still.

        Raises
        ------
        NotBegun
            If there was no planner; another query may have one.
        Exception
            What `each_batch`, planning, or `tell` raised.
        """
        last: News | None = None
        try:
            while not self.query.awaitTermination(WATCH_S):
                if stop():
                    self.exchange.ask_to_stop()
                news = self.exchange.news()
                if news is None or news is last:
                    continue
                last = news
                tell(news)
                if news.state in ("done", "stopped", "failed"):
                    break
        except StreamingQueryException as problem:
            if self.failure is None and self.exchange.news() is None:
                raise NotBegun(str(problem)) from problem
            raise self.failure or problem from None
        finally:
            self.query.stop()
        if last is not None and last.failure is not None:
            raise last.failure


def _run_tasks(manifests: DataFrame, description: str, stages: str) -> pa.Table:
    """Run the tasks of a micro-batch. It is one action: count, isEmpty or limit would run them twice or in part."""
    context = manifests.sparkSession.sparkContext
    context.setJobDescription(description)
    # The only way by which Spark's UI does not call them "call at clientserver.py:644".
    site: Any = SCCallSiteSync(context)  # type: ignore[no-untyped-call]
    site._call_site = stages
    with site:
        return manifests.toArrow()


def _silence(spark: SparkSession) -> None:
    """Let Spark not write how a query ended as pages of Java: the job says it."""
    jvm: Any = spark.sparkContext._jvm
    log4j = jvm.org.apache.logging.log4j
    log4j.core.config.Configurator.setLevel(_STREAMS, log4j.Level.OFF)
