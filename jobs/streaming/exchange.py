"""What the driver and the planner (the query's own Python process) tell one another: files under `_staging/`."""

import json
import os
import pickle
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jobs.pipeline.batch.spec import BatchSpec
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_bytes

# planned: a batch is to be processed; done: nothing is left; settling, idle: nothing now; unavailable: a service does
# not answer; stopped: as asked; failed: with the exception.
State = Literal["planned", "done", "settling", "idle", "unavailable", "stopped", "failed"]
_LOOK_S = 0.05


@dataclass(frozen=True)
class Task:
    """What a query is to do, as its planner needs it.

    Attributes
    ----------
    source : Source
        It has noted all that was committed before the query began.
    run : str
        A uuid of the driver's start.
    limit : int
        Packets per batch.
    slots : int
        Tasks that run at the same time.
    interval_s : float or None
        Time between two looks; None if the query ends when everything is read.
    environment : mapping
        The driver's programs, which every executor must have.
    """

    layout: Layout
    stream: str
    job: str
    source: Any
    spec: BatchSpec
    run: str
    limit: int
    slots: int
    interval_s: float | None
    environment: Mapping[str, str]


@dataclass(frozen=True)
class News:
    """What the planner found at its last look.

    Attributes
    ----------
    batch : int
        The first batch that was not closed then.
    problem : str
        Why a service is unavailable, since `unavailable_s` seconds.
    share : float or None
        How much of what is known to be there has been planned, 0 to 1.
    report : dict
        What the source has to tell monitors.
    failure : Exception or None
        What planning raised.
    nothing_left : bool
        Whether it is known that all that was there at the last look has been read.
    """

    state: State
    batch: int
    problem: str = ""
    unavailable_s: float = 0.0
    share: float | None = None
    report: dict[str, Any] = field(default_factory=dict)
    failure: BaseException | None = None
    nothing_left: bool = False


class Exchange:
    """The folder of one query.

    Parameters
    ----------
    folder : Path
        The driver's and the planner's alike.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._has_begun = False
        self._read: tuple[tuple[int, int], News | None] = ((0, 0), None)
        self._said_to = 0

    def begin(self, task: Task) -> None:
        """Make the folder, with the task.

        Parameters
        ----------
        task : Task
            Pickled; what an earlier query left in the folder is removed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.iterdir():
            old.unlink()
        self._has_begun, self._read, self._said_to = True, ((0, 0), None), 0
        _put(self.folder / "task", task)

    def task(self) -> Task:
        """What is to be done."""
        with open(self.folder / "task", "rb") as file:
            task: Task = pickle.load(file)  # noqa: S301 - written by this job under _staging
        return task

    def tell(self, news: News) -> None:
        """The planner's side: what it found, in place of what it said before.

        Parameters
        ----------
        news : News
            Pickled.
        """
        _put(self.folder / "news", news)

    def news(self) -> News | None:
        """The driver's side: the same object until there is something new, None before the first look."""
        if not self._has_begun:
            return None  # what may be there is a killed job's
        try:
            with open(self.folder / "news", "rb") as file:
                status = os.fstat(file.fileno())
                known = (status.st_ino, status.st_mtime_ns)
                if self._read[0] != known:
                    self._read = (known, pickle.load(file))  # noqa: S301 - written by this job under _staging
        except FileNotFoundError:
            pass  # before the first look, or the folder is removed: what was received last holds
        return self._read[1]

    def say(self, level: int, logger: str, message: str) -> None:
        """The planner's side of the log: what it logs is for the driver's, which has the job's handlers.

        Parameters
        ----------
        level : int
            Of `logging`.
        logger : str
            Name of the logger.
        message : str
            Formatted.
        """
        if self.folder.exists():
            with open(self.folder / "log", "a", encoding="utf-8") as file:
                file.write(json.dumps([level, logger, message]) + "\n")

    def said(self) -> Iterator[tuple[int, str, str]]:
        """The driver's side of the log: level, logger and message of what is new in it.

        Yields
        ------
        level : int
        logger, message : str
        """
        if not self._has_begun or not (self.folder / "log").exists():
            return
        with open(self.folder / "log", encoding="utf-8") as file:
            file.seek(self._said_to)
            while (line := file.readline()).endswith("\n"):  # half of a line is for the next time
                self._said_to = file.tell()
                level, logger, message = json.loads(line)
                yield level, logger, message

    def ask_to_stop(self) -> None:
        """Let the planner plan nothing more."""
        (self.folder / "stop").touch()

    def asked_to_stop(self) -> bool:
        """Whether the driver has asked, or is gone with its folder."""
        return (self.folder / "stop").exists() or not self.folder.exists()

    def wait(self, seconds: float) -> None:
        """Sleep, but not when asked to stop.

        Parameters
        ----------
        seconds : float
            At most [s].
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.asked_to_stop():
            time.sleep(min(left, _LOOK_S))


def _put(path: Path, content: object) -> None:
    replace_bytes(path, pickle.dumps(content))
