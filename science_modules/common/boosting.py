"""Gradient boosting by scikit-learn as plain arrays: fit, joined into one forest, calibrated by a temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.boosted_trees import Floats, Forest, probabilities

Parts = Sequence[dict[str, NDArray[Any]]]
_TEMPERATURES = np.geomspace(0.4, 3.0, 60)


@dataclass(frozen=True)
class TreeSettings:
    """How trees are grown.

    Attributes
    ----------
    rounds, leaves, least : int
        Trees per class, leaves of a tree, examples of a leaf.
    rate, shrinkage : float
        Learning rate, and L2 term of a leaf.
    columns : float
        Share of the features that a node looks at.
    bins : int
        Values of a feature between which a node can split, 2 to 255.
    """

    rounds: int = 60
    leaves: int = 6
    least: int = 6
    rate: float = 0.12
    shrinkage: float = 1.0
    columns: float = 0.3
    bins: int = 32


def boosted(x: Floats, label: NDArray[np.int_], weight: Floats, settings: TreeSettings, seed: int) -> Any:
    """A fitted HistGradientBoostingClassifier.

    Parameters
    ----------
    x : numpy.ndarray of float64, shape (n, n_features)
        NaN is missing.
    label : numpy.ndarray of int, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
    settings : TreeSettings
    seed : int
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=settings.rounds, learning_rate=settings.rate, max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.least, l2_regularization=settings.shrinkage, max_features=settings.columns,
        max_bins=settings.bins, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return trees.fit(x, label, sample_weight=weight)


def classes_alike(label: NDArray[np.int_], weight: Floats, n_classes: int) -> Floats:
    """Weights by which each class weighs as much as any other, shape (n,); they sum to n.

    Parameters
    ----------
    label : numpy.ndarray of int, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
        Within a class.
    n_classes : int
    """
    total = np.bincount(label, weight, minlength=n_classes)
    return np.asarray(weight / total[label] * len(label) / n_classes)


def arrays_of(fitted: Any, share: float = 1.0) -> dict[str, NDArray[Any]]:
    """What `boosted` gave as arrays of a Forest: its base, and its nodes.

    Parameters
    ----------
    fitted : sklearn.ensemble.HistGradientBoostingClassifier
        Of three classes or more: one tree for each in a round.
    share : float
        By which its logits are multiplied.
    """
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


def joined(parts: Parts) -> dict[str, Any]:
    """The nodes of several classifiers, one behind the other: what a Forest has beside features, base, temperature.

    Parameters
    ----------
    parts : sequence of dict
        Of `arrays_of`.
    """
    lists: dict[str, list[NDArray[Any]]] = {name: [] for name in parts[0] if name != "base"}
    before = 0
    for part in parts:
        split = part["left"] > 0
        for name, arrays in lists.items():
            moved = (
                np.where(split, part[name] + before, 0).astype(np.int32) if name in ("left", "right") else part[name]
            )
            arrays.append(part["roots"] + np.int32(before) if name == "roots" else moved)
        before += len(part["left"])
    return {name: np.concatenate(arrays) for name, arrays in lists.items()}


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
