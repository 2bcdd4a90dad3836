"""How far a training is, and how long it will still take."""

import time
from collections.abc import Callable
from pathlib import Path

from jobs.storage.writing import replace_json


class Progress:
    """Takes steps of one piece of work; says them and keeps the last in `progress.json`.

    Parameters
    ----------
    name : str
        Of the work, e.g. `fold-1`.
    path : pathlib.Path
        Of progress.json.
    tell : callable
        Takes a line.
    clock : callable
        Seconds.
    """

    def __init__(
        self, name: str, path: Path, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.path, self.tell, self.clock = name, path, tell, clock
        self._first: tuple[int, float] | None = None

    def __call__(self, done: int, total: int, **numbers: float) -> None:
        """Say that so many of the steps are done.

        Parameters
        ----------
        done, total : int
            Steps; after a restart `done` goes on from the checkpoint. The second call is the first that knows the time left.
        **numbers : float
            What else is worth a look: loss, accuracy.
        """
        now = self.clock()
        left = self._left(done, total, now)
        told = "".join(f", {name} {value:.4g}" for name, value in numbers.items())
        wait = f", {in_words(left)} left" if left is not None and done < total else ""
        self.tell(f"{self.name}: {done:,} of {total:,}{told}{wait}")
        state = {"work": self.name, "done": done, "total": total, "seconds_left": left, **numbers}
        replace_json(self.path, state)

    def _left(self, done: int, total: int, now: float) -> float | None:
        """Seconds, by the steps since this process told its first one: how many it did before that, nobody knows."""
        if self._first is None:
            self._first = (done, now)
        steps = done - self._first[0]
        return (now - self._first[1]) / steps * (total - done) if steps > 0 else None


def in_words(seconds: float) -> str:
    """A time as a person says it: 40 s, 12 min, 3.5 h.

    Parameters
    ----------
    seconds : float
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
