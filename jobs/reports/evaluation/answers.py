"""What was asked and answered, a row per alert: `answers.parquet`, which all numbers of an evaluation are counted from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.modules.trained_on import TrainedOn, object_names
from jobs.reports.evaluation.classifier import Classifier
from jobs.training.given_labels import GivenLabels

# Of the common view, and of the packet's origin.
FACTS = (
    *("survey", "alert_id", "object_id", "night", "mjd", "ra", "dec", "mag", "gal_b", "ecl_lat", "n_detections"),
    "is_simulated",
)
FILE = "provenance.file"
IN_TRAINING = "in_training"
_GIVEN = {"label": pa.string(), "weight": pa.float64(), "source": pa.string()}
_PIECE = 65_536
NO_REASON = "no answer, and no reason is given"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Answers in a file.

    Attributes
    ----------
    path : pathlib.Path
    classifiers : tuple of Classifier
        The one that is evaluated; perhaps another one beside it.
    trained_on : TrainedOn or None
        The objects that the first was trained on; None: nothing says it.
    """

    path: Path
    classifiers: tuple[Classifier, ...]
    trained_on: TrainedOn | None = None

    def write(self, pieces: Iterable[pa.Table], labels: GivenLabels | None) -> None:
        """Write the answers of pieces of an archive or a pass; a few thousand rows are in memory.

        Parameters
        ----------
        pieces : iterable of pyarrow.Table
            FACTS, FILE, and the columns of the classifiers.
        labels : GivenLabels or None
            None: nothing is labelled.
        """
        with pq.ParquetWriter(self.path, self.schema, compression="zstd") as writer:
            for piece in pieces:
                writer.write_table(self._table(piece, labels))

    @property
    def schema(self) -> pa.Schema:
        """FACTS, file, label (in our names), true (in the classifier's classes), source, whether the first classifier was
        trained on the object (NULL: not known); a score for each class of each."""
        texts = ("survey", "object_id", "file", "label", "true", "source")
        kinds = {"alert_id": pa.int64(), "night": pa.int32(), "n_detections": pa.int32()}
        kinds |= dict.fromkeys(("is_simulated", IN_TRAINING), pa.bool_())
        names = (*FACTS, "file", "label", "true", "source", IN_TRAINING)
        facts = [(name, pa.string() if name in texts else kinds.get(name, pa.float64())) for name in names]
        return pa.schema(
            [*facts, *(field for number in range(len(self.classifiers)) for field in self._fields(number))]
        )

    def _fields(self, number: int) -> list[pa.Field]:
        scores = [pa.field(name, pa.float32()) for name in self._score_names(number)]
        return [*scores, pa.field(self._reason(number), pa.string())]

    def _score_names(self, number: int) -> list[str]:
        found = self.classifiers[number]
        return [f"{found.name}.{name}" for name in found.classes]

    def _reason(self, number: int) -> str:
        return f"{self.classifiers[number].name}.error"

    def _table(self, piece: pa.Table, labels: GivenLabels | None) -> pa.Table:
        rows = piece.select([*FACTS])
        for name, kind in _GIVEN.items():
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
        rows = labels.attach(rows) if labels else rows
        true = [self.classifiers[0].true_class(label) for label in rows["label"].to_pylist()]
        rows = rows.append_column("true", pa.array(true, pa.string())).append_column("file", piece[FILE])
        rows = rows.append_column(IN_TRAINING, self._in_training(rows))
        for number, found in enumerate(self.classifiers):
            scores = found.scores(piece)
            scores[~np.isfinite(scores).all(axis=1)] = np.nan
            for name, values in zip(self._score_names(number), scores.T, strict=True):
                rows = rows.append_column(name, pa.array(values.astype(np.float32), from_pandas=True))
            rows = rows.append_column(self._reason(number), _reasons(piece[f"{found.name}.error"], scores))
        return rows.select(self.schema.names).cast(self.schema)

    def _in_training(self, rows: pa.Table) -> pa.Array:
        if self.trained_on is None:
            return pa.nulls(rows.num_rows, pa.bool_())
        return pa.array(self.trained_on.knows(object_names(rows)))

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows, some ten thousand at a time.

        Parameters
        ----------
        columns : sequence of str, optional
            All without it.
        """
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(_PIECE, columns=None if columns is None else list(columns)):
                yield pa.Table.from_batches([batch])

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Some columns of all rows.

        Parameters
        ----------
        names : sequence of str
        """
        with pq.ParquetFile(self.path) as file:
            return file.read(columns=list(names))

    def scores(self, rows: pa.Table, number: int = 0) -> Floats:
        """Scores by class, shape (n, n_classes); NaN rows have no answer.

        Parameters
        ----------
        rows : pyarrow.Table
            Of `pieces`.
        number : int
            Of the classifier.
        """
        return np.column_stack(
            [rows[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in self._score_names(number)]
        )

    def reasons(self, rows: pa.Table, number: int = 0) -> pa.ChunkedArray:
        """Why there is no answer; NULL where there is one.

        Parameters
        ----------
        rows : pyarrow.Table
            Of `pieces`.
        number : int
            Of the classifier.
        """
        return rows[self._reason(number)]

    def keys(self, number: int = 0) -> tuple[str, ...]:
        """The columns by which a row is told from others, and whether it is answered.

        Parameters
        ----------
        number : int
            Of the classifier.
        """
        return "survey", "alert_id", "object_id", "mjd", "true", self._reason(number)


def _reasons(given: pa.ChunkedArray, scores: Floats) -> pa.ChunkedArray:
    """Of alerts without an answer; a reason beside an answer (of another output) is none against it."""
    answered = pa.array(np.asarray(np.isfinite(scores).all(axis=1), bool))
    return pc.if_else(answered, pa.scalar(None, pa.string()), pc.fill_null(given, NO_REASON))
