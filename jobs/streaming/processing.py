"""What a query does with each micro-batch: the tasks' manifests become a closed batch."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from jobs.ledger.records import Plan, Record
from jobs.packets.problems import ServiceUnavailable
from jobs.packets.ranges import total
from jobs.pipeline.batch.processor import BatchProcessor
from jobs.streaming.checkpoint import Checkpoint
from jobs.streaming.exchange import Exchange
from jobs.streaming.planning import pause_s


class Stopped(Exception):
    """Somebody asked to stop while a service was unavailable; the batch in hand is for the next start."""


@dataclass
class Processing:
    """`foreachBatch` of a job.

    Attributes
    ----------
    checkpoint : Checkpoint
        Tells which plan a micro-batch is of.
    asked : threading.Event
        Set when the job should stop.
    first_open : int
        The first batch that was not closed when the query began.
    begun, closed : callable
        Told of a batch before and after it is processed.
    unavailable : callable
        Told why, and since how many seconds, a service is unavailable; raises when that is too long.
    """

    spark: SparkSession
    job: str
    life: BatchProcessor
    checkpoint: Checkpoint
    exchange: Exchange
    asked: threading.Event
    first_open: int
    begun: Callable[[Plan], None]
    closed: Callable[[Record], None]
    unavailable: Callable[[str, float], None]

    def __call__(self, manifests: DataFrame, micro_batch: int) -> None:
        """Process a planned batch; one that is closed, which Spark did not come to note, is left as it is.

        Raises
        ------
        Exception
            What ends the job.
        """
        number = self.checkpoint.plan_of(micro_batch)
        if number < self.first_open:
            return
        news = self.exchange.news()
        if news is not None and news.failure is not None:
            raise news.failure
        plan = self.life.ledger.read_plan(number)
        self._name(plan)
        self.begun(plan)
        self.closed(self._patiently(plan, manifests))

    def _patiently(self, plan: Plan, manifests: DataFrame) -> Record:
        """Process a batch, again and again while a service is unavailable."""
        since = None
        while True:
            try:
                return self._process(plan, manifests)
            except ServiceUnavailable as problem:
                since = since or time.monotonic()
                unavailable_s = time.monotonic() - since
                self.unavailable(str(problem), unavailable_s)
            if self.asked.wait(pause_s(unavailable_s)):
                raise Stopped

    def _process(self, plan: Plan, manifests: DataFrame) -> Record:
        ledger = self.life.ledger
        if ledger.record_path(plan.batch).exists():
            return self.life.finish(ledger.read(plan.batch))
        return self.life.process(plan, manifests)

    def _name(self, plan: Plan) -> None:
        """Let Spark's UI name the jobs and stages of a batch by what they do."""
        spec = self.life.spec
        steps = ["decode", "view", *([f"{len(spec.modules)} modules"] if spec.modules else []), "write"]
        context = self.spark.sparkContext
        context.setJobDescription(
            f"strix {self.job}: batch {plan.batch}: {total(plan.ranges):,} packets: {', '.join(steps)}"
        )
        context.setLocalProperty("callSite.short", ", ".join(steps))
