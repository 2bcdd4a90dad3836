"""The walk of every alert through every tree, compiled."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def walk(
    roots: NDArray[np.int32],
    classes: NDArray[np.int32],
    feature: NDArray[np.int32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    missing_left: NDArray[np.bool_],
    value: Floats,
    x: Floats,
    out: Floats,
) -> None:
    """Add to `out` what each row's leaves say.

    Parameters
    ----------
    roots, classes, feature, left, right, missing_left, value
        See forest.Forest.
    x : numpy.ndarray of float64, shape (n, n_features)
        NaN is missing.
    out : numpy.ndarray of float64, shape (n, n_classes)
        Logits; each row's sum runs in the order of the trees.
    """
    for tree in range(len(roots)):
        for i in range(len(x)):
            node = roots[tree]
            while left[node] > 0:
                number = x[i, feature[node]]
                goes_left = missing_left[node] if np.isnan(number) else number <= value[node]
                node = left[node] if goes_left else right[node]
            out[i, classes[tree]] += value[node]
