"""Grow the four forests of a hierarchical classifier: balanced bootstraps, scikit-learn's trees, plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.every_class import every_class
from science_modules.common.hierarchical_forest import N_FORESTS, Floats, Forest, tempered
from science_modules.common.light_curve_classes import (
    BRANCH_INDEX,
    BRANCHES,
    LEAVES,
    MOST_CLASSES,
    leaves_of,
    n_classes,
)

Ints = NDArray[np.int64]

_TEMPERATURES = np.geomspace(0.2, 3.0, 80)
_MOST_DRAWS = np.iinfo(np.uint16).max
_STOCHASTIC = 1 + BRANCHES.index("stochastic")


@dataclass(frozen=True)
class Settings:
    """How the trees are grown; the published forests have 500 trees, no limits, and as many draws as the smallest class.

    Parameters
    ----------
    trees : int
        Of each forest.
    draws : int
        Examples of each class that a tree is shown, at most: the size of the smallest class if that is less.
    depth : int, optional
        Splits from root to leaf at most.
    least : int
        Different examples in a leaf.
    columns, columns_stochastic : str or float
        Features that a split looks at, as scikit-learn's `max_features`; those of the stochastic branch.

    Raises
    ------
    ValueError
        For more draws than a leaf can count.
    """

    trees: int = 100
    draws: int = 2000
    depth: int | None = None
    least: int = 3
    columns: str | float = "sqrt"
    columns_stochastic: str | float = 0.2

    def __post_init__(self) -> None:
        if not 1 <= self.draws <= _MOST_DRAWS:
            raise ValueError(f"draws is {self.draws}, it should be 1 to {_MOST_DRAWS}")


def grow(
    x: NDArray[np.floating],
    leaf: NDArray[Any],
    settings: Settings,
    seed: int,
    names: Sequence[str],
    weight: Floats | None = None,
    trained_on: str = "",
) -> Forest:
    """The four forests; temperatures 1.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_features)
        Taken as float32; what is not finite is missing.
    leaf : numpy.ndarray of str, shape (n,)
        The true classes, of LEAVES.
    settings : Settings
    seed : int
    names : sequence of str
        Of the columns.
    weight : numpy.ndarray of float64, shape (n,), optional
        How often an example is drawn, against others of its class.
    trained_on : str
        What is told of the examples.

    Raises
    ------
    ValueError
        If a class has no example, or a label is no class.
    """
    x = np.where(np.isfinite(x), x, np.nan).astype(np.float32)
    index = leaf_index(leaf)
    every_class(LEAVES, np.bincount(index, minlength=len(LEAVES)))
    weight = np.ones(len(x)) if weight is None else weight
    grown = []
    for number in range(N_FORESTS):
        rows, label = examples_of(number, index)
        streams = np.random.default_rng([seed, number]).spawn(settings.trees)
        grown.append([_tree(x[rows], label, weight[rows], settings, number, rng) for rng in streams])
    return _as_arrays(grown, tuple(names), trained_on)


def with_temperatures(
    forest: Forest, x: NDArray[np.floating], leaf: NDArray[Any], weight: Floats | None = None
) -> Forest:
    """The forest with the temperatures of the least cross-entropy on examples that it has not seen.

    Parameters
    ----------
    forest : Forest
    x : numpy.ndarray of float, shape (n, n_features)
    leaf : numpy.ndarray of str, shape (n,)
    weight : numpy.ndarray of float64, shape (n,), optional
        Of the examples, against others of their class: classes weigh alike.
    """
    index, shares = leaf_index(leaf), forest.shares(x)
    weight = np.ones(len(index)) if weight is None else weight
    found = forest.temperature.copy()
    for number in range(N_FORESTS):
        rows, label = examples_of(number, index)
        if len(np.unique(label)) > 1:
            total = np.bincount(label, weight[rows])
            found[number] = best_temperature(shares[number][rows], label, weight[rows] / total[label])
    return replace(forest, temperature=found)


def best_temperature(shares: Floats, label: Ints, weight: Floats) -> float:
    """The temperature of the least cross-entropy, of 80 between 0.2 and 3.

    Parameters
    ----------
    shares : numpy.ndarray of float64, shape (n, n_classes)
    label : numpy.ndarray of int64, shape (n,)
    weight : numpy.ndarray of float64, shape (n,)
    """
    rows = np.arange(len(label))
    losses = [-(weight * np.log(tempered(shares, each)[rows, label])).sum() for each in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def leaf_index(leaf: NDArray[Any]) -> Ints:
    """Labels as indices into LEAVES, shape (n,).

    Parameters
    ----------
    leaf : numpy.ndarray of str, shape (n,)

    Raises
    ------
    ValueError
        If one is no class.
    """
    unknown = sorted({str(name) for name in leaf} - set(LEAVES))
    if unknown:
        raise ValueError(f"labels are of {list(LEAVES)}, found {unknown}")
    return np.array([LEAVES.index(name) for name in leaf], np.int64)


def examples_of(number: int, index: Ints) -> tuple[Ints, Ints]:
    """The examples of one of the four forests, and what they are there.

    Parameters
    ----------
    number : int
        0 for the branches, k + 1 for the classes of branch k.
    index : numpy.ndarray of int64, shape (n,)
        Into LEAVES.

    Returns
    -------
    rows, label : numpy.ndarray of int64, shape (n_rows,)
    """
    if number == 0:
        return np.arange(len(index)), BRANCH_INDEX[index]
    leaves = leaves_of(number - 1)
    rows = np.flatnonzero(np.isin(index, leaves))
    return rows, index[rows] - leaves[0]


def balanced_draws(label: Ints, weight: Floats, most: int, classes: int, rng: np.random.Generator) -> Ints:
    """How often each example is drawn for a tree, shape (n,): as often in sum for each class, with replacement.

    Parameters
    ----------
    label : numpy.ndarray of int64, shape (n,)
        0 to classes - 1, each there.
    weight : numpy.ndarray of float64, shape (n,)
        Of the examples, against others of their class.
    most : int
        Draws of a class; the size of the smallest class if that is less.
    classes : int
    rng : numpy.random.Generator
    """
    sizes = np.bincount(label, minlength=classes)
    times = np.zeros(len(label), np.int64)
    for k in range(classes):
        own = np.flatnonzero(label == k)
        drawn = rng.choice(own, min(most, int(sizes.min())), p=weight[own] / weight[own].sum())
        times += np.bincount(drawn, minlength=len(label))
    return times


def _tree(
    x: NDArray[np.float32], label: Ints, weight: Floats, settings: Settings, number: int, rng: np.random.Generator
) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    times = balanced_draws(label, weight, settings.draws, n_classes(number), rng)
    drawn = np.flatnonzero(times)
    tree = DecisionTreeClassifier(
        criterion="entropy", max_depth=settings.depth, min_samples_leaf=settings.least,
        max_features=settings.columns_stochastic if number == _STOCHASTIC else settings.columns,
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    return tree.fit(x[drawn], label[drawn], sample_weight=times[drawn].astype(np.float64))


def _as_arrays(grown: list[list[Any]], names: tuple[str, ...], trained_on: str) -> Forest:
    trees = [_nodes(tree) for trees in grown for tree in trees]
    sizes = [len(tree["skip"]) for tree in trees]
    together = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    importance = [np.mean([tree.feature_importances_ for tree in trees], axis=0) for trees in grown]
    return Forest(
        features=np.array(names),
        forest=np.repeat(np.arange(len(grown)), [len(trees) for trees in grown]).astype(np.uint8),
        roots=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32),
        **together,
        temperature=np.ones(len(grown)),
        importance=np.array(importance, np.float32),
        trained_on=np.array([trained_on]),
    )


def _nodes(tree: Any) -> dict[str, NDArray[Any]]:
    """The nodes of a tree in its own order, in which the left child is the next node."""
    nodes = tree.tree_.__getstate__()["nodes"]
    leaf = nodes["left_child"] < 0
    place = np.arange(len(nodes))
    shares, drawn = tree.tree_.value[leaf, 0], nodes["weighted_n_node_samples"][leaf]
    counts = np.zeros((int(leaf.sum()), MOST_CLASSES), np.uint16)
    counts[:, : shares.shape[1]] = np.rint(shares * drawn[:, None])
    return {
        "feature": np.where(leaf, 0, nodes["feature"]).astype(np.uint8),
        "threshold": np.where(leaf, 0, _rounded_down(nodes["threshold"])).astype(np.float32),
        "skip": np.where(leaf, 0, nodes["right_child"] - place).astype(np.int32),
        "missing_left": nodes["missing_go_to_left"].astype(bool) & ~leaf,
        "counts": counts,
    }


def _rounded_down(threshold: Floats) -> NDArray[np.float32]:
    """The largest float32 that is not above: a float32 is below the one where it is below the other."""
    nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest)
