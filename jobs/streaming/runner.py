"""Runs a job: takes the lock, finishes what a crash left, then plans and processes batches until there is nothing left."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pyspark.sql import DataFrame, SparkSession

from jobs.ledger.id_index import IdIndex
from jobs.ledger.records import Plan, Record, StreamLedger, records
from jobs.maintenance.between_batches import maintain
from jobs.maintenance.maintenance import NightMaintenance
from jobs.packets.problems import InputChanged, InputUnreadable, ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.pipeline.batch.processor import BatchProcessor, BatchSpec
from jobs.pipeline.sinks.sink import Sink
from jobs.pipeline.sources.tasks import Read
from jobs.pipeline.surveys.times import tai_of_unix
from jobs.storage.layout import Layout
from jobs.storage.schema_union import SchemaConflict
from jobs.storage.writing import remove_halves
from jobs.streaming.last_words import told_in_status
from jobs.streaming.progress import Done, Progress, watched
from jobs.streaming.status import Status
from jobs.streaming.stopping import Stopping

_LOG = logging.getLogger(__name__)
LEAST_WAIT_S, MOST_WAIT_S = 0.5, 15.0


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


@runtime_checkable
class LiveSource(Protocol):
    """A source that keeps notes beside the stream's ledger and has more to tell than what was read."""

    def begin(self, ledger: StreamLedger) -> None:
        """The stream is known; comes before anything is noted or planned."""

    def report(self) -> dict[str, Any]:
        """What monitors should know of it."""


@runtime_checkable
class ChangingSource(Protocol):
    """A source whose input may change under a plan, and that tells what it did not take."""

    def stale(self, ranges: Sequence[Range]) -> str | None:
        """Why these planned ranges cannot be read as they were planned; None if they can."""

    def forget(self, ranges: Sequence[Range], unreadable: InputUnreadable | None = None) -> None:
        """The plan of these was given up."""

    def report(self) -> dict[str, Any]:
        """What monitors should know of it."""


