"""What a classifier of light curves reads of other modules, and the columns in which it answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field
from science_modules.common.hierarchical_forest import Floats, Forest
from science_modules.common.light_curve_classes import BRANCHES, FIRST_LEAVES, IN_WORDS, LEAVES, leaves_of

_TREES = "as the trees say it, every branch and every class of a branch taken as frequent as the others"
_CALIBRATED = "calibrated, every branch and every class of a branch taken as frequent as the others"
_SKY = "calibrated, classes taken as frequent as in the published labelled set"


def _probabilities(prefix: str, said: str) -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}_{leaf}", "float32", "", f"probability, {said}: {IN_WORDS[leaf]}") for leaf in LEAVES)


def _ranks(prefix: str, told: str) -> tuple[Field, ...]:
    said = f"place {told}, 1 is the highest"
    return tuple(
        Field(f"{prefix}_{leaf}", "int32", "", f"{said}: {IN_WORDS[leaf]}", lowest_first=True) for leaf in LEAVES
    )


def _branches(prefix: str, said: str) -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}_{branch}", "float32", "", f"probability, {said}: {branch}") for branch in BRANCHES)


OUTPUTS = (
    *(*_branches("raw", _TREES), *_probabilities("raw", _TREES)),
    *(*_branches("p", _CALIBRATED), *_probabilities("p", _CALIBRATED)),
    *_probabilities("sky", _SKY),
    *_ranks("rank", "among the fifteen p_"),
    *_ranks("branch_rank", "among the p_ of its branch"),
    Field("branch", "string", "", "periodic, stochastic or transient: the highest p_ of the three"),
    Field("top_class", "string", "", "the class of the highest p_"),
    Field("second_class", "string", "", "the class of the second highest p_"),
    Field("sky_class", "string", "", "the class of the highest sky_"),
    Field("n_points", "int32", "", "detections in g and r that the features are made of"),
    Field("trained_on", "string", "", "what the forests have learned from"),
)


def numbers(batch: AlertBatch, names: Sequence[str]) -> Floats:
    """Outputs of other modules as numbers, NaN for NULL; shape (n, len(names)).

    Parameters
    ----------
    batch : AlertBatch
        With these modules' columns.
    names : sequence of str
        As `alerce_features.Std_1`.
    """
    given = {name.partition(".")[0] for name in names}
    columns = {
        f"{module}.{field.name}": column
        for module in given
        for struct in [batch.arrow(module)]
        for field, column in zip(struct.type, struct.flatten(), strict=True)
    }
    return np.column_stack([pc.cast(columns[name], "float64").to_numpy(zero_copy_only=False) for name in names])


def answers(batch: AlertBatch, forest: Forest, points: Floats, error: NDArray[Any]) -> pd.DataFrame:
    """One row per alert in the columns of OUTPUTS, and `error`.

    Parameters
    ----------
    batch : AlertBatch
        With the features of the forest.
    forest : Forest
    points : numpy.ndarray of float64, shape (n,)
        Detections that the features are made of; NaN where nobody counted.
    error : numpy.ndarray of object, shape (n,)
        Why there is no answer; None where there is one.
    """
    rows = np.flatnonzero([reason is None for reason in error])
    said = forest.predict(numbers(batch, list(forest.features))[rows])
    given = [said.branch, said.leaf, _of_branches(said.calibrated), said.calibrated, said.sky]
    given = [part.astype(np.float32) for part in given]  # classes are told from what stands in the columns
    block = np.full((len(batch), sum(part.shape[1] for part in given)), np.nan, np.float32)
    block[rows] = np.hstack(given)
    texts = _classes(*given[2:]) | {"trained_on": np.full(len(rows), str(forest.trained_on[0]), object)}
    others = {name: _spread(values, rows, len(batch)) for name, values in texts.items()}
    names = [field.name for field in OUTPUTS if field.type == "float32"]
    beside = pd.DataFrame({**others, "n_points": _whole(points), "error": error})
    return pd.concat([pd.DataFrame(block, columns=names), _ranked(given[3], rows, len(batch)), beside], axis=1)


def _of_branches(probabilities: Floats) -> Floats:
    """The sums over each branch's classes, shape (n, 3)."""
    return np.add.reduceat(probabilities, FIRST_LEAVES, axis=1)


def _ranked(calibrated: NDArray[np.floating], rows: NDArray[np.int64], n: int) -> pd.DataFrame:
    """Places of all n alerts in the columns of OUTPUTS, missing where there is no answer."""
    within = [ranks(calibrated[:, leaves_of(branch)]) for branch in range(len(BRANCHES))]
    places = np.zeros((n, 2 * len(LEAVES)), np.int32)
    places[rows] = np.hstack([ranks(calibrated), *within])
    none = np.ones(n, bool)
    none[rows] = False
    names = [field.name for field in OUTPUTS if "rank_" in field.name]
    return pd.DataFrame({name: pd.arrays.IntegerArray(places[:, k], none) for k, name in enumerate(names)})


def ranks(values: NDArray[np.floating]) -> NDArray[np.int32]:
    """The place of each value in its row, 1 is the highest; of equals the first comes first. Shape as given.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n, n_classes)
    """
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.empty(values.shape, np.int32)
    np.put_along_axis(places, order, np.arange(1, values.shape[1] + 1, dtype=np.int32)[None, :], axis=1)
    return places


def _classes(
    of_branches: NDArray[np.floating], calibrated: NDArray[np.floating], sky: NDArray[np.floating]
) -> dict[str, NDArray[Any]]:
    """The highest, of equals the first."""
    leaves, branches = np.array(LEAVES, object), np.array(BRANCHES, object)
    order = np.argsort(-calibrated, axis=1, kind="stable")
    return {
        "branch": branches[of_branches.argmax(axis=1)],
        "top_class": leaves[order[:, 0]],
        "second_class": leaves[order[:, 1]],
        "sky_class": leaves[sky.argmax(axis=1)],
    }


def _whole(points: Floats) -> NDArray[Any]:
    return np.array([None if np.isnan(count) else int(count) for count in points], object)


def _spread(values: NDArray[Any], rows: NDArray[np.int64], n: int) -> NDArray[Any]:
    out = np.full(n, None, object)
    out[rows] = values
    return out
