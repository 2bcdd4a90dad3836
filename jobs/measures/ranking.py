"""How well a score puts members of a class before others, and which of two scores does it better on the same alerts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import bootstrap

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PairedArea:
    """Areas under the ROC curves of two scores of the same alerts: chances that a member has a higher score than another alert.

    Attributes
    ----------
    n_members, n_others, n_groups : int
        Alerts of the class, and not of it; independent groups of both (objects).
    first, second : float
        The areas, 0 to 1; equal scores count half. NaN without members or without others.
    low, high : float
        95 % interval of the second less the first, by bootstrap over groups: both are taken of the same draws.
    """

    n_members: int
    n_others: int
    n_groups: int
    first: float
    second: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """The second less the first."""
        return self.second - self.first

    @property
    def is_more_than_chance(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.difference:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def area(member: Bools, score: Floats) -> float:
    """The area under the ROC curve (Hanley & McNeil 1982, Radiology 143, 29); NaN without members or without others.

    Parameters
    ----------
    member : numpy.ndarray of bool, shape (n,)
    score : numpy.ndarray, shape (n,)
        Finite.
    """
    return _area(member, _places(score))


def paired_area(
    member: Bools, first: Floats, second: Floats, group: Ints, seed: int = 1, draws: int = 1000
) -> PairedArea:
    """Compare two scores.

    Parameters
    ----------
    member : numpy.ndarray of bool, shape (n,)
    first, second : numpy.ndarray, shape (n,)
        Finite scores.
    group : numpy.ndarray of int64, shape (n,)
        Objects; alerts of one are not independent.
    seed, draws : int
        Of the bootstrap. A draw without members or without others is left out.
    """
    one, other = _places(first), _places(second)
    low, high = float("nan"), float("nan")
    if member.any() and not member.all():
        low, high = bootstrap(
            lambda rows: _area(member[rows], other[rows]) - _area(member[rows], one[rows]), group, seed, draws
        )
    n_members, n_groups = int(member.sum()), len(np.unique(group))
    areas = _area(member, one), _area(member, other)
    return PairedArea(n_members, len(member) - n_members, n_groups, *areas, low, high)


def _places(score: Floats) -> Ints:
    """The number of each score among the different ones, from the least: sorted once for all draws."""
    return np.asarray(np.unique(score, return_inverse=True)[1], np.int64)


def _area(member: Bools, place: Ints) -> float:
    n = int(place.max(initial=-1)) + 1
    ours, others = (np.bincount(place[rows], minlength=n) for rows in (member, ~member))
    pairs = float(ours.sum()) * float(others.sum())
    before = np.cumsum(others) - others
    return float((ours * (before + others / 2)).sum() / pairs) if pairs else float("nan")
