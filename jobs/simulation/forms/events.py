"""Random events and noise of objects as functions of time: the same whenever they are asked for."""

from collections.abc import Iterator

import numpy as np

from jobs.simulation.epochs import Floats, Ints
from jobs.simulation.visits.chance import uniform

_KEYS = 2**52  # whole numbers that a float64 holds, for truth tables


def draw_keys(rng: np.random.Generator, n: int) -> Ints:
    """A key for each of n objects, from which all its later chances follow.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    """
    return rng.integers(0, _KEYS, n)


def chance(key: Ints, index: Ints, purpose: str) -> Floats:
    """Uniform numbers between 0 and 1 that belong to keys and indices.

    Parameters
    ----------
    key, index : numpy.ndarray of int64, shape (m,)
        The object's, and the number of the event or of the step in time.
    purpose : str
        Another one gives independent numbers.
    """
    return uniform(0, purpose, key, index)


def flicker(key: Ints, mjd: Floats, step: float) -> Floats:
    """Noise of mean 0 and about unit spread that is correlated over a step in time.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (m,)
    mjd : numpy.ndarray, shape (m,)
    step : float
        [d].
    """
    return smooth_chance(key, mjd / step, "flicker") * 4


def smooth_chance(key: Ints, place: Floats, purpose: str) -> Floats:
    """Numbers from -0.5 to 0.5, one drawn at each whole place, linear between.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (m,)
    place : numpy.ndarray, shape (m,)
        Time in steps, or cycles.
    purpose : str
    """
    index = np.floor(place).astype(np.int64)
    before, after = (chance(key, index + shift, purpose) - 0.5 for shift in (0, 1))
    return np.asarray(before + (after - before) * (place - index))


def events(key: Ints, interval: Floats, mjd: Floats, jitter: float = 1.0) -> Iterator[tuple[Ints, Floats]]:
    """The event of the interval that a time is in, and that of the one before.

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
        yield index, mjd - interval * (index + jitter * chance(key, index, "begin"))
