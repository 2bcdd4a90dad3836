"""Two classifiers on the same alerts: which one is better, and whether that is more than chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from jobs.measures.intervals import bootstrap

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Paired:
    """What two classifiers made of the same alerts.

    Attributes
    ----------
    n, n_groups : int
        Alerts, and groups of them that are independent (objects).
    only_first, only_second : int
        Alerts that only this one calls right.
    groups_first, groups_second : int
        The same of one alert of each group, the first that is given: what McNemar's test counts.
    p_value : float
        McNemar's exact test: how likely so unequal counts of groups are by chance, if both were equally good.
    difference : float
        Accuracy of the second less that of the first.
    low, high : float
        Its 95 % interval, by bootstrap over groups.
    """

    n: int
    n_groups: int
    only_first: int
    only_second: int
    groups_first: int
    groups_second: int
    p_value: float
    difference: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.difference:+.3f} ({self.low:+.3f} to {self.high:+.3f}), n = {self.n:,} alerts of {self.n_groups:,} objects;"
            f" of alerts only the first right {self.only_first:,}, only the second {self.only_second:,};"
            f" of objects, by one alert of each, {self.groups_first:,} and {self.groups_second:,}, McNemar p = {self.p_value:.2g}"
        )


def paired(first: Bools, second: Bools, group: NDArray[np.int64], seed: int = 1) -> Paired:
    """Compare two classifiers.

    Parameters
    ----------
    first, second : numpy.ndarray of bool, shape (n,)
        Whether each calls an alert right.
    group : numpy.ndarray of int64, shape (n,)
        Objects; alerts of one are not independent.
    seed : int
        Of the bootstrap.
    """
    gain = second.astype(np.int64) - first
    independent = _discordant(gain[_one_of_each(group)])
    low, high = bootstrap(lambda rows: float(gain[rows].mean()), group, seed)
    ours, theirs = _discordant(gain)
    difference = float(gain.mean()) if len(gain) else float("nan")
    return Paired(
        len(gain), len(np.unique(group)), ours, theirs, *independent, mcnemar(*independent), difference, low, high
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's test (1947, Psychometrika 12, 153), exact and two-sided.

    Parameters
    ----------
    only_first, only_second : int
        Pairs in which only the one is right.
    """
    n = only_first + only_second
    return float(binomtest(only_first, n, 0.5).pvalue) if n else 1.0


def _discordant(gain: NDArray[np.int64]) -> tuple[int, int]:
    return int((gain < 0).sum()), int((gain > 0).sum())


def _one_of_each(group: NDArray[np.int64]) -> NDArray[np.intp]:
    """The first row of each group: the test wants independent pairs."""
    return np.unique(group, return_index=True)[1]
