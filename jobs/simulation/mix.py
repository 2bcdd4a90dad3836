"""How many alerts of each class a night has, and which class the next one is of."""

from functools import lru_cache
from typing import Literal

import numpy as np

from jobs.simulation.classes import CLASSES

Mix = Literal["natural", "balanced"]
Shares = tuple[tuple[str, float], ...]  # class and share, which need not sum to 1; classes that are not there have none
_PERIOD = 10_000  # alerts, after which classes come in the same order again


def shares(mix: Mix | Shares) -> np.ndarray:
    """Share of each class of CLASSES; they sum to 1.

    Parameters
    ----------
    mix : str or tuple
        "natural": as in a night of the survey; "balanced": the five classes of stamp classifiers alike, within each as in
        nature; else the shares themselves.
    """
    if not isinstance(mix, str):
        given = dict(mix)
        own = np.array([given.get(kind.name, 0.0) for kind in CLASSES])
        return np.asarray(own / own.sum())
    natural = np.array([kind.share for kind in CLASSES])
    if mix == "natural":
        return np.asarray(natural / natural.sum())
    groups = np.array([kind.stamp_class for kind in CLASSES])
    whole = {name: natural[groups == name].sum() for name in set(groups)}
    return np.array([share / whole[name] for share, name in zip(natural, groups, strict=True)]) / len(whole)


def counts(alerts: int, mix: Mix | Shares) -> list[int]:
    """Alerts of each class of CLASSES among the first so many; they sum to `alerts`.

    Parameters
    ----------
    alerts : int
    mix : str or tuple
    """
    whole, rest = divmod(alerts, _PERIOD)
    turns = _turns(mix)
    many = whole * np.bincount(turns, minlength=len(CLASSES)) + np.bincount(turns[:rest], minlength=len(CLASSES))
    return [int(count) for count in many]


def turn(number: int, mix: Mix | Shares) -> tuple[int, int]:
    """The class of an alert, as its place in CLASSES, and how many of that class come before it.

    Parameters
    ----------
    number : int
        From 0.
    mix : str or tuple
    """
    place = int(_turns(mix)[number % _PERIOD])
    return place, counts(number, mix)[place]


@lru_cache
def _turns(mix: Mix | Shares) -> np.ndarray:
    """The place in CLASSES of each alert of a period: those of a class at even distances."""
    ends = np.round(_PERIOD * np.cumsum(shares(mix))).astype(int)
    many = np.diff(ends, prepend=0)
    place = np.repeat(np.arange(len(CLASSES)), many)
    within = np.arange(_PERIOD) - np.repeat(ends - many, many)
    return np.asarray(place[np.argsort((within + 0.5) / many[place], kind="stable")])
