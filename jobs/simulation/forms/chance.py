"""Chance that is a function of time: numbers and events that come out the same whenever they are asked for."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Floats, Ints

_START = 65535  # purpose: when an event begins
_GOLDEN = 0x9E3779B97F4A7C15
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def draw_keys(rng: np.random.Generator, n: int) -> Ints:
    """A key for each of n objects, from which all its later chances follow.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    """
    return rng.integers(0, 2**62, n)


def uniform_at(key: Ints, index: Ints, purpose: int) -> Floats:
    """Uniform numbers in [0, 1) that belong to keys and indices.

    Parameters
    ----------
    key, index : numpy.ndarray of int64, shape (m,)
        The object's, and the number of the event or of the step in time.
    purpose : int
        Another number gives independent values.

    Notes
    -----
    The finaliser of SplitMix64: Steele, Lea & Flood 2014.
    """
    mixed = _mixed(key.astype(np.uint64) + np.uint64(purpose * _GOLDEN % 2**64))
    bits = _mixed(mixed ^ index.astype(np.uint64)) >> np.uint64(11)
    return np.asarray(bits * 2.0**-53)


def flicker(key: Ints, mjd: Floats, step: float, purpose: int = 0) -> Floats:
    """Noise of mean 0 and about unit spread that is correlated over a step in time.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (m,)
    mjd : numpy.ndarray, shape (m,)
    step : float
        [d].
    purpose : int
        Another number gives independent noise.
    """
    place = mjd / step
    index = np.floor(place).astype(np.int64)
    before, after = (uniform_at(key, index + shift, purpose) - 0.5 for shift in (0, 1))
    return np.asarray(4 * (before + (after - before) * (place - index)))


def events(key: Ints, interval: Floats, mjd: Floats, jitter: float = 1.0) -> Iterator[tuple[Ints, Floats]]:
    """The two latest events before and about some times, one in each interval.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (m,)
    interval : numpy.ndarray, shape (m,)
        Mean time between events [d].
    mjd : numpy.ndarray, shape (m,)
    jitter : float
        0 for a clock, 1 for events anywhere in their intervals.

    Yields
    ------
    index : numpy.ndarray of int64, shape (m,)
        Number of the event.
    since : numpy.ndarray, shape (m,)
        Time since it began [d]; negative before.
    """
    current = np.floor(mjd / interval).astype(np.int64)
    for index in (current, current - 1):
        yield index, mjd - interval * (index + jitter * uniform_at(key, index, _START))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = bits + np.uint64(_GOLDEN)
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX[1]
    return bits ^ (bits >> np.uint64(31))
