"""The page of an evaluation: one HTML file that needs nothing else."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from jobs.archive.alert import alerts_of
from jobs.common.counting import counted
from jobs.common.plain_text import visible
from jobs.measures.classification import Confusion
from jobs.measures.intervals import Share
from jobs.measures.thresholds import ErrorRates
from jobs.reports.evaluation import drawings
from jobs.reports.evaluation.caveats import simulated_in_words
from jobs.reports.evaluation.counting import Measured
from jobs.reports.evaluation.evaluation import Evaluation
from jobs.reports.evaluation.mistakes import Mistake
from jobs.reports.evaluation.slices import SLICINGS, TRAINING, UNSEEN
from jobs.reports.pictures.sheet import Entry, contact_sheet
from jobs.reports.templates import environment

_WHOLE_SHEET = 14.7  # inch, of three alerts beside each other
_AT = (0.2, 0.5)  # the published networks' threshold, and the middle


@dataclass(frozen=True)
class Matrix:
    """A table of counts with the share of each cell in its row.

    Attributes
    ----------
    corner : str
        What rows and columns are.
    columns : tuple of str
    rows : list of (str, list of (int, float))
        Name, and count and share of each column.
    """

    corner: str
    columns: tuple[str, ...]
    rows: list[tuple[str, list[tuple[int, float]]]]

    @classmethod
    def of(cls, counts: Any, rows: Sequence[str], columns: Sequence[str], corner: str) -> "Matrix":
        """Counts with their shares.

        Parameters
        ----------
        counts : numpy.ndarray of int64, shape (n_rows, n_columns)
        rows, columns : sequence of str
            Classes.
        corner : str
            What they are.
        """
        found = []
        for name, own in zip(rows, counts.tolist(), strict=True):
            total = sum(own)
            found.append((name, [(n, n / total if total else 0.0) for n in own]))
        return cls(corner, tuple(columns), found)


@dataclass(frozen=True)
class Breakdown:
    """A slicing as a table: its parts, each with its confusion."""

    title: str
    parts: list[tuple[str, Confusion]]


@dataclass(frozen=True)
class Sheet:
    """The worst mistakes of a true class: their picture, its share of the page's width [%], and the same in words."""

    true: str
    picture: str
    width: int
    mistakes: list[dict[str, str]]


def evaluation_page(found: Evaluation, command: str) -> str:
    """The page as HTML: no script, no font, no picture from elsewhere.

    Parameters
    ----------
    found : Evaluation
    command : str
        What made it, as it is typed.
    """
    own = found.measured
    return str(
        environment().get_template("evaluation/page.html").render(
            found=found,
            title=visible(found.title),
            data=visible(str(found.question.data)),
            memory=_memory(found),
            simulated=simulated_in_words(found.chosen.simulated, found.alerts),
            answers=visible(found.source.words),
            against=visible(found.pairing.names[1]) if found.pairing else "",
            classes=found.classifiers[0].classes,
            measured=own,
            confusion=_confusion(own.confusion) if own else None,
            of_class=_of_class(own, found.chosen.objects) if own else [],
            pictures=_pictures(found),
            at=_AT,
            thresholds=_thresholds(own) if own else [],
            undrawn=_undrawn(own) if own else "",
            breakdowns=_breakdowns(own) if own else [],
            sheets=_sheets(found),
            pairs=_pairs(found),
            left_out=[(visible(words), n) for words, n in left_out(found)],
            silent=[(visible(words), n) for words, n in found.silent.most_common(20)],
            conflicts=[_conflict(each) for each in found.conflicts[:100]],
            command=visible(command),
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        )
    )  # fmt: skip


def _memory(found: Evaluation) -> dict[str, Any]:
    """What the model knows by heart, in words; whether that is to be shown as large as the numbers; where its card is."""
    if found.memory is None:
        return {"is_loud": False}
    card = found.memory.card
    return {
        "words": visible(found.memory.words),
        "is_loud": found.memory.remembers or found.memory.is_unknown,
        "others": unseen_accuracy(found),
        "card": visible(os.path.relpath(card)) if card else "",
    }


def unseen_accuracy(found: Evaluation) -> str:
    """Accuracy on what the model was not trained on, where it was trained on some of the labelled alerts; else empty.

    Parameters
    ----------
    found : Evaluation
    """
    if found.measured is None or found.memory is None or not found.memory.seen:
        return ""
    own = found.measured.parts[TRAINING].get(UNSEEN)
    return f"accuracy {own.accuracy}" if own is not None and own.accuracy.n else "there are none"


def empty_classes(counts: Confusion) -> list[str]:
    """Classes that no alert is labelled as or called.

    Parameters
    ----------
    counts : Confusion
    """
    total = counts.counts.sum(axis=0) + counts.counts.sum(axis=1) + counts.no_answer
    return [name for name, n in zip(counts.classes, total, strict=True) if not n]


