"""Real or bogus for ZTF and Rubin: the survey's own score teaches where it is sure, simulated artefacts and sources beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.labels.class_names import NAMES as CLASS_NAMES
from jobs.labels.class_names import coarse
from jobs.pipeline.alerts import alert_tables, packet_files
from jobs.training import real_bogus_set
from jobs.training.examples import Selection
from jobs.training.inner_folds import inner_folds
from jobs.training.real_bogus_facts import facts_of
from jobs.training.real_bogus_set import RealBogusSet
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import real_bogus_stamps
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Forest
from science_modules.common.every_class import every_class
from science_modules.real_bogus_stamps import growing

_CLASS_OF = {name: "bogus" if coarse(name) == "bogus" else "real" for name in CLASS_NAMES}


@dataclass(frozen=True)
class Data:
    """What the trees are grown on.

    Attributes
    ----------
    alerts : tuple of str
        Files or directories of packets of both surveys, real and simulated; each is a part.
    drb : tuple of float
        Real ZTF alerts of which no label says anything are bogus below the first score, real above the second.
    reliability : tuple of float
        The same for Rubin.
    """

    alerts: tuple[str, ...] = ()
    drb: tuple[float, ...] = (0.1, 0.9)
    reliability: tuple[float, ...] = (0.3, 0.9)


@dataclass(frozen=True)
class Settings(growing.Settings):
    """How it is grown.

    Attributes
    ----------
    inner_folds : int
        Into so many pieces a fit's examples are dealt out, for its calibration.
    """

    inner_folds: int = 4


class RealBogusForests(Trainable):
    """See science_modules/real_bogus_stamps."""

    name = "real_bogus_stamps"
    version = real_bogus_stamps.MODULE.version
    classes = real_bogus_stamps.CLASSES
    columns = real_bogus_set.COLUMNS
    data = Data
    settings = Settings
    packages = ("scikit-learn",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "output": "data/training/real_bogus_stamps",
        "validation": 0.0,
        "test": 0.0,
    }
    not_tested_on = (
        "Labels that people gave: where none are among the label files the teacher is the survey's own score, so what both get"
        " wrong is not seen. Alerts of which the survey is not sure are in no number. Rubin's artefacts as such: its alerts of"
        " low reliability are few."
    )

    def parts(self, data: Any) -> Sequence[str]:
        """A file or directory of packets.

        Parameters
        ----------
        data : Data
        """
        if not data.alerts:
            raise ValueError("nothing to train on: data wants `alerts`")
        absent = [path for path in data.alerts if not Path(path).exists()]
        if absent:
            raise ValueError(f"data: there is no {', '.join(absent)}")
        return list(data.alerts)

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """All alerts of a part, in the module's numbers; what it would not answer has the reason as its label.

        Parameters
        ----------
        part : str
            Of `parts`.
        data : Data
        """
        for alerts in alert_tables([part], real_bogus_stamps.SURVEYS):
            yield real_bogus_set.examples_of(AlertBatch(alerts))

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """All of them: labels as bogus and real; where no label says anything of a real alert its score does, if it is sure.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        sure = {"ztf": ("drb", data.drb), "lsst": ("reliability", data.reliability)}
        for table in labelled:
            told = pa.array([_CLASS_OF.get(label, label) for label in table["label"].to_pylist()], pa.string())
            table = table.set_column(table.column_names.index("label"), table.schema.field("label"), told)
            for survey, (name, bounds) in sure.items():
                table = real_bogus_set.taught(table, survey, name, bounds)
            yield table

    def files(self, data: Any) -> Sequence[Path]:
        """The files of packets.

        Parameters
        ----------
        data : Data
        """
        return [file for path in data.alerts for file in packet_files(path)]

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """A calibrated forest for each survey. Nothing is stopped early: what is for validation is trained on, too.

        Parameters
        ----------
        fit : Fit
        """
        table = pa.concat_tables([fit.training.table(), fit.validation.table()])
        found = {}
        for number, survey in enumerate(real_bogus_stamps.SURVEYS):
            own = table.filter(pc.equal(table["survey"], survey))
            every_class(
                self.classes, [own["label"].to_pylist().count(each) for each in self.classes], f"examples of {survey}"
            )
            fold = inner_folds(own, fit.settings.inner_folds, fit.seed)
            forest = _grown(RealBogusSet.of(own), fold, fit.settings, fit.seed)
            found[real_bogus_stamps.file_of(survey)] = forest.to_bytes()
            fit.progress(number + 1, len(real_bogus_stamps.SURVEYS))
        return found

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The module's answer, and what is left to one.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        survey, numbers = np.array(examples["survey"].to_pylist(), object), real_bogus_set.numbers_of(examples)
        real = np.full(len(survey), np.nan)
        for name in real_bogus_stamps.SURVEYS:
            forest = Forest.from_bytes(artefacts[real_bogus_stamps.file_of(name)])
            real[survey == name] = real_bogus_stamps.probability(forest, numbers[survey == name])
        return np.stack([1 - real, real], axis=1)

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """Of each survey's alerts that a fold left out, real and simulated apart: what is missed, and what stamps give.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        unseen = [(fit.artefacts, fit.unseen.table()) for fit in fits if fit.name.startswith("fold-")]
        found: dict[str, Any] = {}
        for survey in real_bogus_stamps.SURVEYS:
            file = real_bogus_stamps.file_of(survey)
            own = [(Forest.from_bytes(artefacts[file]), table.filter(pc.equal(table["survey"], survey)))
                   for artefacts, table in unseen]  # fmt: skip
            folds = [(forest, RealBogusSet.of(table)) for forest, table in own]
            found |= {f"{survey}, {name}": value for name, value in facts_of(folds).items()}
        return found


def _grown(known: RealBogusSet, fold: Any, settings: Settings, seed: int) -> Forest:
    """The forest of all, calibrated by those of which each inner fold was kept; by real alerts if they are of both classes."""
    logits = np.empty(len(known.label))
    for number in range(settings.inner_folds):
        rest, own = known.take(fold != number), fold == number
        logits[own] = growing.grow(*rest.taught, settings, seed).logits(known.numbers[own])[:, 0]
    real = ~known.simulated
    measured = real if len(set(known.label[real].tolist())) == len(real_bogus_stamps.CLASSES) else np.ones_like(real)
    return growing.calibrated(growing.grow(*known.taught, settings, seed), logits[measured], known.label[measured])


TRAINABLE = RealBogusForests()
