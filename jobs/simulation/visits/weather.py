"""Which nights are lost, and how clear the others are; nights near each other are alike."""

import numpy as np

from jobs.simulation.epochs import Floats, Ints
from jobs.simulation.visits.chance import normal

# A moving average of independent numbers: nights two days apart have a correlation of 0.5, five days apart none.
_WEIGHTS = np.array([1.0, 0.9, 0.7, 0.4, 0.2])


def badness(seed: int, site: str, night: Ints) -> Floats:
    """How bad nights are: normally distributed, correlated over some days; large is bad.

    Parameters
    ----------
    seed : int
    site : str
        Another site has other weather.
    night : numpy.ndarray of int64, any shape
    """
    if not night.size:
        return np.zeros(night.shape)
    first = night.min()
    nearby = normal(seed, f"weather at {site}", np.arange(first - len(_WEIGHTS) + 1, night.max() + 1))
    each = np.convolve(nearby, _WEIGHTS, "valid") / np.sqrt(np.sum(_WEIGHTS**2))
    return np.asarray(each[night - first])


def by_night(seed: int, purpose: str, night: Ints) -> Floats:
    """`chance.normal` of nights, drawn once for each night between the first and the last.

    Parameters
    ----------
    seed : int
    purpose : str
    night : numpy.ndarray of int64, any shape
    """
    if not night.size:
        return np.zeros(night.shape)
    first = night.min()
    return np.asarray(normal(seed, purpose, np.arange(first, night.max() + 1))[night - first])


def extinction(bad: Floats) -> Floats:
    """Light lost in thin clouds [mag]: nothing in the better half of the nights.

    Parameters
    ----------
    bad : numpy.ndarray, any shape
        As `badness` gives it.
    """
    return np.asarray(np.maximum(bad, 0.0) ** 2)
