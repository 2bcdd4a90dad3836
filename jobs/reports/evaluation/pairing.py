"""One classifier against another: class by class, over the same alerts and over the same objects."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.intervals import Share
from jobs.reports.evaluation.answers import Answers
from jobs.reports.evaluation.chosen import first_of, object_numbers

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
_KEYS = ("survey", "object_id", "alert_id", "mjd")


@dataclass(frozen=True)
class Pairing:
    """What two classifiers call the same things.

    Attributes
    ----------
    names : tuple of str
        Of the two.
    rows, columns : tuple of str
        Classes of the first and of the second.
    by_alert : numpy.ndarray of int64, shape (n_rows, n_columns)
        Alerts that both answer.
    by_object : numpy.ndarray of int64, shape (n_rows, n_columns)
        Objects: the first at its earliest alert of an object, the second at its latest.
    """

    names: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    by_alert: Ints
    by_object: Ints

    def called_alike(self, counts: Ints) -> Share:
        """How many both call the same; a class that only one of them tells is never called alike.

        Parameters
        ----------
        counts : numpy.ndarray of int64, shape (n_rows, n_columns)
            `by_alert` or `by_object`.
        """
        alike = np.array(self.rows)[:, None] == np.array(self.columns)[None, :]
        return Share(int(counts[alike].sum()), int(counts.sum()))

    def as_dict(self) -> dict[str, Any]:
        """Counts, as JSON writes them."""
        return {
            "rows": {"module": self.names[0], "classes": list(self.rows)},
            "columns": {"module": self.names[1], "classes": list(self.columns)},
            "by_alert": self.by_alert.tolist(),
            "by_object": self.by_object.tolist(),
        }


def pairing(answers: Answers, once: Bools) -> Pairing:
    """Compare the two classifiers of the answers.

    Parameters
    ----------
    answers : Answers
        Of two classifiers.
    once : numpy.ndarray of bool, shape (n_rows,)
        Rows that count.
    """
    one, other = answers.classifiers
    keys = answers.columns(_KEYS)
    called = [_called(answers, number) for number in range(2)]
    called = [np.where(once, each, -1) for each in called]
    number, mjd = object_numbers(keys), keys["mjd"].to_numpy()
    earliest = first_of(number, mjd, called[0] >= 0)
    latest = first_of(number, -mjd, called[1] >= 0)
    of_object = [np.full(int(number.max(initial=-1)) + 1, -1, np.int64) for _ in range(2)]
    for found, rows, calls in zip(of_object, (earliest, latest), called, strict=True):
        found[number[rows]] = calls[rows]
    shape = (len(one.classes), len(other.classes))
    return Pairing(
        names=(one.name, other.name),
        rows=one.classes,
        columns=other.classes,
        by_alert=_matrix(called[0], called[1], shape),
        by_object=_matrix(of_object[0], of_object[1], shape),
    )


def _called(answers: Answers, number: int) -> Ints:
    """The number of the called class of every row; -1 where there is no answer."""
    found = [_likeliest(answers, rows, number) for rows in answers.pieces()]
    return np.concatenate([np.array([], np.int64), *found])


def _likeliest(answers: Answers, rows: pa.Table, number: int) -> Ints:
    scores = answers.scores(rows, number)
    there = np.isfinite(scores).all(axis=1)
    return np.where(there, np.nan_to_num(scores).argmax(axis=1), -1)


def _matrix(rows: Ints, columns: Ints, shape: tuple[int, int]) -> Ints:
    both = (rows >= 0) & (columns >= 0)
    counts = np.zeros(shape, np.int64)
    np.add.at(counts, (rows[both], columns[both]), 1)
    return counts
