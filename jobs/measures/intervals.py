"""Intervals of shares and of what is computed from groups of alerts."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959964


@dataclass(frozen=True)
class Share:
    """k of n, with Wilson's 95 % interval.

    Attributes
    ----------
    k, n : int
    """

    k: int
    n: int

    @property
    def value(self) -> float:
        """k / n; NaN of nothing."""
        return self.k / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %."""
        return wilson(self.k, self.n)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({low:.3f} to {high:.3f}, n = {self.n:,})" if self.n else "no answer (n = 0)"

    def as_dict(self) -> dict[str, Any]:
        """k, n, value (None of nothing), low, high."""
        low, high = self.interval
        return {**asdict(self), "value": self.value if self.n else None, "low": low, "high": high}


def wilson(k: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a share k / n (Wilson 1927, JASA 22, 209).

    Parameters
    ----------
    k, n : int
        k of n.
    z : float
        Half-width in standard deviations; 1.96 is 95 %.
    """
    if n == 0:
        return 0.0, 1.0
    middle, half = (k + z**2 / 2) / (n + z**2), z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
    return float(middle - half), float(middle + half)


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float], group: NDArray[np.int64], seed: int, draws: int = 1000
) -> tuple[float, float]:
    """A 95 % interval of anything, by drawing whole groups with replacement (percentiles; Efron & Tibshirani 1993, ch. 13).

    Alerts of one object are no independent measurements: they are drawn together.

    Parameters
    ----------
    statistic : callable
        Rows, some several times, to a number; NaN where it is not defined.
    group : numpy.ndarray of int64, shape (n,)
        Of each row.
    seed : int
    draws : int

    Returns
    -------
    low, high : float
        NaN if there are no rows.
    """
    if not len(group):
        return float("nan"), float("nan")
    order = np.argsort(group, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(len(members), size=len(members)) for _ in range(draws))
    values = [statistic(np.concatenate([members[number] for number in numbers])) for numbers in drawn]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
