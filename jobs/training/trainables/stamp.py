"""The forest of the stamp classifier, on first alerts of labelled objects, real and simulated."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.pipeline.alerts import packet_files
from jobs.training import stamp_set
from jobs.training.examples import Selection
from jobs.training.inner_folds import inner_folds
from jobs.training.stamp_facts import Unseen, answered, facts_of, no_units
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import stamp
from science_modules.common import boosting
from science_modules.stamp import growing
from science_modules.stamp.trees import ALONE, WITH_HISTORY, Trees, mean_logits

_ALERTS, _FIELDS = "alerts", "fields"
_GROWN = {ALONE: growing.grow, WITH_HISTORY: growing.grow_history}


@dataclass(frozen=True)
class Data:
    """What the forest is grown on.

    Attributes
    ----------
    alerts : tuple of str
        Files or directories of ZTF packets, real or of `strix simulate night`; each is a part, and gives one example of an
        object.
    without_stamps : tuple of str
        Parquet files of labelled ZTF alerts that came without cutouts: objectId, candid, candidate.
    bogus_below : float
        Real alerts without any label whose drb is less are examples of bogus; 0 for none.
    """

    alerts: tuple[str, ...] = ()
    without_stamps: tuple[str, ...] = ()
    bogus_below: float = 0.1


@dataclass(frozen=True)
class Settings(growing.Settings):
    """How it is grown and calibrated.

    Attributes
    ----------
    inner_folds : int
        The temperature is of answers to examples that trees have not seen: each fit is cross-validated in itself. At least 2.
    """

    inner_folds: int = 5

    def __post_init__(self) -> None:
        if self.inner_folds < 2:
            raise ValueError(f"settings: inner_folds is {self.inner_folds}, it should be at least 2")


class StampForest(Trainable):
    """See science_modules/stamp."""

    name = "stamp"
    version = stamp.MODULE.version
    classes = stamp.CLASSES
    columns = stamp_set.COLUMNS
    data = Data
    settings = Settings
    packages = ("scikit-learn",)
    trades = (("VS", "AGN"),)
    # Labelled objects are few: all are trained on, and what is measured is measured by cross-validation.
    defaults: ClassVar[Mapping[str, Any]] = {"output": "data/training/stamp", "validation": 0.0, "test": 0.0}
    not_tested_on = (
        "First alerts as such, where the earliest usable alert that was given is a later one of its object. A fair sample of the"
        " stream: the labelled objects are what somebody had classified. Bogus, where it is `drb <`: a proxy, the survey's own"
        " opinion. Rare transients, which are no class here. Measured with history and its rule, and without the rule of known"
        " Solar-system objects, from which labels of asteroids come."
    )

    def parts(self, data: Any) -> Sequence[str]:
        """A file or directory of packets, or a file of alerts without stamps.

        Parameters
        ----------
        data : Data
        """
        parts = [*(f"{_ALERTS}:{path}" for path in data.alerts), *(f"{_FIELDS}:{path}" for path in data.without_stamps)]
        if not data.alerts:
            raise ValueError("nothing to train on: data wants `alerts`")
        absent = [path for path in (*data.alerts, *data.without_stamps) if not Path(path).exists()]
        if absent:
            raise ValueError(f"data: there is no {', '.join(absent)}")
        return parts

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """All alerts of a part, in the module's numbers.

        Parameters
        ----------
        part : str
            Of `parts`.
        data : Data
        """
        kind, _, path = part.partition(":")
        yield from (stamp_set.alerts_of_packets if kind == _ALERTS else stamp_set.alerts_without_stamps)(path)

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """The earliest usable alert of each object that has a label or stands for bogus; what has none, to be counted.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        yield from stamp_set.first_labelled(labelled, self.classes, data.bogus_below)

    def files(self, data: Any) -> Sequence[Path]:
        """The files of packets, and of alerts without stamps.

        Parameters
        ----------
        data : Data
        """
        packets = [file for path in data.alerts for file in packet_files(path)]
        return [*packets, *map(Path, data.without_stamps)]

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """The forest, with its temperature. Nothing is stopped early: what is for validation is trained on, too.

        Parameters
        ----------
        fit : Fit
        """
        table = pa.concat_tables([fit.training.table(), fit.validation.table()])
        known = stamp_set.training_set(table)
        temperatures = _temperatures(known, inner_folds(table, fit.settings.inner_folds, fit.seed), fit)
        fit.progress(fit.settings.inner_folds + 1, fit.settings.inner_folds + 1)
        return {
            name: boosting.with_temperature(grow(known, fit.settings, fit.seed), temperature).to_bytes()
            for (name, grow), temperature in zip(_GROWN.items(), temperatures, strict=True)
        }

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The module's calibrated answer, with what history says and rules out; none without stamps.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        known = stamp_set.training_set(examples)
        out = np.full((len(known), growing.N_CLASSES), np.nan)
        out[known.has_stamps] = answered(Trees.read(artefacts), known.take(known.has_stamps))
        return out

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """The temperature, examples without stamps; of the folds, what images give, whether it ages, AGN against VS.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        known = stamp_set.training_set(everything.table())
        final = Trees.read(fits[-1].artefacts)
        found: dict[str, Any] = {
            "temperature": round(float(final.alone.temperature[0]), 3),
            "temperature, with history": round(float(final.history.temperature[0]), 3),
            "examples without stamps": int((~known.has_stamps).sum()),
            "real examples with stamps that were seen before": _seen_before(known),
            **no_units(final.alone),
        }
        folds = [fit for fit in fits if fit.name.startswith("fold-")]
        for kind in ("real", "simulated"):
            unseen = [_unseen(fit, simulated=kind == "simulated") for fit in folds]
            if any(len(each.known) for each in unseen):
                found |= {f"{kind}, {name}": value for name, value in facts_of(unseen).items()}
        return found


def _unseen(fit: Fitted, simulated: bool) -> Unseen:
    table = fit.unseen.table()
    known = stamp_set.training_set(table)
    rows = known.has_stamps & (known.simulated == simulated)
    mjd = table["mjd"].to_numpy().astype(np.float64)
    return Unseen(Trees.read(fit.artefacts), known.take(rows), mjd[rows])


def _seen_before(known: growing.TrainingSet) -> str:
    """By class: where all or none are, first alerts or later ones are not measured."""
    real = known.take(known.has_stamps & ~known.simulated)
    return ", ".join(
        f"{name} {int((real.earlier & (real.label == number)).sum())} of {int((real.label == number).sum())}"
        for number, name in enumerate(stamp.CLASSES)
    )


def _temperatures(known: growing.TrainingSet, fold: NDArray[np.int64], fit: Fit) -> list[float]:
    """Of both forests, on examples that they have not seen: real ones with stamps, simulated ones if there are no others."""
    alone, history = (np.empty((len(known), growing.N_CLASSES)) for _ in _GROWN)
    for number in range(fit.settings.inner_folds):
        own = fold == number
        others = known.take(~own)
        alone[own] = growing.grow(others, fit.settings, fit.seed).logits(known.features[own])
        forest = growing.grow_history(others, fit.settings, fit.seed)
        history[own] = forest.logits(np.hstack([known.features[own], known.past[own]]))
        fit.progress(number + 1, fit.settings.inner_folds + 1)
    both, seen = mean_logits(alone, history), known.earlier & (known.label != stamp.ASTEROID)
    measured = ((alone, known.has_stamps), (both, known.has_stamps & seen))
    return [_temperature(logits, known, rows) for logits, rows in measured]


def _temperature(logits: Floats, known: growing.TrainingSet, rows: NDArray[np.bool_]) -> float:
    real = rows & ~known.simulated
    chosen = real if real.any() else rows
    return boosting.best_temperature(logits[chosen], known.label[chosen])


TRAINABLE = StampForest()
