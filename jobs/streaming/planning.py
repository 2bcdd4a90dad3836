"""Plans the batches of a stream in the query's own process: what was planned is in the ledger, before anything is read.

The position of a stream is a number, that of the first batch which is not closed; a plan file is what makes a batch.
"""

import logging
import pickle
import time
from pathlib import Path
from typing import Any

from jobs.common.times import now_utc, tai_of_unix
from jobs.ledger.records import LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.pipeline.sources.tasks import in_tasks
from jobs.streaming.exchange import Exchange, News, State
from jobs.streaming.last_words import reason_of
from jobs.streaming.loggers import OURS
from jobs.streaming.work import Work

_LOG = logging.getLogger(__name__)
LEAST_WAIT_S, MOST_WAIT_S = 0.5, 15.0
# Once there is nothing left, until the driver has received it.
DONE_S = 0.25


class Planner:
    """The planning side of one query.

    Nothing that happens here ends the query: the driver is told, and stops it.

    Parameters
    ----------
    exchange : Exchange
        With a task in it.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._begin()

    def _begin(self) -> None:
        self.task = self.exchange.task()
        self.source = self.task.source
        self.ledger = StreamLedger(self.task.layout, self.task.stream, self.task.spec.durable)
        self.position = self.ledger.first_open()
        self._own: Plan | None = None
        self._pause_s = 0.0
        self._unavailable_since: float | None = None
        self._failed = False
        self._nothing_left = False
        # Whether the driver has been told that nothing comes any more: it stops the query from then on.
        self.ended = False

    def advance(self) -> int:
        """The number behind the batch that is to be processed next; the position itself where there is none now."""
        try:
            self._note_closed()
            if self.ledger.is_begun(self.position) or self._plan():
                return self.position + 1
        except Exception as error:  # noqa: BLE001 - the driver raises it, with its type
            self._fail(error)
        return self.position

    def works(self, start: int, end: int) -> list[Work]:
        """The tasks of the batch between two positions; none if it is sealed: nothing is read again.

        Parameters
        ----------
        start, end : int
            Positions; the same, or one apart.

        Raises
        ------
        LedgerError
            If the positions are not one batch: Spark takes offsets that go back without a word.
        """
        if end not in (start, start + 1):
            raise LedgerError(f"a micro-batch from plan {start} to {end}, it should be one plan")
        if end == start or self.ledger.is_sealed(start):
            return []
        try:
            # Our own plan knows where the members of compressed archives are.
            own = self._own
            return self._works(own if own is not None and own.batch == start else self.ledger.read_plan(start))
        except Exception as error:  # noqa: BLE001 - the driver raises it, with its type
            self._fail(error)
            return []

    def _works(self, plan: Plan) -> list[Work]:
        task = self.task
        directory = task.layout.batch_staging(plan.stream, plan.batch)
        directory.mkdir(parents=True, exist_ok=True)
        ready = self.source.ready(plan.ranges, directory / f"spool-{task.run}")
        how = (task.spec, task.run, str(directory), plan.now_mjd, self.source.reader, task.environment)
        return [Work(*how, each) for each in in_tasks(ready, self.source.tasks, task.slots)]

    def _note_closed(self) -> None:
        """Take note of batches that were closed since the last look."""
        while (record := self._closed()) is not None:
            self._note(record)
            self.position += 1

    def _closed(self) -> Record | None:
        if not self.ledger.is_sealed(self.position):
            return None
        record = self.ledger.read(self.position)
        return record if record.state == "closed" else None

    def _note(self, record: Record) -> None:
        own = self._own
        self.source.note(record)
        self.source.commit((own if own is not None and own.batch == record.batch else record.plan).ranges)

    def _plan(self) -> bool:
        """Plan the next batch; whether there is one."""
        self.exchange.wait(self._pause_s)
        if self._failed:
            return False
        if self.exchange.asked_to_stop():
            return self._nothing("stopped", DONE_S)
        try:
            ranges = self.source.plan(self.task.limit)
        except ServiceUnavailable as problem:
            return self._unavailable(problem)
        self._unavailable_since = None
        self._nothing_left = not ranges and self.source.waiting_s() is None
        if not ranges:
            return self._nothing(*self._why_nothing())
        plan = self._plan_of(ranges)
        if not self.ledger.begin_plan(plan):
            self._begin()  # the planner of a killed driver was there first: what it has planned holds
            return True
        self._own, self._pause_s = plan, 0.0
        self._tell("planned")
        return True

    def _plan_of(self, ranges: list[Range]) -> Plan:
        return Plan(
            stream=self.task.stream,
            batch=self.position,
            job=self.task.job,
            planned_at=now_utc(),
            now_mjd=tai_of_unix(time.time()),
            ranges=tuple(ranges),
        )

    def _why_nothing(self) -> tuple[State, float]:
        """What to tell where there is nothing to read, and seconds to the next look."""
        if self.task.interval_s is not None:
            return "idle", self.task.interval_s
        wait = self.source.waiting_s()
        return ("done", DONE_S) if wait is None else ("settling", max(wait / 4, 0.05))

    def _nothing(self, state: State, pause_s: float, **more: Any) -> bool:
        self._pause_s = pause_s
        self.ended = state in ("done", "stopped")
        self._tell(state, **more)
        return False

    def _unavailable(self, problem: ServiceUnavailable) -> bool:
        """Say that a service is unavailable, and look again a little later each time."""
        self._nothing_left = False
        now = time.monotonic()
        self._unavailable_since = self._unavailable_since or now
        unavailable_s = now - self._unavailable_since
        return self._nothing("unavailable", pause_s(unavailable_s), problem=str(problem), unavailable_s=unavailable_s)

    def _fail(self, error: Exception) -> None:
        self._failed, self._pause_s, self.ended = True, DONE_S, True
        self.exchange.tell(News("failed", self.position, failure=_portable(error)))

    def _tell(self, state: State, **more: Any) -> None:
        report = self.source.report() if hasattr(self.source, "report") else {}
        known: dict[str, Any] = {"share": self.source.share(), "report": report, "nothing_left": self._nothing_left}
        self.exchange.tell(News(state, self.position, **known, **more))


def pause_s(unavailable_s: float) -> float:
    """Time to the next try at a service that is unavailable [s].

    Parameters
    ----------
    unavailable_s : float
        Since it did not answer first [s].

    Returns
    -------
    float
        Half of that, from LEAST_WAIT_S to MOST_WAIT_S.
    """
    return min(max(unavailable_s / 2, LEAST_WAIT_S), MOST_WAIT_S)


def _portable(error: Exception) -> Exception:
    """The exception, or what it says if it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except (pickle.PickleError, TypeError, ValueError, AttributeError, ImportError, RecursionError):
        return RuntimeError(reason_of(error))
    return error


class _ToDriver(logging.Handler):
    """Gives what is logged here to the driver."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(logging.INFO)
        self.exchange = exchange

    def emit(self, record: logging.LogRecord) -> None:
        """Give one record."""
        self.exchange.say(record.levelno, record.name, record.getMessage())


def log_to_driver(folder: str) -> None:
    """Give what is logged in this process to the driver; for the query's own process alone.

    Parameters
    ----------
    folder : str
        Of the query.
    """
    exchange = Exchange(Path(folder))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(_ToDriver(exchange))


def of_folder(folder: str) -> Planner:
    """The planner of a query's folder.

    Parameters
    ----------
    folder : str
        Where driver and planner exchange what they know.
    """
    return Planner(Exchange(Path(folder)))
