"""Grow an isolation forest on science columns and write it, with a card, as plain arrays."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.anomaly.forest import Forest
from science_modules.anomaly.selection import FEATURES, Curves, curves
from science_modules.common.alert_batch import AlertBatch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How a forest is grown.

    Parameters
    ----------
    n_trees, n_subsamples : int
        Trees, and light curves drawn for each.
    alerts_per_object : int
        At most so many alerts of one object, spread over its time, so that none dominates.
    seed : int
    """

    n_trees: int = 200
    n_subsamples: int = 256
    alerts_per_object: int = 3
    seed: int = 20260101


def train(science: pa.Table, settings: Settings) -> Forest:
    """A forest of the alerts that pass the cuts.

    Parameters
    ----------
    science : pyarrow.Table
        Alerts of one survey: survey, alert_id, object_id, mjd, quality_ok, real_bogus, lc_features.
    settings : Settings
        How the forest is grown.

    Returns
    -------
    Forest

    Raises
    ------
    ValueError
        If fewer light curves pass the cuts than one tree is grown on.
    """
    _, found = _training_sample(science, settings)
    if len(found.x) < settings.n_subsamples:
        raise ValueError(_too_few(science, found, settings))
    return grow(found, settings)


def _too_few(science: pa.Table, found: Curves, settings: Settings) -> str:
    """Both numbers, and what each cut left out."""
    reasons = Counter(curves(AlertBatch(science)).reasons)
    passed = reasons.pop(None, 0)
    cut = [f"{count:,} {reason}" for reason, count in reasons.most_common()]
    left = f"{len(found.reasons):,} are left with {settings.alerts_per_object} of an object"
    told = "; ".join([f"{passed:,} pass", left, *cut])
    return (
        f"wants at least {settings.n_subsamples} light curves (settings: n_subsamples), {len(found.x):,} pass the cuts;"
        f" of {science.num_rows:,} alerts: {told}"
    )


def what(science: pa.Table, settings: Settings) -> dict[str, Any]:
    """What a forest was grown on: alerts, objects, light curves, first and last time.

    Parameters
    ----------
    science, settings
        As of `train`.
    """
    batch, found = _training_sample(science, settings)
    mjd = batch["mjd"]
    return {
        "n_alerts": len(batch),
        "n_objects": len(set(batch["object_id"])),
        "n_light_curves": len(found.x),
        "first_mjd": round(float(mjd.min()), 4),
        "last_mjd": round(float(mjd.max()), 4),
    }


def share_beyond(forest: Forest, science: pa.Table, settings: Settings) -> dict[int, float]:
    """How much of other objects lies beyond the forest's worst 5 % and 1 %: as much, if they are alike.

    Parameters
    ----------
    forest : Forest
    science, settings
        As of `train`; objects that the forest was not grown on.

    Returns
    -------
    dict of int to float
        Share by the percentile, 95 and 99; NaN of no alerts.
    """
    percentile = forest.percentile(alert_scores(forest, _training_sample(science, settings)[1]))
    return {limit: float(np.mean(percentile > limit)) if len(percentile) else float("nan") for limit in (95, 99)}


def grow(found: Curves, settings: Settings) -> Forest:
    """The forest of coniferest on these light curves, as arrays, with the training alerts' scores.

    Parameters
    ----------
    found : Curves
        At least `n_subsamples` rows.
    settings : Settings
        How the forest is grown.
    """
    from coniferest.isoforest import IsolationForest
    from coniferest.utils import average_path_length

    grown = IsolationForest(settings.n_trees, settings.n_subsamples, random_seed=settings.seed).fit(found.x)
    trees = list(grown.core_forest)
    roots = np.cumsum([0, *(tree.n_nodes for tree in trees)]).astype(np.int32)
    forest = Forest(
        features=np.array(FEATURES),
        roots=roots[:-1],
        feature=np.concatenate([np.where(tree.left > 0, tree.feature, 0) for tree in trees]).astype(np.uint8),
        left=np.concatenate([_moved(tree.left, root) for tree, root in zip(trees, roots[:-1], strict=True)]),
        value=np.concatenate([tree.value for tree in trees]).astype(np.float32),
        gain=np.concatenate([_gain(tree.left, tree.node_average_path_length) for tree in trees]),
        scale=np.array([average_path_length(float(settings.n_subsamples))], np.float64),
        training_scores=np.empty(0),
    )
    return _with_scores(forest, alert_scores(forest, found))


def alert_scores(forest: Forest, found: Curves) -> Floats:
    """The lowest score of each alert's bands, in the order of the alerts.

    Parameters
    ----------
    forest : Forest
    found : Curves
        Alerts without a row get no score.

    Returns
    -------
    numpy.ndarray of float64, shape (n_alerts with a row,)
    """
    scores, _ = forest.score(found.x)
    starts = np.flatnonzero(np.r_[True, np.diff(found.alert) > 0])
    return np.asarray(np.minimum.reduceat(scores, starts)) if len(scores) else scores


def _moved(left: NDArray[np.uint32], root: int) -> NDArray[np.int32]:
    """Children counted from the start of the forest; 0 stays the mark of a leaf."""
    return np.where(left > 0, left.astype(np.int64) + root, 0).astype(np.int32)


def _gain(left: NDArray[np.uint32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each node took off the path length expected at its parent, less the step to it."""
    gain = np.zeros(len(left), np.float32)
    split = np.flatnonzero(left > 0)
    for child in (left[split], left[split] + 1):
        gain[child] = expected[split] - expected[child] - 1
    return gain


def _with_scores(forest: Forest, scores: Floats) -> Forest:
    return Forest(**{**vars(forest), "training_scores": np.sort(scores)})


def _training_sample(science: pa.Table, settings: Settings) -> tuple[AlertBatch, Curves]:
    """The alerts that pass the cuts, thinned per object, in an order that does not depend on the files'."""
    science = science.sort_by([("object_id", "ascending"), ("mjd", "ascending"), ("alert_id", "ascending")])
    usable = np.flatnonzero([reason is None for reason in curves(AlertBatch(science)).reasons])
    objects = AlertBatch(science)["object_id"][usable]
    batch = AlertBatch(science.take(usable[thinned(objects, settings.alerts_per_object)]))
    return batch, curves(batch)


def thinned(objects: NDArray[Any], most: int) -> NDArray[np.int64]:
    """Rows to keep so that no object has more than `most`, evenly spread.

    Parameters
    ----------
    objects : numpy.ndarray of object, shape (n,)
        Each row's object id; rows of an object are neighbours.
    most : int
        Rows of one object.

    Returns
    -------
    numpy.ndarray of int64
        Indices, ascending.
    """
    start = np.r_[True, objects[1:] != objects[:-1]][: len(objects)]
    first = np.flatnonzero(start)
    count = np.diff(np.r_[first, len(objects)])
    n = np.repeat(count, count)
    rank = np.arange(len(objects)) - np.repeat(first, count)
    slot = (rank + 1) * most // np.maximum(n, 1) - rank * most // np.maximum(n, 1)
    return np.flatnonzero((n <= most) | (slot > 0))
