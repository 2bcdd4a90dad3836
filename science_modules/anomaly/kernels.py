"""The walk of every light curve through every tree, compiled."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def walk(
    roots: NDArray[np.int32],
    feature: NDArray[np.uint8],
    left: NDArray[np.int32],
    value: NDArray[np.float32],
    average: NDArray[np.float32],
    x: NDArray[np.float32],
    paths: Floats,
    shortened: Floats,
) -> None:
    """Add to `paths` each row's path length over all trees, to `shortened` how much each feature's splits cut it.

    Parameters
    ----------
    roots, feature, left, value, average
        See forest.Forest.
    x : numpy.ndarray of float32, shape (n, n_features)
    paths : numpy.ndarray of float64, shape (n,)
        Zeros on entry.
    shortened : numpy.ndarray of float64, shape (n, n_features)
        Zeros on entry. A split takes one step and leads from a node with expected path length a to a child with b:
        it shortens the path by a - b - 1.
    """
    for i in range(len(x)):
        for root in roots:
            node = root
            while left[node] > 0:
                j = feature[node]
                child = left[node] if x[i, j] <= value[node] else left[node] + 1
                shortened[i, j] += average[node] - average[child] - 1.0
                node = child
            paths[i] += value[node]
