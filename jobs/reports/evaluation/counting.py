"""The numbers of an evaluation, counted piece by piece of its answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.measures.calibration import Reliability, reliability
from jobs.measures.classification import Confusion, confusion
from jobs.measures.thresholds import ErrorRates, error_rates
from jobs.reports.evaluation.answers import Answers
from jobs.reports.evaluation.slices import SLICINGS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """What labelled alerts say of a classifier. Those of two parts of the alerts can be added.

    Attributes
    ----------
    confusion : Confusion
    reliability : Reliability
        Of the called class.
    of_class : tuple of Reliability, n_classes
        Of each class's score, against all others.
    rates : tuple of ErrorRates, n_classes
    parts : mapping of str to mapping of str to Confusion
        Slicing and part.
    silent : Counter
        Labelled alerts without an answer, by reason.
    """

    confusion: Confusion
    reliability: Reliability
    of_class: tuple[Reliability, ...]
    rates: tuple[ErrorRates, ...]
    parts: Mapping[str, Mapping[str, Confusion]]
    silent: "Counter[str]"

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            confusion=self.confusion + other.confusion,
            reliability=self.reliability + other.reliability,
            of_class=tuple(a + b for a, b in zip(self.of_class, other.of_class, strict=True)),
            rates=tuple(a + b for a, b in zip(self.rates, other.rates, strict=True)),
            parts={name: _added(self.parts[name], other.parts[name]) for name in self.parts},
            silent=self.silent + other.silent,
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON writes it."""
        classes = self.confusion.classes
        return {
            **self.confusion.as_dict(),
            "calibration": self.reliability.as_dict(),
            "calibration_of_class": {name: each.as_dict() for name, each in zip(classes, self.of_class, strict=True)},
            "thresholds": {name: each.as_dict() for name, each in zip(classes, self.rates, strict=True)},
            "by": {
                name: {part: parts[part].as_dict() for part in slicing.sorted(set(parts))}
                for slicing in SLICINGS
                for name, parts in [(slicing.name, self.parts[slicing.name])]
            },
            "silent": dict(self.silent.most_common()),
        }


def _added(one: Mapping[str, Confusion], other: Mapping[str, Confusion]) -> dict[str, Confusion]:
    return {
        name: reduce(lambda a, b: a + b, [each[name] for each in (one, other) if name in each])
        for name in {**one, **other}
    }


def measured(answers: Answers, rows: pa.Table) -> Measured:
    """Count labelled alerts.

    Parameters
    ----------
    answers : Answers
    rows : pyarrow.Table
        Of `answers.pieces`, all with a class in `true`.
    """
    classes = answers.classifiers[0].classes
    labels = np.array(rows["true"].to_pylist(), object)
    scores = answers.scores(rows)
    there = np.isfinite(scores).all(axis=1)
    said, true = scores[there], labels[there]
    called = np.array(classes, object)[said.argmax(axis=1)] if len(said) else true
    member = [np.asarray(true == name, bool) for name in classes]
    return Measured(
        confusion=confusion(labels, scores, classes),
        reliability=reliability(np.asarray(called == true, bool), said.max(axis=1, initial=0.0)),
        of_class=tuple(reliability(each, said[:, i]) for i, each in enumerate(member)),
        rates=tuple(error_rates(each, said[:, i]) for i, each in enumerate(member)),
        parts={each.name: _by(each.part_of(rows), labels, scores, classes) for each in SLICINGS},
        silent=Counter(pc.drop_null(answers.reasons(rows)).to_pylist()),
    )


def _by(
    part: NDArray[np.str_], labels: NDArray[np.object_], scores: Floats, classes: tuple[str, ...]
) -> dict[str, Confusion]:
    return {str(name): confusion(labels[part == name], scores[part == name], classes) for name in np.unique(part)}
