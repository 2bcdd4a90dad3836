"""What a classifier makes of alerts of which nobody says anything: classes over the sky and over brightness."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.reports.evaluation.answers import Answers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """What alerts are counted along.

    Attributes
    ----------
    name, title : str
        As JSON has it; in words.
    column : str
        Of the answers; empty: the score of the called class.
    edges : tuple of float
        Of the bins; what is beyond the first or last is in none.
    isotropic : bool
        A latitude: sources that are everywhere alike are distributed as its sine.
    """

    name: str
    title: str
    column: str
    edges: tuple[float, ...]
    isotropic: bool = False


_LATITUDE = tuple(float(each) for each in range(-90, 91, 10))
AXES = (
    Axis("mag", "magnitude [mag]", "mag", tuple(12 + 0.5 * each for each in range(27))),
    Axis("galactic_latitude", "Galactic latitude b [deg]", "gal_b", _LATITUDE, isotropic=True),
    Axis("ecliptic_latitude", "ecliptic latitude β [deg]", "ecl_lat", _LATITUDE, isotropic=True),
    Axis("score", "score of the called class", "", tuple(each / 20 for each in range(21))),
)


@dataclass(frozen=True)
class Distribution:
    """Called classes. Those of two parts of the alerts can be added.

    Attributes
    ----------
    classes : tuple of str
    called : numpy.ndarray of int64, shape (n_classes,)
        Alerts by the class that they are called.
    along : dict of str to numpy.ndarray of int64, shape (n_classes, n_bins)
        The same in bins of each of AXES.
    """

    classes: tuple[str, ...]
    called: Ints
    along: dict[str, Ints]

    def __add__(self, other: "Distribution") -> "Distribution":
        along = {name: counts + other.along[name] for name, counts in self.along.items()}
        return Distribution(self.classes, self.called + other.called, along)

    def as_dict(self) -> dict[str, Any]:
        """Counts and edges, as JSON writes them."""
        along = {
            axis.name: {
                "edges": list(axis.edges),
                "counts": dict(zip(self.classes, self.along[axis.name].tolist(), strict=True)),
            }
            for axis in AXES
        }
        return {
            "n": int(self.called.sum()),
            "called": dict(zip(self.classes, self.called.tolist(), strict=True)),
            "along": along,
        }


def distribution(answers: Answers, rows: pa.Table) -> Distribution:
    """Count answered alerts.

    Parameters
    ----------
    answers : Answers
    rows : pyarrow.Table
        Of `answers.pieces`; those without an answer are in no count.
    """
    classes, scores = answers.classifiers[0].classes, answers.scores(rows)
    there = np.isfinite(scores).all(axis=1)
    said = scores[there]
    called = said.argmax(axis=1) if len(said) else np.array([], np.int64)
    some = rows.filter(pa.array(there))
    along = {
        axis.name: _counts(
            called, said.max(axis=1, initial=0.0) if not axis.column else _values(some, axis), axis, len(classes)
        )
        for axis in AXES
    }
    return Distribution(classes, np.bincount(called, minlength=len(classes)).astype(np.int64), along)


def _values(rows: pa.Table, axis: Axis) -> Floats:
    return np.asarray(rows[axis.column].to_numpy(zero_copy_only=False), np.float64)


def _counts(called: Ints, values: Floats, axis: Axis, n_classes: int) -> Ints:
    return np.array([np.histogram(values[called == number], axis.edges)[0] for number in range(n_classes)], np.int64)
