"""What a query does with each micro-batch: the tasks' manifests become a closed batch."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from jobs.ledger.records import Plan, Record
from jobs.packets.problems import ServiceUnavailable
from jobs.packets.ranges import total
from jobs.pipeline.batch.processor import BatchProcessor
from jobs.streaming.checkpoint import Checkpoint
from jobs.streaming.exchange import Exchange
from jobs.streaming.planning import pause_s

# Runs the tasks of a micro-batch: description of the job, name of its stages -> one manifest per task.
RunTasks = Callable[[str, str], pa.Table]


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

    job: str
    processor: BatchProcessor
    checkpoint: Checkpoint
    exchange: Exchange
    asked: threading.Event
    first_open: int
    begun: Callable[[Plan], None]
    closed: Callable[[Record], None]
    unavailable: Callable[[str, float], None]

    def __call__(self, run: RunTasks, micro_batch: int) -> None:
        """Process a planned batch; one that is closed, which Spark did not come to note, is left as it is.

        Parameters
        ----------
        run : callable
            Runs the tasks of the batch, under a description and a name for Spark's UI.
        micro_batch : int
            Spark's number of it.

        Raises
        ------
        Stopped
            If somebody asks to stop while a service is unavailable.
        Exception
            What ends the job.
        """
        number = self.checkpoint.plan_of(micro_batch)
        if number < self.first_open:
            return
        news = self.exchange.news()
        if news is not None and news.failure is not None:
            raise news.failure
        plan = self.processor.ledger.read_plan(number)
        self.begun(plan)
        self.closed(self._patiently(plan, partial(run, *self._names(plan))))

    def _patiently(self, plan: Plan, run_tasks: Callable[[], pa.Table]) -> Record:
        """Process a batch, again and again while a service is unavailable."""
        since = None
        while True:
            try:
                return self._process(plan, run_tasks)
            except ServiceUnavailable as problem:
                since = since or time.monotonic()
                unavailable_s = time.monotonic() - since
                self.unavailable(str(problem), unavailable_s)
            if self.asked.wait(pause_s(unavailable_s)):
                raise Stopped

    def _process(self, plan: Plan, run_tasks: Callable[[], pa.Table]) -> Record:
        ledger = self.processor.ledger
        if ledger.is_sealed(plan.batch):
            return self.processor.finish(ledger.read(plan.batch))
        return self.processor.process(plan, run_tasks)

    def _names(self, plan: Plan) -> tuple[str, str]:
        """What Spark's UI calls the job of a batch, and its stages: by what they do."""
        spec = self.processor.spec
        steps = ["decode", "view", *([f"{len(spec.modules)} modules"] if spec.modules else []), "write"]
        batch = f"batch {plan.batch}: {total(plan.ranges):,} packets: {', '.join(steps)}"
        return f"strix {self.job}: {batch}", batch
