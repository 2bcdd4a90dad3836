"""A classifier on the alerts of a directory, from the question to all numbers."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from jobs.labels.resolving import Conflict
from jobs.reports.evaluation.answer_source import AnswerSource, Tell
from jobs.reports.evaluation.answers import Answers
from jobs.reports.evaluation.caveats import Memory, memory_of, trained_on
from jobs.reports.evaluation.chosen import Bools, Chosen, chosen
from jobs.reports.evaluation.classifier import Classifier, classifier, unknown_in_words
from jobs.reports.evaluation.counting import Measured, measured
from jobs.reports.evaluation.label_files import NothingLabelled, label_files, labels_of
from jobs.reports.evaluation.mistakes import Mistake, mistakes_in, worst
from jobs.reports.evaluation.pairing import Pairing, pairing
from jobs.reports.evaluation.sources import source_of
from jobs.reports.evaluation.unlabelled import Distribution, distribution
from jobs.storage.writing import replacing
from jobs.training.given_labels import GivenLabels
from science_modules.registry import folder_name

ANSWERS = "answers.parquet"
Counts = TypeVar("Counts", Measured, Distribution)


@dataclass(frozen=True)
class Question:
    """What is evaluated.

    Attributes
    ----------
    name : str
        Module, or NAME@VERSION.
    data : pathlib.Path
        An output, or files of packets.
    output : pathlib.Path
        Where the answers are written.
    labels : sequence of pathlib.Path
        Files that `read_labels` knows, or directories with the truth of a simulation; none: only what is called is counted.
    against : str or None
        Another module.
    level : str
        coarse or leaf.
    first : bool
        Of each object its earliest alert alone.
    n_mistakes : int
        Of each true class.
    schemas : str or None
        Directory of the schemas of the Confluent wire format.
    models : pathlib.Path or None
        Of the modules' artefacts.
    """

    name: str
    data: Path
    output: Path
    labels: Sequence[Path] = ()
    against: str | None = None
    level: str = "coarse"
    first: bool = False
    n_mistakes: int = 9
    schemas: str | None = None
    models: Path | None = None


@dataclass(frozen=True)
class Evaluation:
    """All numbers.

    Attributes
    ----------
    question : Question
    source : AnswerSource
    classifiers : tuple of Classifier
        The one that is evaluated; perhaps another one beside it.
    alerts : int
        Rows of the answers.
    chosen : Chosen
        What is counted, and what not and why.
    measured : Measured or None
        None without labels.
    distribution : Distribution
        Of alerts without a label.
    pairing : Pairing or None
    mistakes : list of Mistake
    conflicts : list of Conflict
        Among the labels of all files.
    silent : Counter
        All alerts without an answer, by reason.
    memory : Memory or None
        What the model saw of the labelled objects in its training. None without labels.
    """

    question: Question
    source: AnswerSource
    classifiers: tuple[Classifier, ...]
    alerts: int
    chosen: Chosen
    measured: Measured | None
    distribution: Distribution
    pairing: Pairing | None
    mistakes: list[Mistake]
    conflicts: list[Conflict]
    silent: "Counter[str]"
    memory: Memory | None

    @property
    def title(self) -> str:
        """The module and its version."""
        found = self.classifiers[0]
        return f"{found.name} {self.source.version(found.name)}".strip()

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON writes it."""
        found, kept = self.classifiers[0], self.chosen
        return {
            "module": found.name,
            "version": self.source.version(found.name),
            "classes": list(found.classes),
            "scores_are_probabilities": found.are_probabilities,
            "data": str(self.question.data),
            "answers": self.source.words,
            "labels": [str(path) for path in self.question.labels],
            "objects_that_it_was_trained_on": self.memory.as_dict() if self.memory else None,
            "level": self.question.level,
            "earliest_alert_of_each_object_only": self.question.first,
            "alerts": self.alerts,
            "simulated": kept.simulated,
            "not_counted": {
                "copies": kept.copies,
                "later_alerts_of_their_object": kept.later,
                "no_label": kept.no_label,
                "labels_in_conflict": kept.in_conflict,
                "labels_of_other_classes": dict(sorted(kept.other_classes.items())),
                "packets_refused": dict(self.source.refused.most_common()),
            },
            "no_answer": dict(self.silent.most_common()),
            "objects": kept.objects,
            "labelled": self.measured.as_dict() if self.measured else None,
            "unlabelled": self.distribution.as_dict(),
            "against": self.pairing.as_dict() if self.pairing else None,
            "mistakes": [each.as_dict() for each in self.mistakes],
        }


