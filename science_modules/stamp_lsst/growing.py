"""Grow the classifier: gradient boosting on the packet's fields, and on fields and image, as one forest.

Half of the trees do not see the image: a simulated image is less like a real one than a simulated field is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest
from science_modules.common.boosting import TreeSettings, arrays_of, boosted, classes_alike, joined
from science_modules.common.every_class import every_class
from science_modules.stamp_lsst import CLASSES, FEATURES
from science_modules.stamp_lsst.fields import NAMES, SNR

_EDGES = np.log([7, 10, 15, 25, 50, 100])  # of signal to noise


@dataclass(frozen=True)
class Settings(TreeSettings):
    """How the trees are grown, and what weighs how much.

    Attributes
    ----------
    repeats : int
        Classifiers of each of the two kinds of which the mean is taken, each with a seed of its own.
    even : float
        1: within a class every range of signal to noise weighs alike, so that the few bright ones are learnt, too; 0: none does.
    """

    rounds: int = 40
    repeats: int = 2
    even: float = 1.0


def grow(features: Floats, label: NDArray[np.int_], weight: Floats, settings: Settings, seed: int) -> Forest:
    """The boosted classifier as a forest; temperature 1.

    Parameters
    ----------
    features : numpy.ndarray of float64, shape (n, len(FEATURES))
    label : numpy.ndarray of int, shape (n,)
        Index of the class.
    weight : numpy.ndarray of float64, shape (n,)
        Against others of its class.
    settings : Settings
    seed : int

    Raises
    ------
    ValueError
        If a class has no example.
    """
    every_class(CLASSES, np.bincount(label, minlength=len(CLASSES)))
    alike = classes_alike(label, weight * _evened(features, label, settings.even), len(CLASSES))
    share = 0.5 / settings.repeats
    parts = [
        arrays_of(boosted(features[:, :width], label, alike, settings, seed + number), share)
        for number in range(settings.repeats)
        for width in (len(NAMES), len(FEATURES))
    ]
    base = np.sum([part["base"] for part in parts], axis=0)
    return Forest(np.array(FEATURES), base, **joined(parts), temperature=np.ones(1))


def _evened(features: Floats, label: NDArray[np.int_], power: float) -> Floats:
    """Weights by how many of the class are about as bright."""
    cell = label * (len(_EDGES) + 1) + np.digitize(features[:, SNR], _EDGES)
    return np.asarray(np.bincount(cell)[cell].astype(np.float64) ** -power)
