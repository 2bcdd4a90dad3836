"""Random numbers that are functions of their keys: the same whatever else was asked, for arrays of keys at once."""

from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from science_modules.common.compiled import compiled

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
    word = _begin(seed, purpose)
    for key in keys:
        word = np.bitwise_xor(word, np.asarray(key, dtype=np.int64).view(np.uint64), order="C")
        _mix(word.reshape(-1), _STEP)
    numbers = np.empty(word.shape)
    _number(word.reshape(-1), numbers.reshape(-1))
    return numbers


@lru_cache(1024)
def _begin(seed: int, purpose: str) -> _Words:
    word = np.array([seed], np.uint64) + _STEP * np.array([crc32(purpose.encode())], np.uint64)
    _mix(word, np.uint64(0))
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


@compiled
def _mix(word: _Words, step: np.uint64) -> None:
    """A step added and its bits mixed, in place."""
    for k in range(len(word)):
        bits = word[k] + step
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word[k] = bits ^ (bits >> np.uint64(31))


@compiled
def _number(word: _Words, number: Floats) -> None:
    """The upper 52 bits as a number between 0 and 1."""
    for k in range(len(word)):
        number[k] = (np.float64(word[k] >> np.uint64(12)) + 0.5) * 2.0**-52
