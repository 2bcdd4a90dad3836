"""Batches in which every class is drawn as often as any other, by replication of the rarer ones."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.common.every_class import every_class

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pools:
    """The rows of each class, real and simulated.

    Attributes
    ----------
    real, simulated : tuple of numpy.ndarray of int64
        Row numbers, a class each; one of the two may be empty.
    """

    real: tuple[Rows, ...]
    simulated: tuple[Rows, ...]

    def drawn(self, size: int, share: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Rows of a batch, and the class of each.

        Parameters
        ----------
        size : int
        share : float
            Of the rows of a class that are real ones, where it has both.
        rng : numpy.random.Generator
            Of this batch alone, so that a batch does not depend on those before it.
        """
        classes = rng.permutation(size) % len(self.real)
        wants_real = rng.random(size) < share
        at = rng.random(size)
        rows = np.empty(size, np.int64)
        for i, (number, first) in enumerate(zip(classes, wants_real, strict=True)):
            pool = self._pool(int(number), bool(first))
            rows[i] = pool[int(at[i] * len(pool))]
        return rows, classes.astype(np.int64)

    def _pool(self, number: int, wants_real: bool) -> Rows:
        one, other = self.real[number], self.simulated[number]
        return one if len(one) and (wants_real or not len(other)) else other


def pools(keys: pa.Table, classes: tuple[str, ...]) -> Pools:
    """Rows by class and origin.

    Parameters
    ----------
    keys : pyarrow.Table
        With label and simulated; row numbers are of this table.
    classes : tuple of str

    Raises
    ------
    ValueError
        If a class has no examples.
    """
    labels = np.array(keys["label"].to_pylist(), object)
    simulated = np.array(keys["simulated"].fill_null(False).to_pylist(), bool)
    every_class(classes, [int((labels == name).sum()) for name in classes])
    of = [[np.flatnonzero((labels == name) & (simulated == kind)) for name in classes] for kind in (False, True)]
    return Pools(tuple(of[0]), tuple(of[1]))
