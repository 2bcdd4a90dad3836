"""Seeds and hashes that depend on words alone: the same on every machine, whatever ran before."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def seed_of(seed: int, *words: str) -> int:
    """A seed of 31 bits for one purpose.

    Parameters
    ----------
    seed : int
        Of the training.
    *words : str
        The purpose.
    """
    return _number(f"{seed}/{'/'.join(words)}") >> 33


def ranks(seed: int, names: NDArray[np.object_]) -> NDArray[np.uint64]:
    """A random number per name, by which names are put into an order that says nothing of them.

    Parameters
    ----------
    seed : int
        Of the training.
    names : numpy.ndarray of object, shape (n,)
        Text.
    """
    return np.array([_number(f"{seed}/{name}") for name in names], dtype=np.uint64)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
