"""Numbers by text, for millions of texts: 16 bytes for each, by a hash of 64 bits.

For counting again only: that one of a million texts is taken for another has a chance of 1 in 10^7.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

# So many are held in a dictionary before they become an array.
RECENT = 1 << 16
_Run = tuple[NDArray[np.uint64], NDArray[np.int64]]


class Hashed:
    """A number for each text; the last one that was set counts."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[_Run] = []

    def set(self, text: str, number: int = 1) -> None:
        """Set the number of a text.

        Parameters
        ----------
        text : str
        number : int
        """
        self._recent[_hash(text)] = number
        if len(self._recent) >= RECENT:
            self._flush()

    def get(self, text: str, default: int = 0) -> int:
        """The number of a text; the default for one that was not set.

        Parameters
        ----------
        text : str
        default : int
        """
        key = _hash(text)
        if key in self._recent:
            return self._recent[key]
        for keys, numbers in reversed(self._runs):
            place = int(np.searchsorted(keys, np.uint64(key)))
            if place < len(keys) and int(keys[place]) == key:
                return int(numbers[place])
        return default

    def __contains__(self, text: str) -> bool:
        return self.get(text, -1) != -1

    def lacks(self, texts: Iterable[str]) -> list[str]:
        """The texts that were not set.

        Parameters
        ----------
        texts : iterable of str
        """
        return [text for text in texts if text not in self]

    def _flush(self) -> None:
        keys = np.fromiter(self._recent, dtype=np.uint64, count=len(self._recent))
        numbers = np.fromiter(self._recent.values(), dtype=np.int64, count=len(self._recent))
        self._recent = {}
        self._runs.append(_sorted([(keys, numbers)]))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            self._runs[-2:] = [_sorted(self._runs[-2:])]


def _sorted(runs: Sequence[_Run]) -> _Run:
    """One run of several: of a text that is in more than one, the last."""
    keys = np.concatenate([run[0] for run in reversed(runs)])
    numbers = np.concatenate([run[1] for run in reversed(runs)])
    unique, first = np.unique(keys, return_index=True)
    return unique, numbers[first]


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
