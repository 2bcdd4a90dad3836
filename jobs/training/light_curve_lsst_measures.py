"""What folds say of simulated light curves of Rubin: ours by cut, form and number of points, ELAsTiCC's apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.classification import Confusion, confusion
from jobs.training.light_curve_lsst_set import ELASTICC, OURS
from jobs.training.light_curve_measures import macro_f1
from science_modules.common.light_curve_classes import BRANCH_INDEX, BRANCH_OF, BRANCHES, LEAVES

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_STEPS = (6, 10, 20, 50, 100)  # detections in all bands


def measured(answered: Sequence[tuple[pa.Table, Floats]]) -> Mapping[str, Any]:
    """Numbers by name.

    Parameters
    ----------
    answered : sequence of (pyarrow.Table, numpy.ndarray of shape (n, 15))
        Examples and what a fit that has not seen them says.
    """
    if not answered:
        return {}
    table = pa.concat_tables([each for each, _ in answered])
    said = np.concatenate([scores for _, scores in answered])
    ours = _column(table, "origin") == OURS
    return _of_ours(table, said, ours) | of_elasticc(table, said)


def _of_ours(table: pa.Table, said: Floats, ours: Bools) -> dict[str, Any]:
    label, found = _column(table, "label"), {}
    for name, some in _parts(table, ours):
        if some.any():
            found[f"ours{name}: macro F1"] = _told(label[some], said[some])
    leaves, branches = confusion(label[ours], said[ours], LEAVES), of_branches(label[ours], said[ours])
    recalls = {leaf: str(leaves.recall(place)) for place, leaf in enumerate(LEAVES)}
    recalls |= {branch: str(branches.recall(place)) for place, branch in enumerate(BRANCHES)}
    return found | {f"ours: recall of {name}": value for name, value in recalls.items()}


def _parts(table: pa.Table, ours: Bools) -> list[tuple[str, Bools]]:
    parts = [("", ours)]
    for column in ("cut", "form"):
        values = _column(table, column)
        parts += [(f", {column} {value}", ours & (values == value)) for value in np.unique(values[ours])]
    points = table["n_points"].to_numpy()
    for least, below in zip(_STEPS, (*_STEPS[1:], np.inf), strict=True):
        parts.append((f", {least} to {below - 1:g} detections", ours & (points >= least) & (points < below)))
    return parts


def of_elasticc(table: pa.Table, said: Floats) -> dict[str, Any]:
    """SN Ia and SN II of ELAsTiCC: how many are transients, how many their class.

    Parameters
    ----------
    table : pyarrow.Table
        Examples; those of others are left out.
    said : numpy.ndarray of float64, shape (n, 15)
    """
    own = _column(table, "origin") == ELASTICC
    label, said = _column(table, "label")[own], said[own]
    if not len(label):
        return {}
    leaves, branches = confusion(label, said, LEAVES), of_branches(label, said)
    found = {f"ELAsTiCC: recall of {leaf}": str(leaves.recall(LEAVES.index(leaf))) for leaf in ("snia", "snii")}
    called = {leaf: leaves.counts[LEAVES.index(leaf)].tolist() for leaf in ("snia", "snii")}
    return found | {"ELAsTiCC: transients": str(branches.accuracy), "ELAsTiCC: called, by true class": called}


def of_branches(label: NDArray[np.object_], said: Floats) -> Confusion:
    """Branches by the sums of their leaves.

    Parameters
    ----------
    label : numpy.ndarray of object, shape (n,)
        Leaves.
    said : numpy.ndarray of float64, shape (n, 15)
    """
    above = np.column_stack([said[:, place == BRANCH_INDEX].sum(axis=1) for place in range(len(BRANCHES))])
    return confusion(np.array([BRANCH_OF[leaf] for leaf in label], object), above, BRANCHES)


def _told(label: NDArray[np.object_], said: Floats) -> str:
    leaves, branches = macro_f1(confusion(label, said, LEAVES)), macro_f1(of_branches(label, said))
    return f"leaves {leaves:.3f}, branches {branches:.3f} (n = {len(label):,})"


def _column(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.array(table[name].to_pylist(), object)
