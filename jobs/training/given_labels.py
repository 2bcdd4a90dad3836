"""The labels of a run, looked up by alert and by object."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.labels import table as label_table

_Key = tuple[str, Any]


@dataclass(frozen=True)
class GivenLabels:
    """Resolved labels: one for an alert or an object.

    Attributes
    ----------
    rows : list of dict
        class, weight, source.
    of_alert, of_object : dict
        Survey and id to the number of a row.
    """

    rows: list[dict[str, Any]]
    of_alert: dict[_Key, int]
    of_object: dict[_Key, int]

    @classmethod
    def of(cls, labels: pa.Table) -> "GivenLabels":
        """Labels by their keys.

        Parameters
        ----------
        labels : pyarrow.Table
            Of `jobs.labels.table.SCHEMA`, each alert and each object once.
        """
        rows = labels.to_pylist()
        of_alert = {(row["survey"], row["alert_id"]): i for i, row in enumerate(rows) if row["alert_id"] is not None}
        of_object = {(row["survey"], row["object_id"]): i for i, row in enumerate(rows) if row["alert_id"] is None}
        return cls(rows, of_alert, of_object)

    def attach(self, examples: pa.Table) -> pa.Table:
        """Examples with label, weight and source, where they have no label: that of the alert, else that of the object.

        Parameters
        ----------
        examples : pyarrow.Table
            With `examples.KEYS`.
        """
        keys = examples.select(["survey", "object_id", "alert_id", "label", "weight", "source"]).to_pylist()
        given = [self._of(row) for row in keys]
        told = [
            row if row["label"] is not None or label is None else label for row, label in zip(keys, given, strict=True)
        ]
        names = {"label": "class", "weight": "weight", "source": "source"}
        for name, other in names.items():
            values = [row[name if "label" in row else other] for row in told]
            if name == "weight":
                values = [1.0 if value is None else value for value in values]
            field = examples.schema.field(name)
            examples = examples.set_column(examples.schema.get_field_index(name), field, pa.array(values, field.type))
        return examples

    def _of(self, row: dict[str, Any]) -> dict[str, Any] | None:
        number = self.of_alert.get((row["survey"], row["alert_id"]))
        if number is None:
            number = self.of_object.get((row["survey"], row["object_id"]))
        return None if number is None else self.rows[number]


@lru_cache(maxsize=2)
def given_labels(path: Path) -> GivenLabels:
    """Those of a file, once in each process.

    Parameters
    ----------
    path : pathlib.Path
        That `jobs.labels.table.write` wrote.
    """
    return GivenLabels.of(label_table.read(path))
