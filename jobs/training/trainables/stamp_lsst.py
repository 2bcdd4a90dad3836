"""The forest of Rubin's stamp classifier: grown on simulated alerts, tested on real ones as far as somebody labelled them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.labels.class_names import NAMES, coarse
from jobs.pipeline.alerts import alert_tables, packet_files
from jobs.training import stamp_set
from jobs.training.trainable import Bools, Fit, Floats, Trainable
from science_modules import stamp_lsst
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Forest, probabilities
from science_modules.common.stamp_rules import seen_earlier, with_rules
from science_modules.stamp_lsst import growing

_FILE = stamp_lsst.ARTEFACTS[0].name
_SURVEY = "lsst"
_CLASS_OF = {name: "satellite" if name == "Satellite" else coarse(name) for name in NAMES}
COLUMNS = pa.schema(
    [
        pa.field("mjd", pa.float64()),
        pa.field("seen_earlier", pa.bool_()),
        pa.field("features", pa.list_(pa.float64(), len(stamp_lsst.FEATURES))),
    ]
)


@dataclass(frozen=True)
class Data:
    """What the forest is grown and tested on.

    Attributes
    ----------
    alerts : tuple of str
        Files or directories of Rubin's packets, simulated (`strix simulate night --survey lsst`) or real; each is a part, and
        gives one example of an object.
    """

    alerts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings(growing.Settings):
    """How it is grown.

    Attributes
    ----------
    real : float
        Weight of a real example against a simulated one; 0: they only test, and no trees saw any of them.
    """

    real: float = 0.0


class RubinStampForest(Trainable):
    """See science_modules/stamp_lsst."""

    name = "stamp_lsst"
    version = stamp_lsst.MODULE.version
    classes = stamp_lsst.CLASSES
    columns = COLUMNS
    data = Data
    settings = Settings
    packages = ("scikit-learn",)
    defaults: ClassVar[Mapping[str, Any]] = {
        **{"output": "data/training/stamp_lsst", "level": "leaf", "validation": 0.0, "test": 0.0}
    }
    not_tested_on = (
        "Real supernovae, real bogus and real satellites: no label of them is known. Real AGN and asteroids are few, most of one"
        " deep field and two nights. Measured with the history rule, and without the rule of known Solar-system objects, from"
        " which labels of asteroids come."
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
        for alerts in alert_tables([part], (_SURVEY,)):
            batch = AlertBatch(alerts)
            names = ("survey", "object_id", "alert_id", "ra", "dec", "mjd")
            label, source = _told(batch)
            numbers = pa.FixedSizeListArray.from_arrays(
                pa.array(stamp_lsst.features(batch).ravel()), len(stamp_lsst.FEATURES)
            )
            yield pa.table(
                {
                    **{name: batch.arrow(name) for name in names},
                    **{"label": label, "source": source, "simulated": batch.arrow("is_simulated"), "features": numbers},
                    "seen_earlier": seen_earlier(batch),
                }
            )

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """The earliest usable alert of each labelled object, in this model's classes; what has no label, to be counted.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        held = []
        for table in labelled:
            told = pa.array([_CLASS_OF.get(label, label) for label in table["label"].to_pylist()], pa.string())
            table = table.set_column(table.column_names.index("label"), table.schema.field("label"), told)
            known = pc.is_in(told, value_set=pa.array(self.classes))
            yield table.filter(pc.invert(known))
            held.append(table.filter(known))
        if held:
            yield stamp_set.first_of_objects(pa.concat_tables(held))

    def files(self, data: Any) -> Sequence[Path]:
        """The files of packets.

        Parameters
        ----------
        data : Data
        """
        return [file for path in data.alerts for file in packet_files(path)]

    def learned(self, examples: pa.Table, settings: Any) -> Bools:
        """Simulated examples; real ones if they have a weight.

        Parameters
        ----------
        examples : pyarrow.Table
            Keys.
        settings : Settings
        """
        simulated = examples["simulated"].fill_null(False).to_numpy(zero_copy_only=False)
        return np.asarray(simulated.astype(bool) | (settings.real > 0), bool)

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """The forest. Nothing is stopped early: what is for validation is trained on, too.

        Parameters
        ----------
        fit : Fit
        """
        table = pa.concat_tables([fit.training.table(), fit.validation.table()])
        simulated = np.array(table["simulated"].fill_null(False).to_pylist(), bool)
        weight = np.where(simulated, 1.0, fit.settings.real) * np.array(table["weight"].to_pylist(), np.float64)
        label = np.array([stamp_lsst.CLASSES.index(each) for each in table["label"].to_pylist()], np.int64)
        used = weight > 0
        forest = growing.grow(_features(table)[used], label[used], weight[used], fit.settings, fit.seed)
        fit.progress(1, 1)
        return {_FILE: forest.to_bytes()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The module's answer after the history rule.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        forest = Forest.from_bytes(artefacts[_FILE])
        said = probabilities(forest.logits(_features(examples)), float(forest.temperature[0]))
        earlier = np.array(examples["seen_earlier"].to_pylist(), bool)
        passing = (stamp_lsst.ASTEROID, stamp_lsst.SATELLITE)
        return with_rules(said, earlier, np.zeros(len(earlier), bool), stamp_lsst.ASTEROID, passing)


def _told(batch: AlertBatch) -> tuple[pa.Array, pa.Array]:
    """Label and its source: why there would be no answer; asteroid where the packet names a Solar-system object."""
    known = (np.asarray(batch["is_known_sso"], np.float64) == 1) & ~(np.asarray(batch["is_simulated"], np.float64) == 1)
    reasons = stamp_lsst.reasons(batch).tolist()
    label = [f"unusable: {reason}" if reason else "asteroid" if is_known else None
             for reason, is_known in zip(reasons, known.tolist(), strict=True)]  # fmt: skip
    source = ["ssSource" if name == "asteroid" else None for name in label]
    return pa.array(label, pa.string()), pa.array(source, pa.string())


def _features(examples: pa.Table) -> NDArray[np.float64]:
    column = examples["features"].combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), column.type.list_size)


TRAINABLE = RubinStampForest()