@dataclass
class Runner:
    """One stream of one job over one output. The output's lock must be held.

    Attributes
    ----------
    limit : int
        Packets per batch.
    patience_s : float
        How long a service may be away before a job that is `available_now` stops; a `continuous` one waits.
    stop : Stopping
        Says when to stop.
    told : Status, optional
        The status to go on with, if the job has begun to tell of itself.
    """

    spark: SparkSession
    layout: Layout
    job: str
    stream: str
    source: Source
    spec: BatchSpec
    limit: int
    sinks: Sequence[Sink] = ()
    patience_s: float = 300.0
    stop: Stopping = field(default_factory=Stopping)
    told: Status | None = None

    def __post_init__(self) -> None:
        self.ledger = StreamLedger(self.layout, self.stream, self.spec.durable)
        self.index = IdIndex(self.layout, self.spec.tables)
        self.life = BatchProcessor(self.spark, self.layout, self.ledger, self.source, self.spec, self.index, self.sinks)
        self.status = self.told or Status(self.layout, self.job)
        self.status.stream = self.stream
        self.maintenance = NightMaintenance(self.layout, self.spec.durable)
        self.done = Done(rate=self.status.rate.last_minute)
        self.stop.last_words = self._ended_at_once
        self._in_hand: Plan | None = None
        self._away_since: float | None = None
        if isinstance(self.source, LiveSource):
            self.source.begin(self.ledger)
        if isinstance(self.source, LiveSource | ChangingSource):
            self.status.more = self.source.report

    def run(self, trigger: str, interval_s: float) -> Status:
        """Work until everything is read (`available_now`) or until it is asked to stop, which ends after the batch in hand.

        Raises
        ------
        ServiceUnavailable
            If a service was away for longer than the job's patience; what was begun is finished by the next start.
        AccessDenied
            If a service does not let us in.
        """
        with self.stop, told_in_status(self.status, True), Progress(self.job, self.done, self._tasks):
            self.status.rate.start()
            self._recover()
            while not self.stop.asked.is_set():
                try:
                    if not self._step(trigger, interval_s):
                        break
                    self._away_since = None
                except ServiceUnavailable as problem:
                    self._wait(problem, self.patience_s if trigger == "available_now" else float("inf"))
            self.source.close()
            self.maintenance.sweep(wait=True)
            self.status.asked_to_stop = self.stop.asked.is_set()
            self._tell_the_end()
        return self.status

    def _tell_the_end(self) -> None:
        if self.status.more().get("input_lost"):
            self.status.problem("not all of the input could be read, see passed_over_examples")
            self.status.write("failed")
        else:
            self.status.write("stopped")

    def _recover(self) -> None:
        """Note all that is committed; take the batch in hand that was begun and not closed."""
        self.maintenance.recover()
        # Sealed batches of other streams (ingest, a replay) are theirs to publish: their staged files stay.
        kept: set[Path] = set()
        for record in records(self.layout):
            if record.stream != self.stream:
                self.index.add(record)
                if record.state != "closed":
                    kept.add(self.layout.batch_staging(record.stream, record.batch))
            elif record.state == "closed":
                self.life.finish(record)
                self.source.note(record)
            else:
                self._in_hand = record.plan
        self._in_hand = self._in_hand or self._open_plan()
        if self._in_hand:
            kept.add(self.layout.batch_staging(self.stream, self._in_hand.batch))
        for left in self.layout.staging.glob("*"):
            if left not in kept:
                shutil.rmtree(left, ignore_errors=True)
        # What a killed driver was about to rename.
        for directory in (self.layout.root, self.ledger.directory):
            remove_halves(directory)

    def _open_plan(self) -> Plan | None:
        """The plan that was begun and not sealed; it is given up if its input has changed since."""
        plan = self.ledger.open_plan()
        if plan is not None and isinstance(self.source, ChangingSource):
            why = self.source.stale(plan.ranges)
            if why is not None:
                self._give_up(plan, why)
                return None
        return plan

    def _give_up(self, plan: Plan, why: str, unreadable: InputUnreadable | None = None) -> None:
        """Discard a plan of which nothing was sealed; what it named is planned anew, as it is now."""
        told = f"batch {plan.batch} was planned and not sealed; its plan is given up: {why}"
        _LOG.warning("%s", told)
        self.status.problem(told)
        self.status.rate.give_up()
        self.ledger.discard_plan(plan)
        if isinstance(self.source, ChangingSource):
            self.source.forget(plan.ranges, unreadable)
        self._in_hand = None

    def _step(self, trigger: str, interval_s: float) -> bool:
        """One batch, or one look without anything to read; False if the job is done."""
        if self._in_hand is None and (ranges := self.source.plan(self.limit)):
            self._in_hand = self._planned(ranges)
        if self._in_hand is not None:
            self._process_unless_changed(self._in_hand, trigger, interval_s)
            self._in_hand = None
            return True
        if trigger == "continuous":
            self.status.write("idle")
            self.stop.asked.wait(interval_s)
        elif (wait := self.source.waiting_s()) is not None:
            self.stop.asked.wait(max(wait / 4, 0.05))
        else:
            return False
        return True

    def _wait(self, problem: ServiceUnavailable, patience_s: float) -> None:
        """Say that a service is away, and wait a little longer each time."""
        now = time.monotonic()
        self._away_since = self._away_since or now
        away_s = now - self._away_since
        self.status.problem(str(problem))
        if away_s > patience_s:
            raise ServiceUnavailable(f"{problem} (for {away_s:.0f} s, patience_s is {patience_s:g})")
        self.status.write("waiting")
        self.stop.asked.wait(min(max(away_s / 2, LEAST_WAIT_S), MOST_WAIT_S))

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

    def _process_unless_changed(self, plan: Plan, trigger: str, interval_s: float) -> None:
        """Take a batch through; where its input has changed, plan anew: at once in a stream, else at the next start."""
        try:
            self._process(plan)
        except InputUnreadable as problem:
            if not isinstance(self.source, ChangingSource):
                raise
            self._give_up(plan, str(problem), problem)
        except InputChanged as changed:
            if not isinstance(self.source, ChangingSource):
                raise
            self._give_up(plan, str(changed))
            if trigger != "continuous":
                raise
            self.stop.asked.wait(interval_s)

    def _process(self, plan: Plan) -> None:
        if self._away_since is None:
            self.status.write("running")
        self.status.rate.begin()
        sealed = self.ledger.record_path(plan.batch).exists()
        record = self.life.finish(self.ledger.read(plan.batch)) if sealed else self.life.process(plan)
        self.source.note(record)
        self.source.done(plan.ranges)
        self.status.note(record)
        self._tidy(record)
        self.done.packets, self.done.batches = self.status.read, self.status.batches
        if watched():
            self.done.share = self.source.share()
            self.done.lag = self.status.more().get("kafka", {}).get("lag")

    def _tidy(self, record: Record) -> None:
        """Keep the nights that a batch wrote to at fewer than 2,000 files; packets go on if that cannot be."""
        try:
            maintain(self.maintenance, record)
        except SchemaConflict as problem:
            self.status.problem(f"files of a night are not merged: {problem}")

    def _ended_at_once(self) -> str:
        """Say in the status that a second Ctrl-C ends the job, and what becomes of the batch in hand."""
        words = "no batch was in hand"
        if self._in_hand is not None:
            number = self._in_hand.batch
            sealed = self.ledger.record_path(number).exists()
            what = "sealed, the next start finishes it" if sealed else "not sealed, the next start reads it again"
            words = f"batch {number} is {what}"
        self.status.problem(f"ended at once by a second Ctrl-C: {words}")
        self.status.write("interrupted")
        return words

    def _tasks(self) -> tuple[int, int]:
        """Finished and planned tasks of the batch in hand."""
        tracker = self.spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage is not None]
        return sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known)
