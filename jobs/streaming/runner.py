"""Runs a job: recovers what a crash left, then lets a streaming query plan and process batches until all is read."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.ledger.id_index import IdIndex
from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import StreamLedger, open_records
from jobs.maintenance.between_batches import maintain
from jobs.maintenance.maintenance import NightMaintenance
from jobs.packets.problems import InputChanged, InputUnreadable, ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.pipeline.batch.environment import describe
from jobs.pipeline.batch.processor import BatchProcessor
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.sinks.sink import Sink
from jobs.pipeline.sources.source import ChangingSource, LiveSource, Source
from jobs.storage.layout import Layout
from jobs.storage.schema_union import SchemaConflict
from jobs.storage.writing import remove_halves
from jobs.streaming.checkpoint import Checkpoint
from jobs.streaming.exchange import Exchange, News, Task
from jobs.streaming.lag import after_batch, lag_of
from jobs.streaming.last_words import told_in_status
from jobs.streaming.listener import listening
from jobs.streaming.processing import Processing, Stopped
from jobs.streaming.progress import Done, Progress, watched
from jobs.streaming.query import NotBegun, Query
from jobs.streaming.status import Status
from jobs.streaming.stopping import Stopping

_LOG = logging.getLogger(__name__)
# How often a query may fail to begin.
QUERY_STARTS = 5


@dataclass
class Runner:
    """One stream of one job over one output. The output's lock must be held.

    Attributes
    ----------
    limit : int
        Packets per batch.
    patience_s : float
        How long a service may be unavailable before a job that is `available_now` stops; a `continuous` one waits.
    stop : Stopping
        Says when to stop.
    told : Status, optional
        The status to go on with, if the job has begun to tell of itself.
    checkpoint : Path, optional
        Where Spark keeps its notes of the query.
    query : callable
        Starts a query, as Query does.
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
    checkpoint: Path | None = None
    query: Callable[..., Query] = Query

    def __post_init__(self) -> None:
        self.ledger = StreamLedger(self.layout, self.stream, self.spec.durable)
        self.index = IdIndex(self.layout, self.spec.tables)
        self.processor = BatchProcessor(
            self.spark, self.layout, self.ledger, self.source, self.spec, self.index, self.sinks
        )
        self.status = self.told or Status(self.layout, self.job)
        self.status.stream = self.stream
        self.maintenance = NightMaintenance(self.layout, self.spec.durable)
        self.done = Done(rate=self.status.rate.last_minute)
        self.stop.last_words = self._ended_at_once
        self._notes = Checkpoint(self.checkpoint or self.layout.checkpoint(self.job) / "query")
        self._exchange = Exchange(self.layout.query)
        self._unavailable = False
        self._last: Record | None = None
        self._tries_left = QUERY_STARTS
        if isinstance(self.source, LiveSource):
            self.source.begin(self.ledger)
        self.status.more = self._report

    def run(self, trigger: str, interval_s: float) -> Status:
        """Work until everything is read (`available_now`) or until asked to stop, which ends after the batch in hand.

        Parameters
        ----------
        trigger : str
            available_now or continuous.
        interval_s : float
            Between two looks of a continuous job [s].

        Returns
        -------
        Status
            As it was told last.

        Raises
        ------
        ServiceUnavailable
            If a service was unavailable for longer than the job's patience; what was begun is finished by the next
            start.
        AccessDenied
            If authentication failed or access is denied.
        Exception
            Whatever else ends the job, told in its status.
        """
        with self.stop, told_in_status(self.status, True), Progress(self.job, self.done, self._tasks):
            self.status.rate.start()
            self._recover()
            while not self.stop.asked.is_set() and self._run_query(trigger, interval_s):
                pass
            self._log_planner()
            self.source.stop()
            for folder in (self.layout.query, self.layout.artefacts):
                shutil.rmtree(folder, ignore_errors=True)
            self.maintenance.sweep(wait=True)
            self.status.asked_to_stop, self.status.all_read = self.stop.asked.is_set(), self._all_read()
            self._tell_the_end()
        return self.status

    def _tell_the_end(self) -> None:
        if self.status.more().get("input_lost"):
            self.status.problem("not all of the input could be read, see passed_over_examples")
            self.status.write("failed")
        else:
            self.status.write("stopped")

    def _recover(self) -> None:
        """Note what is committed and not rolled; remove what no sealed batch needs.

        What is rolled, index and source have from the ledger's summary: a start does not read the past.
        """
        self.maintenance.recover()
        # Sealed batches are published from their staged files, those of other streams (ingest, a replay) by their own
        # jobs.
        kept = {self.layout.artefacts}
        for record in open_records(self.layout):
            if record.state != "closed":
                kept.add(self.layout.batch_staging(record.stream, record.batch))
            elif record.stream == self.stream:
                self.processor.finish(record)
                self.source.note(record)
            if record.stream != self.stream:
                self.index.add(record)
        self._give_up_stale()
        for left in self.layout.staging.glob("*"):
            if left not in kept:
                shutil.rmtree(left, ignore_errors=True)
        # What a killed driver was about to rename.
        for directory in (self.layout.root, self.ledger.directory):
            remove_halves(directory)
        self._notes.remove_halves()

    def _give_up_stale(self) -> None:
        """Give the plan that was begun and not sealed up if its input has changed since."""
        plan = self.ledger.open_plan()
        if plan is not None and isinstance(self.source, ChangingSource):
            why = self.source.stale(plan.ranges)
            if why is not None:
                self._give_up(plan, why)

    def _give_up(self, plan: Plan, why: str, unreadable: InputUnreadable | None = None) -> None:
        """Discard a plan of which nothing was sealed; what it named is planned anew, as it is now."""
        told = f"batch {plan.batch} was planned and not sealed; its plan is given up: {why}"
        _LOG.warning("%s", told)
        self.status.problem(told)
        self.status.rate.give_up()
        self.ledger.discard_plan(plan)
        self._notes.remove()
        if isinstance(self.source, ChangingSource):
            self.source.forget(plan.ranges, unreadable)

    def _run_query(self, trigger: str, interval_s: float) -> bool:
        """Run a query to its end; whether another one goes on, because a plan was given up."""
        self._exchange.begin(self._task(interval_s if trigger == "continuous" else None))
        first_open = self.ledger.first_open()
        problem = self._notes.disagrees(first_open)
        if problem:
            _LOG.warning("Spark's checkpoint %s is thrown away, the ledger holds: %s", self._notes.folder, problem)
            self._notes.remove()
        unavailable = partial(self._is_unavailable, self.patience_s if trigger == "available_now" else float("inf"))
        around = (first_open, self._begun, self._closed, unavailable)
        each = Processing(self.job, self.processor, self._notes, self._exchange, self.stop.asked, *around)
        query = self.query(self.spark, self._exchange, self._notes.folder, f"strix {self.job}", self.spec.modules, each)
        try:
            with listening(self.spark, self.status):
                query.watch(partial(self._told_by_planner, unavailable), self.stop.asked.is_set)
        except Stopped:
            return False
        except NotBegun as problem:
            self._tries_left -= 1
            if not self._tries_left:
                raise problem.__cause__ or problem from None
            _LOG.warning("Spark's query did not begin and is started again: %s", str(problem).splitlines()[0])
            return True
        except (InputUnreadable, InputChanged) as problem:
            return self._planned_anew(problem, trigger, interval_s)
        return False

    def _task(self, interval_s: float | None) -> Task:
        slots = self.spark.sparkContext.defaultParallelism
        names = (self.layout, self.stream, self.job, self.source, self.spec, self.processor.run, self.limit, slots)
        return Task(*names, interval_s, describe(self.spec.modules))

    def _planned_anew(self, problem: InputUnreadable | InputChanged, trigger: str, interval_s: float) -> bool:
        """Give the open plan up.

        Without a file that cannot be opened it is planned anew; after a change at the next start, in a stream at once.
        """
        plan = self.ledger.open_plan()
        if plan is None or not isinstance(self.source, ChangingSource):
            raise problem
        unreadable = problem if isinstance(problem, InputUnreadable) else None
        self._give_up(plan, str(problem), unreadable)
        if unreadable is None:
            if trigger != "continuous":
                raise problem
            self.stop.asked.wait(interval_s)
        return True

    def _told_by_planner(self, unavailable: Callable[[str, float], None], news: News) -> None:
        """Tell monitors what the planner found."""
        self._log_planner()
        if news.state == "unavailable":
            unavailable(news.problem, news.unavailable_s)
        elif news.state in ("idle", "settling"):
            self._unavailable = False
            self.status.write("idle")

    def _log_planner(self) -> None:
        """Log what the planner, a process of its own, has logged."""
        for level, logger, message in list(self._exchange.said()):
            logging.getLogger(logger).log(level, "%s", message)

    def _is_unavailable(self, patience_s: float, problem: str, unavailable_s: float) -> None:
        self._unavailable = True
        self.status.problem(problem)
        if unavailable_s > patience_s:
            raise ServiceUnavailable(f"{problem} (for {unavailable_s:.0f} s, patience_s is {patience_s:g})")
        self.status.write("waiting")

    def _report(self) -> dict[str, Any]:
        """What the source has to tell, in the planner's words where a query has begun."""
        news = self._exchange.news()
        if news is not None and news.report:
            return after_batch(news.report, self._read_since(news))
        return self.source.report() if isinstance(self.source, LiveSource | ChangingSource) else {}

    def _read_since(self, news: News) -> Sequence[Range]:
        """What the batch has read that was closed since."""
        return self._last.plan.ranges if self._last is not None and self._last.batch >= news.batch else ()

    def _all_read(self) -> bool:
        """Whether it is known that all was read that had come at the planner's last look."""
        news = self._exchange.news()
        return news is not None and (news.nothing_left or lag_of(self._report()) == 0)

    def _begun(self, plan: Plan) -> None:
        """A batch is in hand."""
        del plan
        if not self._unavailable:
            self.status.write("running")
        self.status.rate.begin()

    def _closed(self, record: Record) -> None:
        """A batch is closed."""
        self._log_planner()
        self._unavailable = False
        self._last = record
        self.source.note(record)
        self.status.note(record)
        self._merge_many(record)
        self.done.packets, self.done.batches = self.status.read, self.status.batches
        news = self._exchange.news()
        if news is not None and watched():
            self.done.share = news.share
            self.done.lag = lag_of(self.status.more())

    def _merge_many(self, record: Record) -> None:
        """Keep the nights that a batch wrote to at fewer than 2,000 files; packets go on if that cannot be."""
        try:
            maintain(self.maintenance, record)
        except SchemaConflict as problem:
            self.status.problem(f"files of a night are not merged: {problem}")

    def _ended_at_once(self) -> str:
        """Say in the status that a second Ctrl-C ends the job, and what becomes of the batch in hand."""
        words = "no batch was in hand"
        number = self.ledger.first_open()
        if self.ledger.is_begun(number):
            sealed = self.ledger.is_sealed(number)
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
