"""Examples of real and bogus: their image numbers, and what the survey's own score teaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules import real_bogus_stamps
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.image_numbers import NAMES

Floats = NDArray[np.float64]
COLUMNS = pa.schema(
    [
        pa.field("score", pa.float64()),
        pa.field("positive", pa.bool_()),
        pa.field("numbers", pa.list_(pa.float64(), len(NAMES))),
    ]
)


@dataclass(frozen=True)
class RealBogusSet:
    """Examples of one survey as arrays.

    Attributes
    ----------
    numbers : numpy.ndarray of float64, shape (n, len(NAMES))
    label : numpy.ndarray of int, shape (n,)
        0 bogus, 1 real.
    simulated, positive : numpy.ndarray of bool, shape (n,)
        Whether it is simulated; whether it is brighter than the reference.
    """

    numbers: Floats
    label: NDArray[np.int64]
    simulated: NDArray[np.bool_]
    positive: NDArray[np.bool_]

    @classmethod
    def of(cls, examples: pa.Table) -> "RealBogusSet":
        """Those of a table.

        Parameters
        ----------
        examples : pyarrow.Table
            Keys and COLUMNS, labels bogus and real.
        """
        return cls(
            numbers=numbers_of(examples),
            label=np.array([real_bogus_stamps.CLASSES.index(each) for each in examples["label"].to_pylist()], np.int64),
            simulated=_bools(examples, "simulated"),
            positive=_bools(examples, "positive"),
        )

    @property
    def taught(self) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
        """What `growing.grow` wants."""
        return self.numbers, self.label, self.simulated

    def take(self, rows: NDArray[Any]) -> "RealBogusSet":
        """Some of them.

        Parameters
        ----------
        rows : numpy.ndarray of bool or int
        """
        return RealBogusSet(**{name: values[rows] for name, values in vars(self).items()})


def examples_of(batch: AlertBatch) -> pa.Table:
    """Keys and COLUMNS of alerts; what the module would not answer has the reason as its label.

    Parameters
    ----------
    batch : AlertBatch
        In the common view.
    """
    keys = {name: batch.arrow(name) for name in ("survey", "object_id", "alert_id", "ra", "dec")}
    label = pa.array([reason and f"unusable: {reason}" for reason in batch.stamps.unusable], pa.string())
    numbers = pa.FixedSizeListArray.from_arrays(pa.array(real_bogus_stamps.numbers(batch).ravel()), len(NAMES))
    told = {"label": label, "simulated": batch.arrow("is_simulated"), "numbers": numbers}
    return pa.table({**keys, **told, "score": batch.arrow("real_bogus"), "positive": batch.arrow("is_positive")})


def taught(examples: pa.Table, survey: str, score: str, bounds: Sequence[float]) -> pa.Table:
    """Real alerts of a survey of which no label says anything, labelled by the survey's score where it is sure.

    Parameters
    ----------
    examples : pyarrow.Table
        With label, source, score.
    survey : str
        Others stay as they are.
    score : str
        What the survey calls it, for the source.
    bounds : sequence of float
        Below the first is bogus, above the second real; between them no label.
    """
    unknown = pc.and_(pc.is_null(examples["label"]), pc.is_null(examples["source"]))
    asked = pc.and_(
        pc.and_(unknown, pc.equal(examples["survey"], survey)), pc.invert(pc.fill_null(examples["simulated"], False))
    )
    low, high = pc.less(examples["score"], bounds[0]), pc.greater(examples["score"], bounds[1])
    for rows, label, source in ((low, "bogus", f"{score} < {bounds[0]:g}"), (high, "real", f"{score} > {bounds[1]:g}")):
        sure = pc.and_(asked, pc.fill_null(rows, False))
        for name, value in (("label", label), ("source", source)):
            told = pc.if_else(sure, value, examples[name])
            examples = examples.set_column(examples.column_names.index(name), examples.schema.field(name), told)
    return examples


def numbers_of(examples: pa.Table) -> Floats:
    """The image numbers as a matrix, shape (n, len(NAMES)).

    Parameters
    ----------
    examples : pyarrow.Table
        With COLUMNS.
    """
    column = examples["numbers"].combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), len(NAMES))


def _bools(examples: pa.Table, name: str) -> NDArray[np.bool_]:
    return np.array(examples[name].fill_null(False).to_pylist(), bool)
