"""Random numbers that are functions of their keys: the same whatever else was asked, for arrays of keys at once."""

from functools import reduce
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_Words = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)


def uniform(seed: int, purpose: str, *keys: ArrayLike) -> Floats:
    """Uniform between 0 and 1, both excluded.

    Parameters
    ----------
    seed : int
        Not negative.
    purpose : str
        Another one gives independent numbers.
    *keys : array_like of int
        What the number belongs to, e.g. a field and a night; broadcast against each other.

    Returns
    -------
    numpy.ndarray, of the keys' common shape, one dimension at least

    Notes
    -----
    SplitMix64 (Steele et al. 2014) of the keys, one after the other.
    """
    words = [np.atleast_1d(np.asarray(key, dtype=np.int64)).view(np.uint64) for key in keys]
    begin = _mixed(np.array([seed], np.uint64) + _STEP * np.array([crc32(purpose.encode())], np.uint64))
    word = reduce(lambda mixed, key: _mixed((mixed ^ key) + _STEP), words, begin)
    return np.asarray(((word >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)


def normal(seed: int, purpose: str, *keys: ArrayLike) -> Floats:
    """Standard normal (Box and Muller 1958); otherwise as `uniform`.

    Parameters
    ----------
    seed : int
    purpose : str
    *keys : array_like of int
    """
    radius = np.sqrt(-2 * np.log(uniform(seed, purpose, *keys)))
    return np.asarray(radius * np.cos(2 * np.pi * uniform(seed, purpose + ", angle", *keys)))


def _mixed(word: _Words) -> _Words:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))
