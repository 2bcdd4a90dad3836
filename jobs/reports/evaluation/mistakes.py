"""The worst mistakes: alerts that are called wrong with the highest score, of each true class."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.common.plain_text import visible
from jobs.reports.evaluation.answer_source import Row
from jobs.reports.evaluation.answers import Answers

_KEYS = ("survey", "alert_id", "object_id", "night", "file", "label", "true", "source")


@dataclass(frozen=True)
class Mistake:
    """An alert that is called wrong.

    Attributes
    ----------
    survey, object_id, label, true, source, file : str
        source: of the label; file: where the packet was read.
    alert_id, night : int
    called : str
        What it is called.
    score : float
        Of that class.
    """

    survey: str
    alert_id: int
    object_id: str | None
    night: int
    file: str | None
    label: str
    true: str
    source: str | None
    called: str
    score: float

    @property
    def key(self) -> Row:
        """What finds it."""
        return self.survey, self.alert_id, self.night, self.file

    @property
    def words(self) -> str:
        """What it is and what it is called."""
        return f"{self.label}: {self.called} {self.score:.2f}"

    def as_dict(self) -> dict[str, Any]:
        """As JSON writes it."""
        names = ("survey", "alert_id", "object_id", "night", "label", "true", "source", "called", "score")
        return {name: getattr(self, name) for name in names}

    def shown(self) -> dict[str, str]:
        """Its texts for a page: control characters as their escapes."""
        names = ("object_id", "label", "called", "source", "survey")
        return {name: visible(str(getattr(self, name) or "")) for name in names}


def mistakes_in(answers: Answers, rows: pa.Table, most: int) -> list[Mistake]:
    """The worst of some rows, as `worst` keeps them.

    Parameters
    ----------
    answers : Answers
    rows : pyarrow.Table
        Of `answers.pieces`, all with a class in `true`.
    most : int
        Of each true class.
    """
    classes, scores = np.array(answers.classifiers[0].classes, object), answers.scores(rows)
    scores = np.where(np.isfinite(scores).all(axis=1, keepdims=True), scores, -1.0)
    called, best = classes[scores.argmax(axis=1)], scores.max(axis=1)
    true = np.array(rows["true"].to_pylist(), object)
    wrong = np.flatnonzero((called != true) & (best >= 0))
    facts = rows.select(_KEYS).take(pa.array(wrong)).to_pylist()
    found = [Mistake(**fact, called=str(called[i]), score=float(best[i])) for fact, i in zip(facts, wrong, strict=True)]
    return worst(found, most)


def worst(found: Iterable[Mistake], most: int) -> list[Mistake]:
    """The highest scores of each true class, in it one alert of each object: most of a sheet would be one long-lived supernova.

    An object whose alerts have labels of two classes may stand in both, so that the worst of parts are the worst of all.

    Parameters
    ----------
    found : iterable of Mistake
    most : int
        Of each true class.
    """
    kept: list[Mistake] = []
    seen: set[tuple[str, str, Any]] = set()
    number: dict[str, int] = {}
    for each in sorted(found, key=lambda each: (each.true, -each.score, each.survey, each.alert_id)):
        name = (each.true, each.survey, each.object_id or each.alert_id)
        if name not in seen and number.get(each.true, 0) < most:
            kept.append(each)
            seen.add(name)
            number[each.true] = number.get(each.true, 0) + 1
    return kept
