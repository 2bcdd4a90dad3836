"""Four forests as plain arrays: read from a file without pickle, walked without scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from science_modules.common.light_curve_classes import (
    BALANCED_SHARES,
    BRANCHES,
    SKY_SHARES,
    n_classes,
)
from science_modules.common.plain_arrays import PlainArrays

Floats = NDArray[np.float64]

N_FORESTS = 1 + len(BRANCHES)  # of the branches, then of each branch's classes
FLOOR = 1e-3  # a class that no tree chose is not ruled out: added to the shares of a forest before they are tempered


@dataclass(frozen=True)
class Answer:
    """Probabilities of n objects; every row sums to 1.

    Attributes
    ----------
    branch : numpy.ndarray of float64, shape (n, 3)
        Of the branches, as the trees say it.
    leaf : numpy.ndarray of float64, shape (n, 15)
        Of the classes, as the trees say it: P(branch) x P(class | branch).
    calibrated : numpy.ndarray of float64, shape (n, 15)
        The same after each forest's temperature; branches, and classes within one, are still taken to be equally frequent.
    sky : numpy.ndarray of float64, shape (n, 15)
        The calibrated ones if classes are as frequent as in the published labelled set.
    """

    branch: Floats
    leaf: Floats
    calibrated: Floats
    sky: Floats


@dataclass(frozen=True)
class Forest(PlainArrays):
    """The trees, one behind the other; the node behind a node is where small values go.

    Attributes
    ----------
    features : numpy.ndarray of str, shape (n_features,)
        What the columns are.
    forest : numpy.ndarray of uint8, shape (n_trees,)
        Which of the four forests a tree is of; ascending.
    roots : numpy.ndarray of int32, shape (n_trees,)
        First node of each tree.
    feature : numpy.ndarray of uint8, shape (n_nodes,)
        Column that a node splits on.
    threshold : numpy.ndarray of float32, shape (n_nodes,)
        x <= threshold goes to the next node.
    skip : numpy.ndarray of int32, shape (n_nodes,)
        By how many nodes x > threshold goes on; 0 in a leaf.
    missing_left : numpy.ndarray of bool, shape (n_nodes,)
        Whether NaN goes to the next node.
    counts : numpy.ndarray of uint16, shape (n_leaves, 6)
        Training draws of each class of the forest that came to a leaf, in the order of the leaves among the nodes.
    temperature : numpy.ndarray of float64, shape (4,)
        Of each forest's shares: below 1 sharpens them.
    importance : numpy.ndarray of float32, shape (4, n_features)
        Share of each feature in what the splits of a forest gained (entropy).
    trained_on : numpy.ndarray of str, shape (1,)
        In a few words.
    """

    features: NDArray[np.str_]
    forest: NDArray[np.uint8]
    roots: NDArray[np.int32]
    feature: NDArray[np.uint8]
    threshold: NDArray[np.float32]
    skip: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    counts: NDArray[np.uint16]
    temperature: Floats
    importance: NDArray[np.float32]
    trained_on: NDArray[np.str_]

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
        found = forest.features.tolist()
        if found != list(features):
            beside = sorted(set(found) - set(features)), sorted(set(features) - set(found))
            raise ValueError(
                f"the file's trees alone read {beside[0]}, the module alone {beside[1]}; wants the same order"
            )
        forest.predict(np.zeros((1, len(forest.features))))
        return forest

    @cached_property
    def jump(self) -> NDArray[np.int64]:
        """Per node where x > threshold goes; in a leaf less its place among the leaves."""
        leaf = self.skip == 0
        return np.where(leaf, 1 - np.cumsum(leaf), np.arange(len(self.skip)) + self.skip)

    @cached_property
    def leaf_shares(self) -> Floats:
        """Class shares of every leaf, shape (n_leaves, 6)."""
        return np.asarray(self.counts / self.counts.sum(axis=1, keepdims=True, dtype=np.float64))

    def shares(self, x: NDArray[np.floating]) -> list[Floats]:
        """What each of the four forests says, the mean of its trees; shapes (n, 3), (n, 6), (n, 5), (n, 4).

        Parameters
        ----------
        x : numpy.ndarray of float, shape (n, n_features)
            Taken as float32, NaN is missing.
        """
        x = np.ascontiguousarray(x, np.float32)
        return [self._shares_of(number, x) for number in range(N_FORESTS)]

    def _shares_of(self, number: int, x: NDArray[np.float32]) -> Floats:
        from science_modules.common.forest_walk import walk

        roots = self.roots[self.forest == number].astype(np.int64)
        out = np.zeros((len(x), n_classes(number)))
        walk(roots, self.jump, self.feature, self.missing_left, self.threshold, self.leaf_shares, x, out)
        return out / len(roots)

    def predict(self, x: NDArray[np.floating]) -> Answer:
        """The probabilities of n objects.

        Parameters
        ----------
        x : numpy.ndarray of float, shape (n, n_features)
            Taken as float32, NaN is missing.
        """
        said = self.shares(x)
        calibrated = joined([tempered(part, t) for part, t in zip(said, self.temperature, strict=True)])
        sky = calibrated * (SKY_SHARES / BALANCED_SHARES)
        return Answer(said[0], joined(said), calibrated, sky / sky.sum(axis=1, keepdims=True))


def joined(shares: Sequence[Floats]) -> Floats:
    """P(branch) x P(class | branch), shape (n, 15).

    Parameters
    ----------
    shares : sequence of numpy.ndarray of float64
        As `Forest.shares` gives them.
    """
    branches, *of_branches = shares
    return np.hstack([branches[:, [k]] * part for k, part in enumerate(of_branches)])


def tempered(shares: Floats, temperature: float) -> Floats:
    """Shares of a forest to the power 1 / temperature, summing to 1 again; shape as given.

    Parameters
    ----------
    shares : numpy.ndarray of float64, shape (n, n_classes)
    temperature : float
        Below 1 sharpens.
    """
    powers = (shares + FLOOR) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
