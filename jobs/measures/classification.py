"""Confusion, recall and precision of answers in classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.measures.intervals import Share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Confusion:
    """Counts of answers by true class. Those of two parts of the examples can be added.

    Attributes
    ----------
    classes : tuple of str
    counts : numpy.ndarray of int64, shape (n_classes, n_classes)
        Rows: true class; columns: the class that is called.
    no_answer : numpy.ndarray of int64, shape (n_classes,)
        Rows without an answer, by true class; they are in no share.
    """

    classes: tuple[str, ...]
    counts: Ints
    no_answer: Ints

    def __add__(self, other: "Confusion") -> "Confusion":
        if other.classes != self.classes:
            raise ValueError(f"counts of {', '.join(self.classes)} and of {', '.join(other.classes)} cannot be added")
        return Confusion(self.classes, self.counts + other.counts, self.no_answer + other.no_answer)

    @property
    def accuracy(self) -> Share:
        """Of all that is answered, how much is right."""
        return Share(int(np.trace(self.counts)), int(self.counts.sum()))

    def recall(self, number: int) -> Share:
        """Of a class, how much is called so.

        Parameters
        ----------
        number : int
            Of the class.
        """
        return Share(int(self.counts[number, number]), int(self.counts[number].sum()))

    def precision(self, number: int) -> Share:
        """Of what is called a class, how much is one.

        Parameters
        ----------
        number : int
            Of the class.
        """
        return Share(int(self.counts[number, number]), int(self.counts[:, number].sum()))

    @property
    def shares(self) -> Floats:
        """Each count as a share of its row, shape (n_classes, n_classes); 0 where nothing is of that class."""
        total = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(self.counts, total, out=np.zeros(self.counts.shape), where=total > 0))

    @property
    def mean_recall(self) -> float:
        """Over the classes that there are; NaN if there are none."""
        known = [self.recall(i).value for i in range(len(self.classes)) if self.counts[i].sum()]
        return float(np.mean(known)) if known else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON writes it."""
        mean = self.mean_recall
        return {
            "n": int(self.counts.sum()),
            "no_answer": dict(zip(self.classes, self.no_answer.tolist(), strict=True)),
            "accuracy": self.accuracy.as_dict(),
            "mean_recall": mean if np.isfinite(mean) else None,
            "recall": {name: self.recall(i).as_dict() for i, name in enumerate(self.classes)},
            "precision": {name: self.precision(i).as_dict() for i, name in enumerate(self.classes)},
            "confusion": self.counts.tolist(),
        }


def confusion(labels: NDArray[np.object_], probabilities: Floats, classes: Sequence[str]) -> Confusion:
    """Count the likeliest classes by true class.

    Parameters
    ----------
    labels : numpy.ndarray of object, shape (n,)
        Of `classes`.
    probabilities : numpy.ndarray, shape (n, n_classes)
        NaN rows have no answer. Of equal ones the first class is called.
    classes : sequence of str
    """
    true = np.array([list(classes).index(label) for label in labels], np.int64)
    answered = np.isfinite(probabilities).all(axis=1)
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (true[answered], probabilities[answered].argmax(axis=1)), 1)
    missing = np.bincount(true[~answered], minlength=len(classes)).astype(np.int64)
    return Confusion(tuple(classes), counts, missing)
