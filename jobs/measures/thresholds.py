"""What a threshold on a score lets through: false negatives and false positives."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import Share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STEPS = 200  # thresholds 0, 0.005, ... 1


@dataclass(frozen=True)
class ErrorRates:
    """Error rates of "is of the class where its score is the threshold or more", at thresholds from 0 to 1.

    Those of two parts of the examples can be added.

    Attributes
    ----------
    members, others : numpy.ndarray of int64, shape (n_thresholds,)
        Examples of the class, and not of it, whose score reaches this threshold and not the next. The threshold 0 is
        reached by all.
    """

    members: Ints
    others: Ints

    def __add__(self, other: "ErrorRates") -> "ErrorRates":
        return ErrorRates(self.members + other.members, self.others + other.others)

    @property
    def thresholds(self) -> Floats:
        """0 to 1, shape (n_thresholds,)."""
        return np.linspace(0, 1, len(self.members))

    @property
    def false_negatives(self) -> list[Share]:
        """Of the class, how many stay below each threshold."""
        below = np.cumsum(self.members) - self.members
        return [Share(int(k), int(self.members.sum())) for k in below]

    @property
    def false_positives(self) -> list[Share]:
        """Of the others, how many reach each threshold."""
        reached = np.cumsum(self.others[::-1])[::-1]
        return [Share(int(k), int(self.others.sum())) for k in reached]

    @property
    def equal(self) -> int | None:
        """The number of the threshold at which the two rates are nearest to each other; None without examples of both."""
        if not self.members.sum() or not self.others.sum():
            return None
        apart = [
            abs(one.value - other.value) for one, other in zip(self.false_negatives, self.false_positives, strict=True)
        ]
        return int(np.argmin(apart))

    def as_dict(self) -> dict[str, Any]:
        """The rates at every threshold, with n of both, as JSON writes them."""
        negatives, positives = self.false_negatives, self.false_positives
        at = self.equal
        return {
            "n_members": negatives[0].n,
            "n_others": positives[0].n,
            "threshold": [round(float(each), 6) for each in self.thresholds],
            "missed": [share.k for share in negatives],
            "false_alarms": [share.k for share in positives],
            "equal_at": None if at is None else float(self.thresholds[at]),
        }


def error_rates(member: NDArray[np.bool_], score: Floats, steps: int = STEPS) -> ErrorRates:
    """Count scores by the highest threshold that they reach.

    Parameters
    ----------
    member : numpy.ndarray of bool, shape (n,)
        Whether it is of the class.
    score : numpy.ndarray, shape (n,)
        0 to 1.
    steps : int
        Thresholds are 0, 1 / steps, ... 1.
    """
    reached = np.searchsorted(np.linspace(0, 1, steps + 1), score, side="right") - 1
    place = np.clip(reached, 0, steps)
    counts = [np.bincount(place[rows], minlength=steps + 1).astype(np.int64) for rows in (member, ~member)]
    return ErrorRates(*counts)
