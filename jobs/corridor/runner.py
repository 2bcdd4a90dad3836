"""Runs a job: takes the lock, finishes what a crash left, then plans and processes batches until there is nothing left."""

import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

from pyspark.sql import DataFrame, SparkSession

from jobs.corridor.batch import BatchLife, Recipe
from jobs.corridor.ids import IdIndex
from jobs.corridor.layout import Layout
from jobs.corridor.ledger import Plan, Record, StreamLedger, records
from jobs.corridor.progress import Done, Progress, watched
from jobs.corridor.sinks.sink import Sink
from jobs.corridor.sources.ranges import Range
from jobs.corridor.stage import Read
from jobs.corridor.status import Status
from jobs.corridor.surveys.times import tai_of_unix


class Source(Protocol):
    """The door for packets: what is there, what a task reads, what was read."""

    def check(self) -> None:
        """Raise ValueError if the source cannot be what was meant."""

    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read."""

    def plan(self, limit: int) -> list[Range]:
        """The next unread packets, about `limit` of them; empty if there are none now."""

    def waiting_s(self) -> float | None:
        """Seconds until something that was seen but could not be taken yet may be; None if there is nothing."""

    def share(self) -> float | None:
        """How much of what is known to be there has been planned, 0 to 1; None if that is not known."""

    def frame(self, spark: SparkSession, ranges: Sequence[Range], staging: Path) -> tuple[DataFrame, Read]:
        """A DataFrame whose partitions are the tasks, and what turns a partition's rows into messages."""

    def done(self, ranges: Sequence[Range]) -> None:
        """The batch that read these is closed."""

    def close(self) -> None:
        """The job ends."""


@dataclass
class Runner:
    """One stream of one job over one output. The output's lock must be held.

    Attributes
    ----------
    limit : int
        Packets per batch.
    """

    spark: SparkSession
    layout: Layout
    job: str
    stream: str
    source: Source
    recipe: Recipe
    limit: int
    sinks: Sequence[Sink] = ()

    def __post_init__(self) -> None:
        self.ledger = StreamLedger(self.layout, self.stream, self.recipe.durable)
        self.index = IdIndex(self.layout, self.recipe.tables)
        self.life = BatchLife(self.spark, self.layout, self.ledger, self.source, self.recipe, self.index, self.sinks)
        self.status = Status(self.layout, self.job, self.stream)
        self.done = Done()
        self._stop = threading.Event()

    def run(self, trigger: str, interval_s: float) -> Status:
        """Work until everything is read (`available_now`) or until SIGTERM (`continuous`), which ends after the batch in hand."""
        with self._until_terminated(), Progress(self.job, self.done, self._tasks):
            self._recover()
            while not self._stop.is_set():
                ranges = self.source.plan(self.limit)
                if ranges:
                    self._process(self._planned(ranges))
                elif trigger == "continuous":
                    self._stop.wait(interval_s)
                elif (wait := self.source.waiting_s()) is not None:
                    self._stop.wait(max(wait / 4, 0.05))
                else:
                    break
        self.source.close()
        self.status.write("stopped")
        return self.status

    def _recover(self) -> None:
        """Finish sealed batches, note all that is committed, and stage a planned batch again."""
        for record in records(self.layout):
            if record.stream != self.stream:
                self.index.add(record)
                continue
            self.life.finish(record)
            self.source.note(record)
        shutil.rmtree(self.layout.staging, ignore_errors=True)
        plan = self.ledger.open_plan()
        if plan is not None:
            self._process(plan)
            self.source.note(self.ledger.read(plan.batch))

    def _planned(self, ranges: list[Range]) -> Plan:
        sealed = self.ledger.sealed()
        plan = Plan(
            stream=self.stream,
            batch=sealed[-1] + 1 if sealed else 0,
            job=self.job,
            planned_at=datetime.now(UTC).isoformat(timespec="seconds"),
            now_mjd=tai_of_unix(time.time()),
            ranges=tuple(ranges),
        )
        self.ledger.write_plan(plan)
        return plan

    def _process(self, plan: Plan) -> None:
        record = self.life.process(plan)
        self.source.done(plan.ranges)
        self.status.note(record)
        self.done.packets, self.done.batches = self.status.read, self.status.batches
        if watched():
            self.done.share = self.source.share()

    def _tasks(self) -> tuple[int, int]:
        """Finished and planned tasks of the batch in hand."""
        tracker = self.spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage is not None]
        return sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known)

    @contextmanager
    def _until_terminated(self) -> Iterator[None]:
        def stop(signum: int, frame: FrameType | None) -> None:
            self._stop.set()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
