"""Two classifiers on the alerts of which the class is known: which is better, and where they disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.labels.resolving import Conflict
from jobs.measures.classification import Confusion, confusion
from jobs.measures.paired import Paired, paired
from jobs.modules.trained_on import object_names
from jobs.reports.evaluation.answer_source import AnswerSource, Tell
from jobs.reports.evaluation.answers import Answers
from jobs.reports.evaluation.caveats import Memory, memory_of, trained_on
from jobs.reports.evaluation.chosen import Bools, Chosen, chosen
from jobs.reports.evaluation.classifier import Classifier, classifier
from jobs.reports.evaluation.label_files import NothingLabelled, label_files, labels_of
from jobs.reports.evaluation.sources import source_of
from jobs.reports.score_comparison import ComparedScore, compared_scores, scored_classes
from jobs.training.splitting import groups
from science_modules.registry import folder_name

Floats = NDArray[np.float64]
_KEYS = ("survey", "alert_id", "object_id", "night", "file", "ra", "dec", "is_simulated")


@dataclass(frozen=True)
class ComparedModels:
    """What is compared.

    Attributes
    ----------
    names : tuple of str
        Two modules, each by name or `NAME@VERSION`.
    data : pathlib.Path
        An output, or files of packets.
    labels : sequence of pathlib.Path
        Files that `read_labels` knows, or directories with the truth of a simulation.
    level : str
        coarse or leaf.
    schemas : str or None
        Directory of the schemas of the Confluent wire format.
    models : pathlib.Path or None
        Of the modules' artefacts.
    """

    names: tuple[str, str]
    data: Path
    labels: Sequence[Path]
    level: str = "coarse"
    schemas: str | None = None
    models: Path | None = None


@dataclass(frozen=True)
class Comparison:
    """What two classifiers made of the same alerts.

    Attributes
    ----------
    source : AnswerSource
    classes : tuple of str
        That both tell, in our names.
    rows : pyarrow.Table, n rows
        survey, alert_id, object_id, night, file, label, is_simulated of the alerts that both answered.
    called : tuple of numpy.ndarray of object, shape (n,)
        What each calls them.
    scores : tuple of numpy.ndarray, shape (n, n_classes)
        Of each, in the order of `classes`.
    by_score : tuple of ComparedScore
        Score by score, of models whose answers are scores that were trained alone; on the rows that the verdict is about.
    confusions : tuple of Confusion
    paired : Paired
    memories : tuple of Memory
        What each saw of these objects in its training.
    unseen : Paired or None
        On the objects that neither was trained on, if one of them was trained on some; None if there are no others, or it is not
        known which.
    unanswered : int
        Labelled alerts that one of them did not answer; they are in no number.
    unlabelled : int
        Alerts without a label of these classes.
    conflicts : list of Conflict
        Labels that contradict each other.
    """

    source: AnswerSource
    classes: tuple[str, ...]
    rows: pa.Table
    called: tuple[NDArray[np.object_], NDArray[np.object_]]
    scores: tuple[Floats, Floats]
    by_score: tuple[ComparedScore, ...]
    confusions: tuple[Confusion, Confusion]
    paired: Paired
    memories: tuple[Memory, Memory]
    unseen: Paired | None
    unanswered: int
    unlabelled: int
    conflicts: list[Conflict]

    @property
    def names(self) -> tuple[str, str]:
        """Columns of the first and the second."""
        return self.memories[0].name, self.memories[1].name

    @property
    def simulated(self) -> int:
        """Alerts among the rows that are not of the sky."""
        return int(self.rows["is_simulated"].fill_null(False).to_numpy().sum())

    def disagreements(self) -> list[dict[str, Any]]:
        """Alerts that they call differently, with `words` for a sheet; those first in which one of them is right."""
        one, other = self.called
        keys = self.rows.to_pylist()
        found = [
            {
                **keys[i],
                "words": f"{keys[i]['label']}: {one[i]} / {other[i]}",
                "right": keys[i]["label"] in (one[i], other[i]),
            }
            for i in np.flatnonzero(one != other)
        ]
        return sorted(found, key=lambda row: (not row["right"], row["label"], row["alert_id"]))

    def apart(self, name: str, threshold: float) -> list[dict[str, Any]]:
        """Alerts with the two scores of a class on two sides of a threshold, with `words` for a sheet; the farthest apart first.

        Parameters
        ----------
        name : str
            The class.
        threshold : float
            0 to 1.

        Raises
        ------
        ValueError
            If it is none of `classes`.
        """
        if name not in self.classes:
            raise ValueError(f"no score of {name!r}; {' and '.join(self.names)} have {', '.join(self.classes)}")
        one, other = (each[:, self.classes.index(name)] for each in self.scores)
        keys = self.rows.to_pylist()
        rows = np.flatnonzero((one >= threshold) != (other >= threshold))
        order = rows[np.argsort(-np.abs(one - other)[rows], kind="stable")]
        return [{**keys[i], "words": f"{keys[i]['label']}: {one[i]:.2f} / {other[i]:.2f}"} for i in order]


def compare_models(asked: ComparedModels, tell: Tell = lambda done: None) -> Comparison:
    """Compare two classifiers by the answers that an output holds of the installed versions; else they are run over its packets.

    Parameters
    ----------
    asked : ComparedModels
    tell : callable
        Takes the number of alerts that are answered so far.

    Raises
    ------
    NoClasses, NoAnswers, NothingLabelled, UnknownModule, ArtefactError, NoInput
        As `evaluate`.
    ValueError
        If the two tell other classes, or no alert has a label and both answers.
    """
    files = label_files(asked.labels)
    labels, conflicts = labels_of(files, asked.level)
    names = [folder_name(name) for name in asked.names]
    source = source_of(asked.data, names, asked.schemas, asked.models)
    both = _of_the_same_classes([classifier(name, source.fields(name), asked.level) for name in names])
    with TemporaryDirectory() as folder:
        answers = Answers(Path(folder) / "answers.parquet", both)
        answers.write(source.pieces(both, tell), labels)
        return _compared(asked.data, source, answers, files, conflicts)


def _of_the_same_classes(both: Sequence[Classifier]) -> tuple[Classifier, Classifier]:
    one, other = both
    if one.name == other.name:
        raise ValueError(f"two models are compared, found {one.name} twice")
    if set(one.classes) != set(other.classes):
        told = "; ".join(f"{each.name} has {', '.join(each.classes)}" for each in both)
        raise ValueError(f"only models of the same classes can be compared: {told}")
    return one, other


def _compared(
    data: Path, source: AnswerSource, answers: Answers, files: Sequence[Path], conflicts: list[Conflict]
) -> Comparison:
    kept = chosen(answers, first=False)
    rows = _answered_by_both(answers, kept)
    if not rows.num_rows:
        raise NothingLabelled(_why_none(data, answers, kept))
    one, other = _scores(answers, rows, 0), _scores(answers, rows, 1)
    classes = answers.classifiers[0].classes
    label = np.array(rows["true"].to_pylist(), object)
    called = tuple(np.array(classes, object)[each.argmax(axis=1)] for each in (one, other))
    memories = tuple(memory_of(each.name, rows, files) for each in answers.classifiers)
    group, judged = _objects(rows), _unseen(memories, rows)
    among = np.ones(len(label), bool) if judged is None else judged
    names = scored_classes(answers.classifiers[0])
    return Comparison(
        source=source,
        classes=classes,
        rows=rows.select([*_KEYS, "true"]).rename_columns([*_KEYS, "label"]),
        called=(called[0], called[1]),
        scores=(one, other),
        by_score=compared_scores(names, classes, label[among], (one[among], other[among]), group[among]),
        confusions=(confusion(label, one, classes), confusion(label, other, classes)),
        paired=_paired(called, label, group),
        memories=(memories[0], memories[1]),
        unseen=None if judged is None else _paired([each[judged] for each in called], label[judged], group[judged]),
        unanswered=int(kept.labelled.sum()) - rows.num_rows,
        unlabelled=int((kept.once & ~kept.labelled).sum()),
        conflicts=conflicts,
    )


def _answered_by_both(answers: Answers, kept: Chosen) -> pa.Table:
    """Labelled rows."""
    found, start = [answers.schema.empty_table()], 0
    for piece in answers.pieces():
        both = pc.and_(*(pc.is_null(answers.reasons(piece, number)) for number in range(2)))
        own = kept.labelled[start : start + piece.num_rows]
        found.append(piece.filter(pc.and_(both, pa.chunked_array([pa.array(own)]))))
        start += piece.num_rows
    return pa.concat_tables(found)


def _scores(answers: Answers, rows: pa.Table, number: int) -> Floats:
    """In the order of the first one's classes."""
    own = answers.classifiers[number].classes
    return answers.scores(rows, number)[:, [own.index(name) for name in answers.classifiers[0].classes]]


def _objects(rows: pa.Table) -> NDArray[np.int64]:
    """Numbers of objects, those at one place being one."""
    names = np.array(object_names(rows).to_pylist(), object)
    return groups(names, rows["ra"].to_numpy(), rows["dec"].to_numpy())


def _paired(called: Sequence[Any], label: NDArray[np.object_], group: NDArray[np.int64]) -> Paired:
    one, other = (np.asarray(each == label, bool) for each in called)
    return paired(one, other, group)


def _unseen(memories: Sequence[Memory], rows: pa.Table) -> Bools | None:
    """The rows whose objects neither was trained on, if those are some and not all."""
    if not any(each.seen for each in memories) or any(each.label_files for each in memories):
        return None
    known = [found for each in memories if (found := trained_on(each.name)) is not None]
    seen = np.any([found.knows(object_names(rows)) for found in known], axis=0)
    return None if seen.all() else ~seen


def _why_none(data: Path, answers: Answers, kept: Chosen) -> str:
    one, other = answers.classifiers
    return (
        f"no alert of {data} has answers of {one.name} and {other.name} and a label of {', '.join(one.classes)}:"
        f" {int(kept.once.sum()):,} alerts, {int(kept.labelled.sum()):,} with such a label"
    )
