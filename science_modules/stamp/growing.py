"""Grow the default classifier: gradient boosting on the packet's fields, and on fields and image, as one forest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.stamp import CLASSES, image_numbers, metadata
from science_modules.stamp.forest import Floats, Forest, probabilities

FEATURES = (*metadata.NAMES, *image_numbers.NAMES)
N_CLASSES = len(CLASSES)
_TEMPERATURES = np.geomspace(0.4, 3.0, 60)


@dataclass(frozen=True)
class Settings:
    """How the trees are grown.

    Parameters
    ----------
    rounds, leaves, least : int
        Trees per class, leaves of a tree, examples of a leaf.
    rate, shrinkage : float
        Learning rate, and L2 term of a leaf.
    columns : float
        Share of the features that a node looks at.
    prior : float
        Classes weigh alike in training; log shares of the real examples with stamps are added to the logits by so much.
    simulated : float
        Weight of a simulated example against a real one.
    bins : int
        Values of a feature between which a node can split, 2 to 255.
    """

    rounds: int = 60
    leaves: int = 6
    least: int = 6
    rate: float = 0.12
    shrinkage: float = 1.0
    columns: float = 0.3
    prior: float = 0.3
    simulated: float = 0.05
    bins: int = 32


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
    counts = np.bincount(pictured.label, minlength=N_CLASSES)
    if not counts.all():
        told = ", ".join(f"{name} {count}" for name, count in zip(CLASSES, counts, strict=True))
        raise ValueError(f"every class wants examples with stamps, there are: {told}; give more, or fewer folds")
    of_fields = _boosted(examples.fields, examples, settings, seed)
    of_both = _boosted(pictured.features, pictured, settings, seed)
    parts = [_arrays(of_fields, 0.5), _arrays(of_both, 0.5)]
    real = np.bincount(pictured.label[~pictured.simulated], minlength=N_CLASSES)
    base = sum(part["base"] for part in parts) + settings.prior * np.log((real + 1) / (real + 1).sum())
    return Forest(np.array(FEATURES), base, **_joined(parts), temperature=np.ones(1))


def with_temperature(forest: Forest, temperature: float) -> Forest:
    """The forest with another temperature.

    Parameters
    ----------
    forest : Forest
    temperature : float
        By which logits are divided for calibrated probabilities.
    """
    return Forest(**{**vars(forest), "temperature": np.array([temperature])})


def best_temperature(logits: Floats, label: NDArray[np.int_]) -> float:
    """The temperature of the least cross-entropy, of 60 between 0.4 and 3.

    Parameters
    ----------
    logits : numpy.ndarray of float64, shape (n, n_classes)
    label : numpy.ndarray of int, shape (n,)
    """
    rows = np.arange(len(label))
    losses = [-np.log(probabilities(logits, each)[rows, label] + 1e-12).mean() for each in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _boosted(x: Floats, examples: TrainingSet, settings: Settings, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=settings.rounds, learning_rate=settings.rate, max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.least, l2_regularization=settings.shrinkage, max_features=settings.columns,
        max_bins=settings.bins, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return trees.fit(x, examples.label, sample_weight=_weights(examples, settings.simulated))


def _weights(examples: TrainingSet, simulated: float) -> Floats:
    """Simulated examples weigh less; then each class as much as any other."""
    weight = np.where(examples.simulated, simulated, 1.0) * examples.weight
    total = np.bincount(examples.label, weight, minlength=N_CLASSES)
    return np.asarray(weight / total[examples.label] * len(examples) / N_CLASSES)


def _arrays(fitted: Any, share: float) -> dict[str, NDArray[Any]]:
    trees = [(tree.nodes, k) for rounds in fitted._predictors for k, tree in enumerate(rounds)]
    nodes = np.concatenate([tree for tree, _ in trees])
    sizes = [len(tree) for tree, _ in trees]
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift, leaf = np.repeat(start, sizes), nodes["is_leaf"].astype(bool)
    return {
        "base": share * np.ravel(fitted._baseline_prediction),
        "roots": start.astype(np.int32),
        "classes": np.array([k for _, k in trees], np.int32),
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        "left": np.where(leaf, 0, nodes["left"] + shift).astype(np.int32),
        "right": np.where(leaf, 0, nodes["right"] + shift).astype(np.int32),
        "missing_left": nodes["missing_go_to_left"].astype(bool),
        "value": np.where(leaf, share * nodes["value"], nodes["num_threshold"]).astype(np.float64),
    }


def _joined(parts: list[dict[str, NDArray[Any]]]) -> dict[str, Any]:
    """The nodes of several classifiers, one behind the other."""
    joined: dict[str, list[NDArray[Any]]] = {name: [] for name in parts[0] if name != "base"}
    before = 0
    for part in parts:
        split = part["left"] > 0
        for name, arrays in joined.items():
            moved = (
                np.where(split, part[name] + before, 0).astype(np.int32) if name in ("left", "right") else part[name]
            )
            arrays.append(part["roots"] + np.int32(before) if name == "roots" else moved)
        before += len(part["left"])
    return {name: np.concatenate(arrays) for name, arrays in joined.items()}
