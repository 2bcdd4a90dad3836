"""What a module says of classes: which of its outputs is the score of which class, in our names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.labels.class_names import NAMES, coarse
from jobs.labels.class_outputs import our_classes

REAL, BOGUS = "real", "bogus"
# Scores of published networks, whose outputs have names of their own (Duev & van der Walt 2021: hosted, nuclear, variable,
# orphan, bogus). Five sigmoids, each trained alone: their highest is called, they are no probabilities of one whole.
_ACAI = {"AGN": "acai_n", "SN": "acai_h", "VS": "acai_v", "asteroid": "acai_o", "bogus": "acai_b"}
_REAL = "p_real"
_INSTALLED = re.compile(r"_v\d+(_\d+)*$")

Floats = NDArray[np.float64]


class NoClasses(ValueError):
    """A module that says nothing of classes; the message names what was wanted and what it has."""


@dataclass(frozen=True)
class Classifier:
    """A module as a classifier.

    Attributes
    ----------
    name : str
        Of its column.
    outputs : tuple of (str, tuple of str)
        Each class with the outputs whose sum is its score. A class without outputs has the rest up to 1.
    are_probabilities : bool
        Whether the scores of an alert sum to 1.
    """

    name: str
    outputs: tuple[tuple[str, tuple[str, ...]], ...]
    are_probabilities: bool

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes."""
        return tuple(name for name, _ in self.outputs)

    @property
    def columns(self) -> tuple[str, ...]:
        """The outputs that are read, as `stamp.p_sn`, and why there is no answer."""
        return (*(f"{self.name}.{each}" for _, outputs in self.outputs for each in outputs), f"{self.name}.error")

    def scores(self, rows: pa.Table) -> Floats:
        """Scores by class, shape (n, n_classes); NaN where one lacks.

        Parameters
        ----------
        rows : pyarrow.Table
            With `columns`.
        """
        sums = [self._sum(rows, outputs) if outputs else None for _, outputs in self.outputs]
        rest = 1 - np.sum([each for each in sums if each is not None], axis=0)
        return np.column_stack([rest if each is None else each for each in sums])

    def _sum(self, rows: pa.Table, outputs: Iterable[str]) -> Floats:
        values = [rows[f"{self.name}.{each}"].to_numpy(zero_copy_only=False).astype(np.float64) for each in outputs]
        return np.asarray(np.sum(values, axis=0), np.float64)

    def true_class(self, label: str | None) -> str | None:
        """What a label is in these classes; None if it is none of them.

        Parameters
        ----------
        label : str or None
            Of `jobs.labels.class_names.NAMES`.
        """
        if label is None:
            return None
        if set(self.classes) == {REAL, BOGUS}:
            return BOGUS if coarse(label) == BOGUS else REAL
        return next((name for name in (label, coarse(label)) if name in self.classes), None)


def classifier(name: str, fields: Iterable[str], level: str = "coarse") -> Classifier:
    """A module as a classifier, by its outputs.

    Parameters
    ----------
    name : str
        Of its column.
    fields : iterable of str
        Its outputs.
    level : str
        `coarse`: probabilities of leaves are summed to those of the coarse classes; `leaf`: its classes as they are.

    Raises
    ------
    NoClasses
        If it says nothing of two classes or more.
    """
    there = list(fields)
    base = _INSTALLED.sub("", name)
    if base == "acai" and set(_ACAI.values()) <= set(there):
        return Classifier(name, tuple((each, (output,)) for each, output in _ACAI.items()), False)
    if _REAL in there:
        return Classifier(name, ((REAL, (_REAL,)), (BOGUS, ())), True)
    told = our_classes(there)
    if len(told) < 2:
        raise NoClasses(
            f"{name} tells no classes: wanted are outputs p_<class> of two of our classes, p_real or the five of acai; it has"
            f" {_some(there) or 'none'}"
        )
    found = Classifier(name, tuple((each, (output,)) for each, output in told.items()), True)
    return _coarse(found) if level == "coarse" else found


def _some(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _coarse(found: Classifier) -> Classifier:
    sums: dict[str, tuple[str, ...]] = {}
    for name, outputs in found.outputs:
        sums[coarse(name)] = (*sums.get(coarse(name), ()), *outputs)
    return replace(found, outputs=tuple((name, sums[name]) for name in NAMES if name in sums))


def columns_of(classifiers: Iterable[Classifier]) -> list[str]:
    """The outputs that several classifiers read.

    Parameters
    ----------
    classifiers : iterable of Classifier
    """
    return [name for each in classifiers for name in each.columns]


def unknown_in_words(counts: Mapping[str, int], found: Classifier) -> str:
    """Labels of classes that a classifier does not know, both sides.

    Parameters
    ----------
    counts : mapping of str to int
        Labelled alerts by class.
    found : Classifier
    """
    labels = ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items())) or "none"
    return f"{found.name} tells {', '.join(found.classes)}; labels say {labels}"
