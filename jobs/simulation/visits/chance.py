"""Random numbers that are functions of their keys: the same whatever else was asked, for arrays of keys at once."""

from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_Words = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


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
    word = _begin(seed, purpose)
    for key in keys:
        word = word ^ np.asarray(key, dtype=np.int64).view(np.uint64)
        word += _STEP
        _mix(word)
    numbers = (word >> np.uint64(12)).astype(np.float64)
    numbers += 0.5
    numbers *= 2.0**-52
    return numbers


@lru_cache(1024)
def _begin(seed: int, purpose: str) -> _Words:
    word = np.array([seed], np.uint64) + _STEP * np.array([crc32(purpose.encode())], np.uint64)
    _mix(word)
    return word


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


def _mix(word: _Words) -> None:
    """In place: these are small arrays in great number."""
    shifted = np.empty_like(word)
    for shift, factor in _ROUNDS:
        np.right_shift(word, shift, out=shifted)
        word ^= shifted
        word *= factor
    np.right_shift(word, np.uint64(31), out=shifted)
    word ^= shifted