def evaluate(question: Question, tell: Tell = lambda done: None) -> Evaluation:
    """Ask a module, or read what it said, and count.

    Parameters
    ----------
    question : Question
    tell : callable
        Takes the number of alerts that are answered so far.

    Raises
    ------
    NoClasses, NoAnswers, NothingLabelled, UnknownModule, ArtefactError, NoInput
        If the module tells no classes; if neither answers nor packets are there; if no label can be counted; if the
        module or its weights are not there; if the data is not there.
    """
    question = replace(question, labels=label_files(question.labels))
    labels, conflicts = labels_of(question.labels, question.level) if question.labels else (None, [])
    names = [folder_name(name) for name in (question.name, question.against) if name]
    source = source_of(question.data, names, question.schemas, question.models)
    classifiers = tuple(classifier(name, source.fields(name), question.level) for name in names)
    with replacing(question.output / ANSWERS) as path:
        answers = Answers(path, classifiers, trained_on(names[0]) if labels else None)
        answers.write(source.pieces(classifiers, tell), labels)
        return _counted(question, source, answers, labels, conflicts)


def _counted(
    question: Question,
    source: AnswerSource,
    answers: Answers,
    labels: GivenLabels | None,
    conflicts: list[Conflict],
) -> Evaluation:
    kept = chosen(answers, question.first)
    if labels is not None and not kept.labelled.any():
        raise NothingLabelled(_why_none(question, answers, labels, kept))
    return Evaluation(
        question=question,
        source=source,
        classifiers=answers.classifiers,
        alerts=len(kept.once),
        chosen=kept,
        measured=_summed(answers, kept.labelled, measured) if labels is not None else None,
        distribution=_summed(answers, kept.unlabelled, distribution),
        pairing=pairing(answers, kept.once) if question.against else None,
        mistakes=_mistakes(answers, kept.labelled, question.n_mistakes),
        conflicts=conflicts,
        silent=_silent(answers, kept.once),
        memory=_memory(question, answers, kept) if labels is not None else None,
    )


def _memory(question: Question, answers: Answers, kept: Chosen) -> Memory:
    rows = answers.columns(answers.keys())
    counted = kept.labelled & answers.reasons(rows).is_null().to_numpy()
    return memory_of(answers.classifiers[0].name, rows.filter(pa.array(counted)), question.labels)


def _pieces(answers: Answers, kept: Bools) -> Iterator[pa.Table]:
    """The rows that are kept, piece by piece; a first piece of none, so that there is one in any case."""
    yield answers.schema.empty_table()
    start = 0
    for piece in answers.pieces():
        yield piece.filter(pa.array(kept[start : start + piece.num_rows]))
        start += piece.num_rows


def _summed(answers: Answers, kept: Bools, count: Callable[[Answers, pa.Table], Counts]) -> Counts:
    return reduce(lambda one, other: one + other, (count(answers, rows) for rows in _pieces(answers, kept)))


def _mistakes(answers: Answers, kept: Bools, most: int) -> list[Mistake]:
    found: list[Mistake] = []
    for rows in _pieces(answers, kept):
        found = worst([*found, *mistakes_in(answers, rows, most)], most)
    return found


def _silent(answers: Answers, once: Bools) -> "Counter[str]":
    reasons = np.array(answers.reasons(answers.columns(answers.keys())).to_pylist(), object)
    return Counter(each for each in reasons[once].tolist() if each is not None)


def _why_none(question: Question, answers: Answers, labels: GivenLabels, kept: Chosen) -> str:
    """Both sides of what does not meet: other classes, or other alerts."""
    files = ", ".join(str(path) for path in question.labels)
    if kept.other_classes:
        return f"no label of {files} is a class of the module: {unknown_in_words(kept.other_classes, answers.classifiers[0])}"
    rows = answers.columns(["survey", "object_id", "alert_id"])
    if not rows.num_rows:
        return f"{question.data} has no alert that can be read"
    alert = rows.slice(0, 1).to_pylist()[0]
    alerts = f"{rows.num_rows:,} alerts such as {alert['survey']} {alert['object_id']} ({alert['alert_id']})"
    return f"no label of {files} is of an alert of {question.data}: {alerts}; {_labels_in_words(labels)}"


def _labels_in_words(labels: GivenLabels) -> str:
    if not labels.rows:
        return "no labels of our classes"
    survey, name = next(iter([*labels.of_object, *labels.of_alert]))
    return f"{len(labels.rows):,} labels such as that of {survey} {name}"
