"""What a job asks of a source: the driver's copy knows what is committed, the planner's also what is planned."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import InputUnreadable
from jobs.packets.ranges import Range
from jobs.pipeline.sources.tasks import Reader


class Source(ABC):
    """The door for packets: what is there, what a task reads, what was read.

    Attributes
    ----------
    tasks : int
        Tasks per batch, at most.
    """

    tasks: int

    @abstractmethod
    def check(self) -> None:
        """Raise ValueError if the source cannot be what was meant."""

    @abstractmethod
    def note(self, record: Record) -> None:
        """Take note of what a sealed batch of this stream has read.

        Parameters
        ----------
        record : Record
            Sealed or closed.
        """

    @abstractmethod
    def plan(self, limit: int) -> list[Range]:
        """The next unread packets, about `limit` of them; empty if there are none now.

        Parameters
        ----------
        limit : int
            Packets; for kafka offsets.
        """

    @abstractmethod
    def share(self) -> float | None:
        """How much of what is known to be there has been planned, 0 to 1; None if that is not known."""

    @property
    @abstractmethod
    def reader(self) -> Reader:
        """What turns the ranges of a task into messages."""

    def waiting_s(self) -> float | None:
        """Seconds until something that was seen but could not be taken yet may be; None if there is nothing."""
        return None

    def ready(self, ranges: Sequence[Range], folder: Path) -> list[Range]:
        """The ranges as tasks can read them; what has to be prepared is put below a folder.

        Parameters
        ----------
        ranges : sequence of Range
            As planned.
        folder : pathlib.Path
            On a file system that executors see.

        Raises
        ------
        InputChanged
            If what was planned is not there as it was.
        """
        del folder
        return list(ranges)

    def commit(self, ranges: Sequence[Range]) -> None:  # noqa: B027 - most keep nothing for a batch
        """The batch that read these is closed.

        Parameters
        ----------
        ranges : sequence of Range
            As `plan` gave them, or as the ledger has them after a restart.
        """

    def stop(self) -> None:  # noqa: B027 - most hold nothing open
        """The job ends."""


@runtime_checkable
class LiveSource(Protocol):
    """A source that keeps notes beside the stream's ledger and has more to tell than what was read."""

    def begin(self, ledger: StreamLedger) -> None:
        """The stream is known; comes before anything is noted or planned.

        Parameters
        ----------
        ledger : StreamLedger
            Of the stream.
        """

    def report(self) -> dict[str, Any]:
        """What monitors should know of it."""


@runtime_checkable
class ChangingSource(Protocol):
    """A source whose input may change under a plan, and that tells what it did not take."""

    def stale(self, ranges: Sequence[Range]) -> str | None:
        """Why these planned ranges cannot be read as they were planned; None if they can.

        Parameters
        ----------
        ranges : sequence of Range
            Of a plan that was begun and not sealed.
        """

    def forget(self, ranges: Sequence[Range], unreadable: InputUnreadable | None = None) -> None:
        """The plan of these was given up; a file that tasks cannot read is left until the next start.

        Parameters
        ----------
        ranges : sequence of Range
            Of that plan.
        unreadable : InputUnreadable, optional
            The file that tasks cannot read.
        """

    def report(self) -> dict[str, Any]:
        """What monitors should know of it."""
