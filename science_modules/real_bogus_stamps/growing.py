"""Grow the trees of one survey, and calibrate their answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest
from science_modules.common.boosting import TreeSettings, arrays_of, boosted, classes_alike, joined
from science_modules.common.every_class import every_class
from science_modules.common.image_numbers import NAMES
from science_modules.real_bogus_stamps import CLASSES

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Settings(TreeSettings):
    """How the trees are grown, and what weighs how much.

    Attributes
    ----------
    simulated : float
        Share of the weight of a class that its simulated examples have together, where it has real ones, too.
    """

    leaves: int = 8
    least: int = 10
    shrinkage: float = 3.0
    simulated: float = 0.1


def grow(numbers: Floats, label: NDArray[np.int_], simulated: Bools, settings: Settings, seed: int) -> Forest:
    """The boosted classifier as a forest of one logit, not calibrated; bogus (0) and real (1) weigh alike.

    Parameters
    ----------
    numbers : numpy.ndarray of float64, shape (n, len(NAMES))
    label : numpy.ndarray of int, shape (n,)
        0 or 1.
    simulated : numpy.ndarray of bool, shape (n,)
    settings : Settings
    seed : int

    Raises
    ------
    ValueError
        If there are no examples of one of the two.
    """
    every_class(CLASSES, np.bincount(label, minlength=len(CLASSES)), "examples")
    weight = classes_alike(label, _weights(label, simulated, settings.simulated), len(CLASSES))
    part = arrays_of(boosted(numbers, label, weight, settings, seed))
    return Forest(np.array(NAMES), part["base"], **joined([part]), temperature=np.ones(1))


def _weights(label: NDArray[np.int_], simulated: Bools, share: float) -> Floats:
    """Simulated examples of a class have this share of its weight, real ones the rest; all of it where they are alone."""
    weight = np.ones(len(label))
    for k in range(len(CLASSES)):
        made, seen = simulated & (label == k), ~simulated & (label == k)
        if made.any() and seen.any():
            weight[made], weight[seen] = share / made.sum(), (1 - share) / seen.sum()
    return weight


def calibrated(forest: Forest, logits: Floats, label: NDArray[np.int_]) -> Forest:
    """The forest with such a scale and shift that its probability is right where bogus and real are equally frequent.

    Logistic regression on the logit (Platt 1999), both classes weighing alike.

    Parameters
    ----------
    forest : Forest
        As `grow` gives it.
    logits : numpy.ndarray of float64, shape (n,)
        Of forests that did not see the example.
    label : numpy.ndarray of int, shape (n,)
        0 or 1, both there.
    """
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(class_weight="balanced").fit(logits[:, None], label)
    slope = max(float(line.coef_[0, 0]), 0.1)  # never turned over
    shift = float(line.intercept_[0]) / slope
    return Forest(**{**vars(forest), "base": forest.base + shift, "temperature": np.array([1 / slope])})
