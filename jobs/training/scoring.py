"""What each fit says of the examples that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.measures.calibration import Reliability, reliability
from jobs.measures.classification import Confusion, confusion
from jobs.measures.trade import Trade, trade
from jobs.training.trainable import Fitted, Trainable

Floats = NDArray[np.float64]
CROSS_VALIDATION, TEST_PART = "cross-validation", "test part"
_BATCH = 1024


@dataclass(frozen=True)
class Scores:
    """Answers to unseen examples.

    Attributes
    ----------
    table : pyarrow.Table, n rows
        examples.KEYS and `fit`, the fit that answered.
    probabilities : numpy.ndarray, shape (n, n_classes)
        NaN rows have no answer.
    classes : tuple of str
    """

    table: pa.Table
    probabilities: Floats
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.probabilities)

    def select(self, rows: NDArray[np.bool_]) -> "Scores":
        """Some of them.

        Parameters
        ----------
        rows : numpy.ndarray of bool, shape (n,)
        """
        return Scores(self.table.filter(pa.array(rows)), self.probabilities[rows], self.classes)

    def measured(self) -> dict[str, "Scores"]:
        """Those that are measured together: cross-validation and test part, real and simulated; none that is empty."""
        fit = np.array(self.table["fit"].to_pylist(), str)
        simulated = np.array(self.table["simulated"].fill_null(False).to_pylist(), bool)
        found = {}
        for where, own in ((CROSS_VALIDATION, fit != "final"), (TEST_PART, fit == "final")):
            for what, kind in (("real", ~simulated), ("simulated", simulated)):
                if (own & kind).any():
                    found[f"{where}, {what}"] = self.select(own & kind)
        return found

    def confusion(self) -> Confusion:
        """Counts of the likeliest classes."""
        return confusion(self._labels, self.probabilities, self.classes)

    def reliability(self) -> Reliability:
        """Probabilities of the called class against how often it is right."""
        answered = np.isfinite(self.probabilities).all(axis=1)
        said = self.probabilities[answered]
        called = np.array(self.classes, object)[said.argmax(axis=1)] if len(said) else np.array([], object)
        return reliability(called == self._labels[answered], said.max(axis=1, initial=0.0))

    def trade(self, keep: str, find: str) -> Trade | None:
        """What finding more of one class costs of another.

        Parameters
        ----------
        keep, find : str
            Two classes.
        """
        return trade(self._labels, self.probabilities, self.classes, keep, find)

    def as_table(self) -> pa.Table:
        """Keys, fit and a column `p_<class>` for each class."""
        table = self.table
        for number, name in enumerate(self.classes):
            table = table.append_column(f"p_{name}", pa.array(self.probabilities[:, number], from_pandas=True))
        return table

    @property
    def _labels(self) -> NDArray[np.object_]:
        return np.array(self.table["label"].to_pylist(), object)


def scored(trainable: Trainable, fits: Sequence[Fitted]) -> Scores:
    """Have every fit answer to what it has not seen, a batch at a time.

    Parameters
    ----------
    trainable : Trainable
    fits : sequence of Fitted
        At least one.
    """
    tables: list[pa.Table] = []
    answers: list[Floats] = [np.empty((0, len(trainable.classes)))]
    for fit in fits:
        for batch in fit.unseen.batches(_BATCH):
            if batch.num_rows:
                answers.append(_answers(trainable, fit, batch))
                name = pa.array([fit.name] * batch.num_rows, pa.string())
                tables.append(batch.drop_columns(trainable.columns.names).append_column("fit", name))
    empty = fits[0].unseen.examples.keys.schema.append(pa.field("fit", pa.string())).empty_table()
    return Scores(pa.concat_tables([empty, *tables]), np.concatenate(answers), trainable.classes)


def _answers(trainable: Trainable, fit: Fitted, batch: pa.Table) -> Any:
    given = np.asarray(trainable.score(fit.artefacts, batch), np.float64)
    wanted = (batch.num_rows, len(trainable.classes))
    if given.shape != wanted:
        raise ValueError(f"{trainable.name} wants scores of shape {wanted}, gives {given.shape}")
    return given
