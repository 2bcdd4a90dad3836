"""Grow the default classifier: gradient boosting on the packet's fields, and on fields and image, as one forest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest
from science_modules.common.boosting import TreeSettings, arrays_of, boosted, classes_alike, joined
from science_modules.common.every_class import every_class
from science_modules.stamp import CLASSES, image_numbers, metadata

FEATURES = (*metadata.NAMES, *image_numbers.NAMES)
N_CLASSES = len(CLASSES)


@dataclass(frozen=True)
class Settings(TreeSettings):
    """How the trees are grown, and what weighs how much.

    Attributes
    ----------
    prior : float
        Classes weigh alike in training; log shares of the real examples with stamps are added to the logits by so much.
    simulated : float
        Weight of a simulated example against a real one.
    """

    prior: float = 0.3
    simulated: float = 0.05


@dataclass(frozen=True)
class TrainingSet:
    """Examples as arrays.

    Attributes
    ----------
    fields : numpy.ndarray of float64, shape (n, len(metadata.NAMES))
    numbers : numpy.ndarray of float64, shape (n, len(image_numbers.NAMES))
        Rows that are NaN throughout have no stamps: they teach the trees on fields alone.
    label : numpy.ndarray of int, shape (n,)
        Index of the class.
    simulated : numpy.ndarray of bool, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
        Of the labels, against others of their class.
    """

    fields: Floats
    numbers: Floats
    label: NDArray[np.int_]
    simulated: NDArray[np.bool_]
    weight: Floats

    def __len__(self) -> int:
        return len(self.label)

    @property
    def features(self) -> Floats:
        """The columns of FEATURES, shape (n, len(FEATURES))."""
        return np.hstack([self.fields, self.numbers])

    @property
    def has_stamps(self) -> NDArray[np.bool_]:
        """Which have stamps, shape (n,)."""
        return np.asarray(np.isfinite(self.numbers).any(axis=1))

    def take(self, rows: NDArray[Any]) -> "TrainingSet":
        """Some of them.

        Parameters
        ----------
        rows : numpy.ndarray of bool or int
        """
        return TrainingSet(**{name: values[rows] for name, values in vars(self).items()})


def grow(examples: TrainingSet, settings: Settings, seed: int) -> Forest:
    """The mean of two boosted classifiers as one forest; temperature 1.

    Parameters
    ----------
    examples : TrainingSet
        With every class, and every class among those with stamps.
    settings : Settings
    seed : int

    Raises
    ------
    ValueError
        If a class has no example with stamps.
    """
    pictured = examples.take(examples.has_stamps)
    every_class(CLASSES, np.bincount(pictured.label, minlength=N_CLASSES), "examples with stamps")
    of_fields = boosted(examples.fields, examples.label, _weights(examples, settings), settings, seed)
    of_both = boosted(pictured.features, pictured.label, _weights(pictured, settings), settings, seed)
    parts = [arrays_of(of_fields, 0.5), arrays_of(of_both, 0.5)]
    real = np.bincount(pictured.label[~pictured.simulated], minlength=N_CLASSES)
    base = sum(part["base"] for part in parts) + settings.prior * np.log((real + 1) / (real + 1).sum())
    return Forest(np.array(FEATURES), base, **joined(parts), temperature=np.ones(1))


def _weights(examples: TrainingSet, settings: Settings) -> Floats:
    """Simulated examples weigh less; then each class as much as any other."""
    return classes_alike(
        examples.label, np.where(examples.simulated, settings.simulated, 1.0) * examples.weight, N_CLASSES
    )
