"""What folds say of light curves: kinds of real objects, leaves of simulated ones, by form, length and number of points."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.classification import Confusion, confusion
from jobs.training.light_curve_pieces import RELEASE
from science_modules.common.light_curve_classes import BALANCED_SHARES, BRANCH_OF, BRANCHES, LEAVES

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

KINDS = ("SN", "VS", "AGN")
_AGN = ("qso", "agn", "blazar")
KIND_OF = {leaf: "SN" if BRANCH_OF[leaf] == "transient" else "AGN" if leaf in _AGN else "VS" for leaf in LEAVES}
# Of a leaf's kind where branches, and the leaves of one, are equally frequent: there are more stars among them than nuclei.
_SHARES = np.array([BALANCED_SHARES[[KIND_OF[each] == KIND_OF[leaf] for each in LEAVES]].sum() for leaf in LEAVES])
_STEPS = (6, 10, 20, 50)  # points of the band that has more


def measured(answered: Sequence[tuple[pa.Table, Floats]]) -> Mapping[str, Any]:
    """Numbers by name.

    Parameters
    ----------
    answered : sequence of (pyarrow.Table, numpy.ndarray of shape (n, 15))
        Examples and what a fit that has not seen them says.
    """
    if not answered:
        return {}
    table, said, simulated = _together(answered)
    forms = np.array(table["form"].to_pylist(), object)
    found: dict[str, Any] = {}
    for form in np.unique(forms[~simulated]):
        found |= _of_real(f"real, {form}", table, said, ~simulated & (forms == form))
    return found | _of_simulated("simulated", table, said, simulated)


def with_colours(answered: Sequence[tuple[pa.Table, Floats]]) -> Mapping[str, Any]:
    """What the folds say of simulated objects if W1 - W2 and W2 - W3, drawn for their class, are known.

    Parameters
    ----------
    answered : sequence of (pyarrow.Table, numpy.ndarray of shape (n, 15))
        As of `measured`.
    """
    return _of_simulated("simulated, with colours of AllWISE", *_together(answered)) if answered else {}


def _together(answered: Sequence[tuple[pa.Table, Floats]]) -> tuple[pa.Table, Floats, Bools]:
    table = pa.concat_tables([each for each, _ in answered])
    return table, np.concatenate([said for _, said in answered]), np.array(table["simulated"].to_pylist(), bool)


def _of_real(told: str, table: pa.Table, said: Floats, own: Bools) -> dict[str, Any]:
    """Kinds, and the leaves that there are."""
    label = _labels(table, own)
    found: dict[str, Any] = {}
    for how, answers in (("", said[own]), (", kinds taken as equally frequent", said[own] / _SHARES)):
        counted = _summed(label, answers, KIND_OF, KINDS)
        found[f"{told}{how}: macro F1 of {', '.join(KINDS)}"] = _rounded(macro_f1(counted))
        found[f"{told}{how}: called {', '.join(KINDS)} by true kind"] = counted.counts.tolist()
    leaves = confusion(label, said[own], LEAVES)
    for leaf in (leaf for leaf in LEAVES if (label == leaf).any()):
        found[f"{told}: recall of {leaf}"] = str(leaves.recall(LEAVES.index(leaf)))
    points = np.asarray(table["n_best"].to_numpy())[own]
    for least, below in zip(_STEPS, (*_STEPS[1:], np.inf), strict=True):
        some = (points >= least) & (points < below)
        if some.any():
            share = _summed(label[some], said[own][some], KIND_OF, KINDS).accuracy
            found[f"{told}: right kind, {least} to {below - 1:g}"] = str(share)
    return found


def _of_simulated(told: str, table: pa.Table, said: Floats, own: Bools) -> dict[str, Any]:
    """Branches and leaves, by how the light curves were cut, in which form, and with how many points."""
    found: dict[str, Any] = {}
    for column in ("cut", "form"):
        values = np.array(table[column].to_pylist(), object)
        for value in np.unique(values[own]):
            found[f"{told}, {column} {value}: macro F1"] = _both(table, said, own & (values == value))
    points = np.asarray(table["n_best"].to_numpy())
    for least, below in zip(_STEPS, (*_STEPS[1:], np.inf), strict=True):
        some = own & (points >= least) & (points < below)
        if some.any():
            found[f"{told}, {least} to {below - 1:g} points: macro F1"] = _both(table, said, some)
    whole = own & (np.array(table["cut"].to_pylist(), object) == RELEASE.name)
    if whole.any():
        counted = confusion(_labels(table, whole), said[whole], LEAVES)
        for at, leaf in enumerate(LEAVES):
            found[f"{told}, cut {RELEASE.name}: recall of {leaf}"] = str(counted.recall(at))
    return found


def _both(table: pa.Table, said: Floats, some: Bools) -> str:
    label = _labels(table, some)
    leaves, branches = confusion(label, said[some], LEAVES), _summed(label, said[some], BRANCH_OF, BRANCHES)
    return f"leaves {_rounded(macro_f1(leaves))}, branches {_rounded(macro_f1(branches))} (n = {len(label):,})"


def macro_f1(counted: Confusion) -> float:
    """Mean of 2 x right / (true + called) over the classes that there are.

    Parameters
    ----------
    counted : Confusion
    """
    true, called = counted.counts.sum(axis=1), counted.counts.sum(axis=0)
    there = true > 0
    return float(np.mean(2 * np.diag(counted.counts)[there] / (true + called)[there])) if there.any() else float("nan")


def _summed(label: NDArray[np.object_], said: Floats, up: Mapping[str, str], names: Sequence[str]) -> Confusion:
    """Of classes above the leaves: their probabilities are those of their leaves together."""
    above = np.column_stack([said[:, [up[leaf] == name for leaf in LEAVES]].sum(axis=1) for name in names])
    return confusion(np.array([up[leaf] for leaf in label], object), above, names)


def _labels(table: pa.Table, own: Bools) -> NDArray[np.object_]:
    return np.array(table["label"].filter(pa.array(own)).to_pylist(), object)


def _rounded(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
