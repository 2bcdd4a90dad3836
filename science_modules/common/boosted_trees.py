"""Boosted trees as plain arrays: read from a file without pickle, summed without scikit-learn, one alert at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from science_modules.common.plain_arrays import PlainArrays

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forest(PlainArrays):
    """Trees, one behind the other; each adds to the logit of one class.

    Attributes
    ----------
    features : numpy.ndarray of str, shape (n_features,)
        What the columns are.
    base : numpy.ndarray of float64, shape (n_classes,)
        Logits before any tree.
    roots, classes : numpy.ndarray of int32, shape (n_trees,)
        First node of each tree, and the class that it is for.
    feature, left, right : numpy.ndarray of int32, shape (n_nodes,)
        Column that a node splits on, and where it leads; left is 0 in a leaf.
    missing_left : numpy.ndarray of bool, shape (n_nodes,)
        Whether NaN goes left.
    value : numpy.ndarray of float64, shape (n_nodes,)
        Threshold (x <= value goes left), or in a leaf what it adds.
    temperature : numpy.ndarray of float64, shape (1,)
        By which logits are divided for calibrated probabilities.
    """

    features: NDArray[np.str_]
    base: Floats
    roots: NDArray[np.int32]
    classes: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: Floats
    temperature: Floats

    @classmethod
    def of_features(cls, data: bytes, features: Sequence[str]) -> Self:
        """Read a file; the compiled walk is made ready.

        Parameters
        ----------
        data : bytes
            As `to_bytes` gives it.
        features : sequence of str
            What the columns should be.

        Raises
        ------
        ValueError
            If the trees were grown on others.
        """
        forest = cls.from_bytes(data)
        if tuple(forest.features) != tuple(features):
            raise ValueError(f"trees split on {list(forest.features)}, this module gives {list(features)}")
        forest.logits(np.zeros((1, len(features))))
        return forest

    def logits(self, x: Floats) -> Floats:
        """The logits of every class, shape (n, n_classes).

        Parameters
        ----------
        x : numpy.ndarray of float64, shape (n, n_features)
        """
        from science_modules.common.tree_walk import walk

        out = np.tile(self.base, (len(x), 1))
        nodes = (self.roots, self.classes, self.feature, self.left, self.right, self.missing_left, self.value)
        walk(*nodes, np.ascontiguousarray(x, np.float64), out)
        return out


def probabilities(logits: Floats, temperature: float = 1.0) -> Floats:
    """Softmax of logits over a temperature, shape (n, n_classes).

    Parameters
    ----------
    logits : numpy.ndarray of float64, shape (n, n_classes)
    temperature : float
        Above 1 flattens.
    """
    shifted = logits / temperature
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
