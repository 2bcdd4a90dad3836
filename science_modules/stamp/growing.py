"""Grow the default classifier's forests: each is gradient boosting on the packet's fields, and on fields and image, as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest
from science_modules.common.boosting import TreeSettings, arrays_of, boosted, classes_alike, joined
from science_modules.common.every_class import every_class
from science_modules.stamp import ASTEROID, CLASSES, history, metadata
from science_modules.stamp.trees import FEATURES

N_CLASSES = len(CLASSES)
_STAYING = tuple(name for name in CLASSES if name != CLASSES[ASTEROID])  # still there half an hour later


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
    past : numpy.ndarray of float64, shape (n, len(history.NAMES))
    earlier : numpy.ndarray of bool, shape (n,)
        Whether the packet holds an earlier detection.
    label : numpy.ndarray of int, shape (n,)
        Index of the class.
    simulated : numpy.ndarray of bool, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
        Of the labels, against others of their class.
    """

    fields: Floats
    numbers: Floats
    past: Floats
    earlier: NDArray[np.bool_]
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
    """The forest of an alert by itself; temperature 1.

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
    return _grown(examples, CLASSES, (), examples.features, settings, seed)


def grow_history(examples: TrainingSet, settings: Settings, seed: int) -> Forest:
    """The forest of alerts that were seen before, no asteroids among them; temperature 1.

    Parameters
    ----------
    examples : TrainingSet
        Those without an earlier detection are not learnt from.
    settings : Settings
    seed : int

    Raises
    ------
    ValueError
        If a class has no example with an earlier detection and stamps.
    """
    known = examples.take(examples.earlier & (examples.label != ASTEROID))
    return _grown(known, _STAYING, history.NAMES, np.hstack([known.features, known.past]), settings, seed)


def _grown(
    known: TrainingSet, classes: Sequence[str], more: Sequence[str], x: Floats, settings: Settings, seed: int
) -> Forest:
    """The mean of two boosted classifiers of some classes, on FEATURES and more; the others' logits are minus infinity."""
    place = np.array([CLASSES.index(name) for name in classes])  # ascending
    label, pictured = np.searchsorted(place, known.label), known.has_stamps
    seen = " with an earlier detection and stamps" if more else " with stamps"
    every_class(classes, np.bincount(label[pictured], minlength=len(classes)), f"examples{seen}")
    of_fields = np.r_[: len(metadata.NAMES), len(FEATURES) : x.shape[1]]  # columns that are there without stamps
    grown = [
        _boosted(known, label, len(classes), rows, x, columns, settings, seed)
        for rows, columns in ((np.full(len(known), True), of_fields), (pictured, np.arange(x.shape[1])))
    ]
    real = np.bincount(label[pictured & ~known.simulated], minlength=len(classes))
    base = np.full(N_CLASSES, -np.inf)
    base[place] = sum(part["base"] for part in grown) + settings.prior * np.log((real + 1) / (real + 1).sum())
    nodes = joined(grown)
    nodes["classes"] = place[nodes["classes"]].astype(np.int32)
    return Forest(np.array((*FEATURES, *more)), base, **nodes, temperature=np.ones(1))


def _boosted(
    known: TrainingSet,
    label: NDArray[np.int_],
    n_classes: int,
    rows: NDArray[np.bool_],
    x: Floats,
    columns: NDArray[np.int_],
    settings: Settings,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """One of the two, with half the say: of some examples and columns."""
    weight = weights(known.take(rows), label[rows], n_classes, settings)
    part = arrays_of(boosted(x[np.ix_(rows, columns)], label[rows], weight, settings, seed), 0.5)
    part["feature"] = columns[part["feature"]].astype(np.int32)
    return part


def weights(known: TrainingSet, label: NDArray[np.int_], n_classes: int, settings: Settings) -> Floats:
    """Simulated examples weigh less; then each class as much as any other.

    Parameters
    ----------
    known : TrainingSet
    label : numpy.ndarray of int, shape (n,)
        Counted from 0 in these classes.
    n_classes : int
    settings : Settings
    """
    return classes_alike(label, np.where(known.simulated, settings.simulated, 1.0) * known.weight, n_classes)
