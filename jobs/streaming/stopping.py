"""How a job is asked to stop: SIGTERM and Ctrl-C let it finish the batch in hand; a second Ctrl-C ends it at once."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

# A wrapper that passes on the signal that the terminal gave to its whole group is no second Ctrl-C.
ONE_SIGNAL_S = 0.2
ENDED_BY_SIGINT = 128 + signal.SIGINT
_ASKING = (signal.SIGTERM, signal.SIGINT)


@dataclass
class Stopping:
    """Takes the signals that ask a job to stop; a context manager, which may be entered again while it is held.

    PySpark puts a handler of its own on SIGINT when a session begins (it cancels all jobs and raises, so that a batch
    ends in a page of Java); whoever starts a session calls `take` afterwards. The JVM and the Python workers are in
    process groups of their own: neither sees a terminal's Ctrl-C, nor a SIGTERM for the job's group.

    Attributes
    ----------
    asked : threading.Event
        Set when the job should stop.
    last_words : callable
        Told before a second Ctrl-C ends the process; gives a line for the terminal.
    """

    asked: threading.Event = field(default_factory=threading.Event)
    last_words: Callable[[], str] = lambda: "nothing was begun"
    _before: dict[int, Any] = field(default_factory=dict)
    _entered: int = 0
    _first: float | None = None

    def __enter__(self) -> "Stopping":
        if not self._entered and threading.current_thread() is threading.main_thread():
            self._before = {each: signal.getsignal(each) for each in _ASKING}
        self._entered += 1
        self.take()
        return self

    def __exit__(self, *problem: object) -> None:
        self._entered -= 1
        if not self._entered:
            for each, handler in self._before.items():
                signal.signal(each, handler)
            self._before = {}

    def take(self) -> None:
        """Take the signals (back)."""
        for each in self._before:
            signal.signal(each, self._signalled)

    def _signalled(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        elif signum == signal.SIGINT and now - self._first > ONE_SIGNAL_S:
            self._end()
        # Not here: the signal may come while this very thread holds the event's lock, in `wait`.
        threading.Thread(target=self.asked.set, daemon=True).start()

    def _end(self) -> None:
        """End as a SIGKILL would, which changes nothing that is committed; Spark's JVM follows its driver."""
        try:
            os.write(2, f"strix: ended at once: {self.last_words()}\n".encode())
        finally:
            os._exit(ENDED_BY_SIGINT)
