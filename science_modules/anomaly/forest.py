"""An isolation forest as plain arrays: read from a file without pickle, scored without coniferest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.plain_arrays import PlainArrays

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forest(PlainArrays):
    """The trees, one behind the other, and the scores of what they were trained on.

    Attributes
    ----------
    features : numpy.ndarray of str, shape (n_features,)
        The statistics that the trees split on, in the order of the columns.
    roots : numpy.ndarray of int32, shape (n_trees,)
        First node of each tree.
    feature : numpy.ndarray of uint8, shape (n_nodes,)
        Column that a node splits on.
    left : numpy.ndarray of int32, shape (n_nodes,)
        Node for x <= value; the node behind it is for x > value; 0 for a leaf.
    value : numpy.ndarray of float32, shape (n_nodes,)
        Threshold, or in a leaf the path length that is reached there.
    gain : numpy.ndarray of float32, shape (n_nodes,)
        Steps by which coming to a node shortened the path that was expected at its parent: c(n of the parent) -
        c(n of the node) - 1, n the training points there; 0 for a root.
    scale : numpy.ndarray of float64, shape (1,)
        c(n), the expected path length in a tree of n training points (Liu et al. 2008, eq. 1).
    training_scores : numpy.ndarray of float64, shape (n_training,)
        Scores of the training alerts, ascending.
    """

    features: NDArray[np.str_]
    roots: NDArray[np.int32]
    feature: NDArray[np.uint8]
    left: NDArray[np.int32]
    value: NDArray[np.float32]
    gain: NDArray[np.float32]
    scale: Floats
    training_scores: Floats

    def score(self, x: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Scores, and how much each feature contributed.

        Parameters
        ----------
        x : numpy.ndarray of float32, shape (n, n_features)

        Returns
        -------
        scores : numpy.ndarray, shape (n,)
            -2^(-mean path / c(n)), as coniferest's and scikit-learn's score_samples: -1 to 0, lower is more anomalous.
        contributions : numpy.ndarray, shape (n, n_features)
            Steps by which the splits on a feature shortened the mean path; they add up to c(n) - mean path.
        """
        from science_modules.anomaly.kernels import walk

        x = np.ascontiguousarray(x, np.float32)
        paths, gains = np.zeros(len(x)), np.zeros(x.shape)
        walk(self.roots, self.feature, self.left, self.value, self.gain, x, paths, gains)
        return -(2.0 ** (-paths / (self.scale[0] * len(self.roots)))), gains / len(self.roots)

    def percentile(self, scores: Floats) -> Floats:
        """Share of the training alerts that are less anomalous, 0 to 100.

        Parameters
        ----------
        scores : numpy.ndarray of float64, any shape
            As `score` gives them, the lowest of an alert's bands.
        """
        reference = self.training_scores
        less = len(reference) - np.searchsorted(reference, scores, side="right")
        return 100.0 * less / len(reference)
