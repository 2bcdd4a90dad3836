"""How fast a job is: the one definition that status, metrics, progress line and closing table share."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60.0


@dataclass(frozen=True)
class _Closed:
    begun: float
    at: float
    packets: int


@dataclass
class Rate:
    """Packets per second, counted when their batch closes.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    clock: Callable[[], float] = time.monotonic
    packets: int = 0
    _started: float = 0.0
    _ended: float | None = None
    _begun: float | None = None
    _recent: deque[_Closed] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """The job begins to read: what it did before (starting Spark) does not count."""
        self._started = self.clock()

    def begin(self) -> None:
        """A batch is taken in hand."""
        self._begun = self.clock()

    def give_up(self) -> None:
        """The batch in hand will not be closed."""
        self._begun = None

    def close(self, packets: int) -> None:
        """The batch in hand is closed.

        Parameters
        ----------
        packets : int
            That it has read.
        """
        now = self.clock()
        begun = self._started if self._begun is None else self._begun
        self._recent.append(_Closed(begun, now, packets))
        self._ended, self._begun = now, None
        self.packets += packets
        while len(self._recent) > 1 and self._recent[0].at < now - WINDOW_S:
            self._recent.popleft()

    def last_minute(self) -> float:
        """Packets per second: those of batches closed in the last 60 s, over 60 s or the time since the start if less.

        Batches that take longer would make it 0 most of the time: their packets are spread over the time from their
        beginning on, and while one is in hand the one before it counts on.
        """
        now = self.clock()
        recent = list(self._recent)
        counted = [each for each in recent if each.at >= now - WINDOW_S]
        if not counted and self._begun is not None:
            counted = recent[-1:]
        if not counted:
            return 0.0
        span = max(min(WINDOW_S, now - self._started), now - counted[0].begun)
        return sum(each.packets for each in counted) / max(span, 1e-9)

    def whole_run(self) -> float:
        """All packets over the time from the start to the closing of the last batch; 0 if none is closed."""
        return 0.0 if self._ended is None else self.packets / max(self._ended - self._started, 1e-9)
