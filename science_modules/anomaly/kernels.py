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
    gain: NDArray[np.float32],
    x: NDArray[np.float32],
    paths: Floats,
    gains: Floats,
) -> None:
    """Add to `paths` each row's path length over all trees, to `gains` how much each feature's splits shortened it.

    Parameters
    ----------
    roots, feature, left, value, gain
        See forest.Forest.
    x : numpy.ndarray of float32, shape (n, n_features)
    paths : numpy.ndarray of float64, shape (n,)
        Zeros on entry.
    gains : numpy.ndarray of float64, shape (n, n_features)
        Zeros on entry.
    """
    for root in roots:  # tree by tree, so that one tree stays in the processor's cache
        for i in range(len(x)):
            node = root
            child = left[node]
            while child > 0:
                j = feature[node]
                child += x[i, j] > value[node]
                gains[i, j] += gain[child]
                node = child
                child = left[node]
            paths[i] += value[node]
