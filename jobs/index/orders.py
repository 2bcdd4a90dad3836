"""Sorted numbers with the rows that they stand for: found by two short searches, whatever their number.

Every FEW-th number is kept again, in front: the first search is among these, the second in the few numbers between two.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.index.checked_file import CheckedFile, CheckedWriter

Ints = NDArray[np.int64]
FEW = 2048
_ROWS = "<u4"


def hashes(*names: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """One number for each of some names, or for each set of names that belong together; the same on every machine.

    Parameters
    ----------
    *names : pyarrow.Array of string, shape (n,)
        NULL is the empty name.

    Returns
    -------
    numpy.ndarray of uint64, shape (n,)
        Of 10^9 names two have the same with a probability of 3 %: who asks looks at the name.
    """
    filled = [pc.fill_null(each.cast(pa.string()), "") for each in names]
    joined = filled[0] if len(filled) == 1 else pc.binary_join_element_wise(*filled, "\0")
    return np.asarray(pd.util.hash_array(joined.to_numpy(zero_copy_only=False).astype(object), categorize=False))


@lru_cache(maxsize=256)
def hash_of(*names: str) -> np.uint64:
    """The number of a name, or of names that belong together, as `hashes` gives it.

    Parameters
    ----------
    *names : str
    """
    return np.uint64(hashes(*(pa.array([name]) for name in names))[0])


@dataclass(frozen=True)
class Order:
    """An order of a file's rows.

    Parameters
    ----------
    file : CheckedFile
    name : str
        Of its sections.
    dtype : str
        Of its numbers.
    count : int
        How many they are.
    """

    file: CheckedFile
    name: str
    dtype: str
    count: int

    def rows(self, low: Any, high: Any) -> Ints:
        """Rows whose number is from low to high, in its order.

        Parameters
        ----------
        low, high : number
            Both belong to it.
        """
        first, keys = self._between(low, high)
        start, stop = np.searchsorted(keys, low, "left"), np.searchsorted(keys, high, "right")
        return self._rows(first + int(start), first + int(stop))

    def last(self, many: int) -> Ints:
        """Rows with the largest numbers: so many, and all that have the same number as the least of them.

        Parameters
        ----------
        many : int
        """
        at = max(self.count - many, 0)
        if at == 0:
            return self._rows(0, self.count)
        least = self.file.array(self.name, self.dtype, at, at + 1)[0]
        first, keys = self._between(least, least)
        return self._rows(first + int(np.searchsorted(keys, least, "left")), self.count)

    def spans(self, low: np.ndarray, high: np.ndarray) -> Ints:
        """Places in the order whose number is in one of some ranges, ascending.

        Parameters
        ----------
        low, high : numpy.ndarray, shape (ranges,)
            Ends of ranges that do not overlap.
        """
        first, keys = self._between(low.min(), high.max())
        starts, stops = np.searchsorted(keys, low, "left"), np.searchsorted(keys, high, "right")
        places = [np.arange(start, stop) for start, stop in zip(starts, stops, strict=True) if stop > start]
        return np.asarray(first + np.sort(np.concatenate([*places, np.zeros(0, np.int64)])), np.int64)

    def _between(self, low: Any, high: Any) -> tuple[int, np.ndarray]:
        """The numbers among which all of a range are, and the place of the first."""
        heads = self.file.array(f"{self.name}.heads", self.dtype)
        first = max(int(np.searchsorted(heads, low, "left")) - 1, 0) * FEW
        last = min(int(np.searchsorted(heads, high, "right")) * FEW, self.count)
        return first, self.file.array(self.name, self.dtype, first, max(last, first))

    def _rows(self, start: int, stop: int) -> Ints:
        return self.file.array(f"{self.name}.rows", _ROWS, start, stop).astype(np.int64)


def write_order(writer: CheckedWriter, name: str, keys: np.ndarray, rows: Ints | None = None) -> int:
    """Write an order of rows by a number.

    Parameters
    ----------
    writer : CheckedWriter
    name : str
        Of its sections.
    keys : numpy.ndarray, shape (n,)
    rows : numpy.ndarray of int64, shape (n,), optional
        The rows that they are of; 0 to n - 1 without it.

    Returns
    -------
    int
        How many there are.
    """
    order = np.argsort(keys, kind="stable")
    write_sorted(writer, name, keys[order])
    writer.section(f"{name}.rows", (order if rows is None else rows[order]).astype(_ROWS))
    return len(keys)


def write_sorted(writer: CheckedWriter, name: str, keys: np.ndarray) -> None:
    """Write numbers that are sorted already, without rows: their places are the rows.

    Parameters
    ----------
    writer : CheckedWriter
    name : str
        Of their section.
    keys : numpy.ndarray, shape (n,)
    """
    writer.section(name, keys)
    writer.section(f"{name}.heads", keys[::FEW])
