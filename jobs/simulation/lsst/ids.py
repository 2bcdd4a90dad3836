"""Ids of simulated Rubin packets: negative, which no real one is, and the same whatever else is simulated."""

import numpy as np

from jobs.simulation.epochs import Ints
from jobs.simulation.object_class import Floats

_TICKS_PER_DAY = 2880  # of 30 s: two visits of one place are farther apart
_FIRST_DAY = 60_000.0
_OBJECT_BITS, _TICK_BITS, _SEEDS = 34, 24, 32
_TAI_MINUS_UTC = 37 / 86400  # [d], since 2017


def source_ids(seed: int, number: Ints, mjd: Floats) -> Ints:
    """Ids of detections: unique within a seed, and of the same object at the same time always the same.

    Parameters
    ----------
    seed : int
        Seeds that are equal modulo 32 share ids.
    number : numpy.ndarray of int64, shape (m,)
        Number of the object, below 2^34.
    mjd : numpy.ndarray, shape (m,)
        Mid-exposure [MJD TAI], 60,000 to 65,825.

    Raises
    ------
    ValueError
        If a number or a time has no place in 63 bits.
    """
    tick = np.floor((mjd - _FIRST_DAY) * _TICKS_PER_DAY).astype(np.int64)
    if np.any((tick < 0) | (tick >= 1 << _TICK_BITS) | (number < 0) | (number >= 1 << _OBJECT_BITS)):
        raise ValueError(
            f"ids hold MJD 60000 to 65825 and object numbers below 2^34; got MJD {mjd.min()} to {mjd.max()}, "
            f"numbers {number.min()} to {number.max()}"
        )
    return -1 - (number + (tick << _OBJECT_BITS) + (seed % _SEEDS << _OBJECT_BITS + _TICK_BITS))


def visit_ids(mjd: Floats) -> Ints:
    """Ids of exposures, as the observatory builds them: the date of the night's evening, then a number within it.

    Parameters
    ----------
    mjd : numpy.ndarray, shape (m,)
        Mid-exposure [MJD TAI].

    Returns
    -------
    numpy.ndarray of int64, shape (m,)
        YYYYMMDDnnnnn, the date being that of 12 h before in UTC.
    """
    since_noon = mjd - _TAI_MINUS_UTC - 0.5
    day = np.floor(since_noon).astype(np.int64)
    date = np.datetime64("1858-11-17") + day
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_month = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    within = ((since_noon - day) * _TICKS_PER_DAY).astype(np.int64)
    return np.asarray((10_000 * year + 100 * month + of_month) * 100_000 + within)
