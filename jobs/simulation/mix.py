"""How many alerts of each class a night has."""

from typing import Literal

import numpy as np

from jobs.simulation.classes import CLASSES

Mix = Literal["natural", "balanced"]


def shares(mix: Mix) -> np.ndarray:
    """Share of each class of CLASSES; they sum to 1.

    Parameters
    ----------
    mix : str
        "natural": as in a night of the survey; "balanced": the five classes of stamp classifiers alike, within each as in
        nature.
    """
    natural = np.array([kind.share for kind in CLASSES])
    if mix == "natural":
        return np.asarray(natural / natural.sum())
    groups = np.array([kind.stamp_class for kind in CLASSES])
    whole = {name: natural[groups == name].sum() for name in set(groups)}
    return np.array([share / whole[name] for share, name in zip(natural, groups, strict=True)]) / len(whole)


def counts(alerts: int, mix: Mix) -> list[int]:
    """Alerts of each class of CLASSES, rounded so that they sum to `alerts`.

    Parameters
    ----------
    alerts : int
    mix : str
    """
    ends = np.round(alerts * np.cumsum(shares(mix))).astype(int)
    return [int(count) for count in np.diff(ends, prepend=0)]
