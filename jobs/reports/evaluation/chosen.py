"""Which rows of the answers are counted: each alert once; of an object all alerts, or the earliest."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.modules.trained_on import object_names
from jobs.reports.evaluation.answers import Answers

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """Rows of the answers, by what they are counted for.

    Attributes
    ----------
    once : numpy.ndarray of bool, shape (n_rows,)
        Each alert where it comes first.
    labelled : numpy.ndarray of bool, shape (n_rows,)
        Alerts whose label is a class of the classifier.
    unlabelled : numpy.ndarray of bool, shape (n_rows,)
        Alerts without any label, that are answered.
    copies, later : int
        Alerts that are there a second time; labelled ones that are not the earliest of their object, if only that counts.
    no_label : int
        Alerts of which no label says anything.
    other_classes : Counter
        Alerts by classes that the classifier does not tell.
    in_conflict : int
        Alerts whose labels contradict each other.
    objects : dict of str to int
        Different objects among the labelled and answered, by class.
    simulated : int
        Alerts that are simulated, labelled or not.
    """

    once: Bools
    labelled: Bools
    unlabelled: Bools
    copies: int
    later: int
    no_label: int
    other_classes: "Counter[str]"
    in_conflict: int
    objects: dict[str, int]
    simulated: int


def chosen(answers: Answers, first: bool) -> Chosen:
    """Choose rows.

    Parameters
    ----------
    answers : Answers
    first : bool
        Of each object only its earliest answered alert counts, and if none is answered its earliest.
    """
    rows = answers.columns([*answers.keys(), "label", "source", "is_simulated"])
    once = _once(rows)
    true, label, source = (_there(rows[name]) for name in ("true", "label", "source"))
    answered = ~_there(answers.reasons(rows))
    labelled = once & true
    kept = labelled & _earliest(answers, rows, labelled) if first else labelled
    return Chosen(
        once=once,
        labelled=kept,
        unlabelled=once & ~label & ~source & answered,
        copies=int((~once).sum()),
        later=int((labelled & ~kept).sum()),
        no_label=int((once & ~label & ~source).sum()),
        other_classes=Counter(rows["label"].filter(pa.array(once & label & ~true)).to_pylist()),
        in_conflict=int((once & ~label & source).sum()),
        simulated=int((once & rows["is_simulated"].fill_null(False).to_numpy(zero_copy_only=False)).sum()),
        objects=_objects(rows.filter(pa.array(kept & answered))),
    )


def _there(column: pa.ChunkedArray) -> Bools:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), bool)


def object_numbers(rows: pa.Table) -> Ints:
    """A number for each object; an alert without one is one by itself.

    Parameters
    ----------
    rows : pyarrow.Table
        With survey, object_id, alert_id.
    """
    return _codes(object_names(rows))


def _codes(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.combine_chunks().dictionary_encode().indices.to_numpy(), np.int64)


def _once(rows: pa.Table) -> Bools:
    """Each alert where it comes first."""
    survey, alert = _codes(rows["survey"]), _codes(rows["alert_id"])
    mask = np.zeros(rows.num_rows, bool)
    mask[np.unique(survey * rows.num_rows + alert, return_index=True)[1]] = True
    return mask


def _earliest(answers: Answers, rows: pa.Table, among: Bools) -> Bools:
    """Of each object the earliest of some rows; answered ones before those that are not."""
    silent = _there(answers.reasons(rows))
    return first_of(object_numbers(rows), rows["mjd"].to_numpy(), among, silent)


def first_of(number: Ints, order: NDArray[np.float64], among: Bools, last: Bools | None = None) -> Bools:
    """Of each object the first of some rows.

    Parameters
    ----------
    number : numpy.ndarray of int64, shape (n,)
        Objects.
    order : numpy.ndarray of float64, shape (n,)
        The lowest is first, of equal ones the one that comes first.
    among : numpy.ndarray of bool, shape (n,)
        Others are not taken.
    last : numpy.ndarray of bool, shape (n,), optional
        Are taken only where an object has no others.
    """
    mask = np.zeros(len(number), bool)
    behind = ~among if last is None else last | ~among
    ranked = np.lexsort((np.arange(len(number)), order, behind, ~among, number))
    heads = ranked[np.append(True, np.diff(number[ranked]) != 0)[: len(ranked)]]
    mask[heads] = True
    return mask & among


def _objects(rows: pa.Table) -> dict[str, int]:
    table = pa.table({"true": rows["true"], "object": object_numbers(rows)})
    counted = table.group_by("true").aggregate([("object", "count_distinct")])
    return dict(sorted(zip(counted["true"].to_pylist(), counted["object_count_distinct"].to_pylist(), strict=True)))
