"""The walk of every object through every tree, compiled."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def walk(
    roots: NDArray[np.int64],
    jump: NDArray[np.int64],
    feature: NDArray[np.uint8],
    missing_left: NDArray[np.bool_],
    threshold: NDArray[np.float32],
    shares: Floats,
    x: NDArray[np.float32],
    out: Floats,
) -> None:
    """Add to `out` the class shares of the leaf that each object comes to, tree by tree.

    Parameters
    ----------
    roots : numpy.ndarray of int64, shape (n_trees,)
        First node of each tree.
    jump, feature, missing_left, threshold
        See hierarchical_forest.Forest.
    shares : numpy.ndarray of float64, shape (n_leaves, at least n_classes)
    x : numpy.ndarray of float32, shape (n, n_features)
        NaN is missing.
    out : numpy.ndarray of float64, shape (n, n_classes)
        Each object's sum runs in the order of the trees, whatever the batch.
    """
    for root in roots:  # tree by tree, so that one tree stays in the processor's cache
        for i in range(len(x)):
            node = root
            while jump[node] > 0:
                number = x[i, feature[node]]
                goes_left = missing_left[node] if np.isnan(number) else number <= threshold[node]
                node = node + 1 if goes_left else jump[node]
            for k in range(out.shape[1]):
                out[i, k] += shares[-jump[node], k]
