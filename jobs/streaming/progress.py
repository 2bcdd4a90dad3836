"""A line for people at a terminal: what is done, how fast, how long it will take. Quiet where nobody watches."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# A job shorter than this needs no progress line.
QUIET_S = 5.0
INTERVAL_S = 0.5


@dataclass
class Done:
    """What a job has done so far.

    Attributes
    ----------
    packets, batches : int
        Of closed batches.
    share : float or None
        Of all that is known to be waiting, 0 to 1; None where that is not known.
    lag : int or None
        Records of a topic that are there and not committed.
    rate : callable
        Packets per second of the last minute.
    """

    packets: int = 0
    batches: int = 0
    share: float | None = None
    lag: int | None = None
    rate: Callable[[], float] = float


@dataclass
class Progress:
    """Shows the progress of a job on stderr, if that is a terminal; a context manager.

    Attributes
    ----------
    tasks : callable
        Gives how many tasks of the batch in hand are done, and how many it has.
    """

    job: str
    done: Done
    tasks: Callable[[], tuple[int, int]]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        if watched():
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        start = time.monotonic()
        shown = False
        while not self._stop.wait(INTERVAL_S):
            elapsed = time.monotonic() - start
            if elapsed > QUIET_S:
                sys.stderr.write(f"\r{line(self.job, self.done, self.tasks(), elapsed)}\033[K")
                sys.stderr.flush()
                shown = True
        if shown:
            sys.stderr.write("\r\033[K")


def watched() -> bool:
    """Whether there is a terminal to show progress on."""
    return sys.stderr.isatty()


def line(job: str, done: Done, tasks: tuple[int, int], elapsed_s: float) -> str:
    """The line: `night: 12,000 packets in 3 batches, 31 %, 850/s, 2 min left; batch 3: 2 of 4 tasks`.

    Parameters
    ----------
    job : str
        Its name.
    done : Done
        What it has done so far.
    tasks : (int, int)
        Tasks of the batch in hand that are done, and how many it has.
    elapsed_s : float
        Since the job began [s].
    """
    parts = [f"{done.packets:,} packets in {done.batches} batches"]
    if done.share is not None:
        parts.append(f"{100 * done.share:.0f} %")
    parts.append(f"{done.rate():,.0f}/s")
    if done.lag is not None:
        parts.append(f"{done.lag:,} behind")
    if done.share:
        parts.append(f"{_duration(elapsed_s * (1 - done.share) / done.share)} left")
    finished, planned = tasks
    tail = f"; batch {done.batches}: {finished} of {planned} tasks" if planned else ""
    return f"{job}: {', '.join(parts)}{tail}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
