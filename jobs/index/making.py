"""What is told while the index is made: an output that was never compacted has a file per batch, and somebody waits."""

import logging
import time
from dataclasses import dataclass, field

_LOG = logging.getLogger("strix.index")
# [s]: nothing is told of what takes less; then a line so often.
QUIET_S, EVERY_S = 2.0, 5.0


@dataclass
class Making:
    """Tells on the log, which goes to stderr, how far the index is.

    Attributes
    ----------
    nights : int
        That are looked at.
    night : int
        Which of them is in hand, from 1.
    files : int
        That were read so far.
    """

    nights: int
    night: int = 0
    files: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float | None = None

    def read(self) -> None:
        """A science file was read."""
        self.files += 1
        now = time.monotonic()
        if now - self.began > QUIET_S and (self.told is None or now - self.told > EVERY_S):
            why = "; `strix compact` makes it beforehand" if self.told is None else ""
            self.told = now
            _LOG.warning(
                "making the index of look-ups: night %d of %d, %d files read%s",
                self.night,
                self.nights,
                self.files,
                why,
            )

    def end(self) -> None:
        """All is there."""
        if self.told is not None:
            _LOG.warning("made the index of %d files in %.0f s", self.files, time.monotonic() - self.began)