def left_out(found: Evaluation) -> list[tuple[str, int]]:
    """What is not counted among the labelled alerts, in words, with how many; what there is none of is left out.

    Parameters
    ----------
    found : Evaluation
    """
    kept, own = found.chosen, found.measured
    silent = sum(own.silent.values()) if own else sum(found.silent.values())
    labels = found.question.labels
    told = [
        ("labelled, but without an answer" if labels else "without an answer", silent),
        ("without a label", kept.no_label if labels else 0),
        ("labels contradict each other", kept.in_conflict),
        *((f"label {name}, which the module does not tell", n) for name, n in sorted(kept.other_classes.items())),
        ("a later alert of its object", kept.later),
        ("the same alert once more", kept.copies),
        *((f"packet refused: {reason}", n) for reason, n in found.source.refused.most_common()),
    ]
    return [(words, n) for words, n in told if n]


def _confusion(own: Confusion) -> Matrix:
    return Matrix.of(own.counts, own.classes, own.classes, "true \\ called")


def _of_class(own: Measured, objects: dict[str, int]) -> list[dict[str, Any]]:
    counts = own.confusion
    return [
        {
            "name": name,
            "recall": counts.recall(number),
            "precision": counts.precision(number),
            "objects": objects.get(name, 0),
            "no_answer": int(counts.no_answer[number]),
        }
        for number, name in enumerate(counts.classes)
    ]


def _pictures(found: Evaluation) -> dict[str, str]:
    own, classes = found.measured, found.classifiers[0].classes
    pictures = dict.fromkeys(("distribution", "reliability", "of_class", "thresholds"), "")
    if found.distribution.called.any():
        pictures["distribution"] = drawings.data_url(drawings.distribution_charts(found.distribution))
    if own is not None and own.confusion.counts.any():
        pictures["reliability"] = drawings.data_url(drawings.reliability_chart(own.reliability))
        there = np.flatnonzero(own.confusion.counts.sum(axis=1))
        named = [classes[i] for i in there]
        pictures["of_class"] = drawings.data_url(drawings.reliability_charts(named, [own.of_class[i] for i in there]))
        pictures["thresholds"] = drawings.data_url(drawings.threshold_charts(named, [own.rates[i] for i in there]))
    return pictures


def _undrawn(own: Measured) -> str:
    """Classes of which no alert is labelled: nothing is drawn of them."""
    counts = own.confusion.counts.sum(axis=1)
    return ", ".join(name for name, n in zip(own.confusion.classes, counts, strict=True) if not n)


def _thresholds(own: Measured) -> list[tuple[str, list[tuple[Share, Share]], str]]:
    """Of each class: missed and false alarms at the thresholds of the table, and where both are equal."""
    return [
        (name, [_rates_at(rates, at) for at in _AT], _equal(rates))
        for name, rates in zip(own.confusion.classes, own.rates, strict=True)
        if rates.members.sum()
    ]


def _rates_at(rates: ErrorRates, at: float) -> tuple[Share, Share]:
    place = round(at * (len(rates.members) - 1))
    return rates.false_negatives[place], rates.false_positives[place]


def _equal(rates: ErrorRates) -> str:
    at = rates.equal
    return "–" if at is None else f"{100 * rates.false_negatives[at].value:.3g} % at {rates.thresholds[at]:.3g}"


def _breakdowns(own: Measured) -> list[Breakdown]:
    return [
        Breakdown(each.title, [(visible(part), parts[part]) for part in each.sorted(set(parts))])
        for each in SLICINGS
        for parts in [own.parts[each.name]]
    ]


def _sheets(found: Evaluation) -> list[Sheet]:
    return [
        _sheet(found, name, own)
        for name in found.classifiers[0].classes
        if (own := [each for each in found.mistakes if each.true == name])
    ]


def _sheet(found: Evaluation, true: str, own: Sequence[Mistake]) -> Sheet:
    rows, stamps = found.source.pictured([each.key for each in own])
    words = {(each.survey, each.alert_id): each.words for each in own}
    entries = [Entry(alert, words[alert.key]) for alert in alerts_of(rows)]
    drawn = contact_sheet(f"{true}, called otherwise", "label: called, score of that class", entries, stamps)
    shown = [{**each.shown(), "alert_id": str(each.alert_id), "score": f"{each.score:.3f}"} for each in own]
    width = round(100 * drawn.get_figwidth() / _WHOLE_SHEET)
    return Sheet(true, drawings.data_url(drawn, dpi=130), width, shown)


def _pairs(found: Evaluation) -> list[tuple[str, str, Matrix]]:
    """Title, what it is, and the matrix."""
    if found.pairing is None:
        return []
    pair, (one, other) = found.pairing, found.pairing.names
    corner = f"{one} \\ {other}"
    return [
        (
            f"Objects: {counted(int(pair.by_object.sum()), 'object')}",
            f"{one} at the earliest alert of an object that it answers, {other} at the latest.",
            Matrix.of(pair.by_object, pair.rows, pair.columns, corner),
        ),
        (
            f"Alerts: {counted(int(pair.by_alert.sum()), 'alert')}",
            "Alerts that both answer.",
            Matrix.of(pair.by_alert, pair.rows, pair.columns, corner),
        ),
    ]


def _conflict(each: Any) -> tuple[str, str, str]:
    sides = "; ".join(f"{name} ({source})" for name, source, _ in each.sides)
    return visible(str(each.object_id or each.alert_id)), visible(sides), each.resolved or "left out"
