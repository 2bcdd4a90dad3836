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
from jobs.training.seeds import seed_of
from jobs.training.splitting import groups, split
from jobs.training.stamp_facts import Unseen, facts_of, no_units
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import stamp
from science_modules.common import boosting
from science_modules.common.boosted_trees import Forest, probabilities
from science_modules.common.stamp_rules import with_rules
from science_modules.stamp import growing

_ALERTS, _FIELDS = "alerts", "fields"
_FILE = stamp.ARTEFACTS[0].name


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
        " opinion. Rare transients, which are no class here. Measured with the history rule, and without the rule of known"
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
        temperature = _temperature(known, _inner_folds(table, fit), fit)
        forest = boosting.with_temperature(growing.grow(known, fit.settings, fit.seed), temperature)
        fit.progress(fit.settings.inner_folds + 1, fit.settings.inner_folds + 1)
        return {_FILE: forest.to_bytes()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The module's calibrated answer after the history rule; none without stamps.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        forest = Forest.from_bytes(artefacts[_FILE])
        used = probabilities(_logits(forest, examples), float(forest.temperature[0]))
        return _with_history(used, np.array(examples["seen_earlier"].to_pylist(), bool))

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """The temperature, examples without stamps; of the folds, what images give, whether it ages, AGN against VS.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        known = stamp_set.training_set(everything.table())
        final = Forest.from_bytes(fits[-1].artefacts[_FILE])
        found: dict[str, Any] = {
            "temperature": round(float(final.temperature[0]), 3),
            "examples without stamps": int((~known.has_stamps).sum()),
            **no_units(final),
        }
        folds = [fit for fit in fits if fit.name.startswith("fold-")]
        for kind in ("real", "simulated"):
            unseen = [_unseen(fit, simulated=kind == "simulated") for fit in folds]
            if any(len(each.known) for each in unseen):
                found |= {f"{kind}, {name}": value for name, value in facts_of(unseen, _with_history).items()}
        return found


def _unseen(fit: Fitted, simulated: bool) -> Unseen:
    table = fit.unseen.table()
    known = stamp_set.training_set(table)
    rows = known.has_stamps & (known.simulated == simulated)
    mjd = table["mjd"].to_numpy().astype(np.float64)
    earlier = np.array(table["seen_earlier"].to_pylist(), bool)
    return Unseen(Forest.from_bytes(fit.artefacts[_FILE]), known.take(rows), mjd[rows], earlier[rows])


def _with_history(alone: Floats, earlier: NDArray[np.bool_]) -> Floats:
    return with_rules(alone, earlier, np.zeros(len(earlier), bool), stamp.ASTEROID, (stamp.ASTEROID,))


def _logits(forest: Forest, examples: pa.Table) -> Floats:
    """NaN rows for examples without stamps, which the module does not answer."""
    known = stamp_set.training_set(examples)
    return np.where(known.has_stamps[:, None], forest.logits(known.features), np.nan)


def _inner_folds(table: pa.Table, fit: Fit) -> NDArray[np.int64]:
    """The folds of a fit in itself, by object and place as everywhere."""
    rows = table.select(["survey", "object_id", "label", "simulated"]).to_pylist()
    names = np.array([f"{row['survey']}/{row['object_id']}" for row in rows], object)
    strata = np.array([f"{row['label']}/{row['simulated']}" for row in rows], object)
    ra, dec = (table[name].to_numpy().astype(np.float64) for name in ("ra", "dec"))
    seed = seed_of(fit.seed, "temperature")
    return split(groups(names, ra, dec), names, strata, seed, folds=fit.settings.inner_folds, validation=0, test=0).fold


def _temperature(known: growing.TrainingSet, fold: NDArray[np.int64], fit: Fit) -> float:
    """Of real examples with stamps; of the simulated ones if there are no others."""
    logits = np.empty((len(known), growing.N_CLASSES))
    for number in range(fit.settings.inner_folds):
        own = fold == number
        logits[own] = growing.grow(known.take(~own), fit.settings, fit.seed).logits(known.features[own])
        fit.progress(number + 1, fit.settings.inner_folds + 1)
    measured = known.has_stamps & ~known.simulated
    measured = measured if measured.any() else known.has_stamps
    return boosting.best_temperature(logits[measured], known.label[measured])


TRAINABLE = StampForest()
