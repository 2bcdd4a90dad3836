"""Two classifiers in one output, on the alerts of which the class is known: which is better, and where they disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.archive.scan import scan
from jobs.labels import table as label_table
from jobs.labels.class_names import NAMES
from jobs.labels.reading import read_labels
from jobs.labels.resolving import Conflict, resolve
from jobs.measures.classification import Confusion, confusion
from jobs.measures.paired import Paired, paired
from jobs.storage.layout import Layout
from jobs.storage.schema_union import common_schema
from jobs.training.given_labels import GivenLabels
from jobs.training.splitting import groups
from science_modules.registry import folder_name

_KEYS = ("survey", "alert_id", "object_id", "night", "ra", "dec")
_PROBABILITY = "p_"


@dataclass(frozen=True)
class Comparison:
    """What two classifiers made of the same alerts.

    Attributes
    ----------
    names : tuple of str
        Columns of the first and the second.
    classes : tuple of str
        That both tell, in our names.
    rows : pyarrow.Table, n rows
        survey, alert_id, object_id, night, label of the alerts that both answered.
    called : tuple of numpy.ndarray of object, shape (n,)
        What each calls them.
    confusions : tuple of Confusion
    paired : Paired
    unanswered : int
        Labelled alerts that one of them did not answer; they are in no number.
    unlabelled : int
        Alerts without a label of these classes.
    conflicts : list of Conflict
        Labels that contradict each other.
    """

    names: tuple[str, str]
    classes: tuple[str, ...]
    rows: pa.Table
    called: tuple[NDArray[np.object_], NDArray[np.object_]]
    confusions: tuple[Confusion, Confusion]
    paired: Paired
    unanswered: int
    unlabelled: int
    conflicts: list[Conflict]

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


def compare_models(names: Sequence[str], directory: Path, labels: Sequence[Path], level: str = "coarse") -> Comparison:
    """Compare two classifiers whose answers an output holds.

    Parameters
    ----------
    names : sequence of str
        Two modules of the output, each by name or `NAME@VERSION`, with outputs `p_<class>`.
    directory : pathlib.Path
        The output.
    labels : sequence of pathlib.Path
        Files that `read_labels` knows.
    level : str
        Of the labels: `coarse` or `leaf`.

    Raises
    ------
    ValueError
        If the output has no such column, the two tell other classes, or no alert has a label and both answers.
    """
    first, second = (folder_name(name) for name in names)
    fields = _fields(directory, (first, second))
    columns = [f"{name}.{field}" for name in (first, second) for field in fields.values()]
    rows = scan(directory, columns=[*_KEYS, *columns])
    known, conflicts = resolve(pa.concat_tables([read_labels(path).labels for path in labels]), level)
    labelled = _labelled(rows, known)
    wanted = np.isin(labelled["label"].to_numpy(zero_copy_only=False).astype(str), list(fields))
    asked = labelled.filter(pa.array(wanted))
    chances = [_chances(asked, name, fields) for name in (first, second)]
    answered = np.asarray(np.isfinite(np.concatenate(chances, axis=1)).all(axis=1))
    if not answered.any():
        raise ValueError(
            f"no alert of {directory} has answers of {first} and {second} and a label of {', '.join(fields)}:"
            f" {rows.num_rows:,} alerts, {int(wanted.sum()):,} with such a label"
        )
    counted = len(answered) - int(answered.sum()), int((~wanted).sum())
    kept = asked.filter(pa.array(answered)).select([*_KEYS, "label"])
    return _compared((first, second), tuple(fields), kept, [each[answered] for each in chances], counted, conflicts)


def _compared(
    names: tuple[str, str], classes: tuple[str, ...], rows: pa.Table, chances: Any, counted: Any, conflicts: Any
) -> Comparison:
    label = np.array(rows["label"].to_pylist(), object)
    one, other = (np.array(classes, object)[each.argmax(axis=1)] for each in chances)
    objects = [f"{row['survey']}/{row['object_id'] or row['alert_id']}" for row in rows.to_pylist()]
    group = groups(np.array(objects, object), rows["ra"].to_numpy(), rows["dec"].to_numpy())
    return Comparison(
        names=names,
        classes=classes,
        rows=rows,
        called=(one, other),
        confusions=(confusion(label, chances[0], classes), confusion(label, chances[1], classes)),
        paired=paired(one == label, other == label, group),
        unanswered=counted[0],
        unlabelled=counted[1],
        conflicts=conflicts,
    )


def _fields(directory: Path, names: Sequence[str]) -> dict[str, str]:
    """Our names of the classes that all of them tell, with their fields."""
    schema = common_schema([pq.read_schema(path) for path in Layout.of(directory).files("science")])
    found = [_classes(schema, name, directory) for name in names]
    if found[0] != found[1]:
        told = "; ".join(f"{name} has {', '.join(each.values())}" for name, each in zip(names, found, strict=True))
        raise ValueError(f"only models of the same classes can be compared: {told}")
    return found[0]


def _classes(schema: pa.Schema, name: str, directory: Path) -> dict[str, str]:
    if name not in schema.names or not pa.types.is_struct(schema.field(name).type):
        raise ValueError(f"{directory} has no answers of {name}; score it: strix enrich --again --modules {name}")
    fields = [field.name for field in schema.field(name).type if field.name.startswith(_PROBABILITY)]
    ours = {each.lower().replace("/", "_").replace("-", "_"): each for each in reversed(NAMES)}
    told = {ours.get(field.removeprefix(_PROBABILITY).lower()): field for field in fields}
    if len(told) < 2 or None in told:
        raise ValueError(f"{name} wants outputs p_<class> of our classes, it has {', '.join(fields) or 'none'}")
    return {str(ours): field for ours, field in sorted(told.items(), key=str)}


def _labelled(rows: pa.Table, known: pa.Table) -> pa.Table:
    empty = {"label": pa.string(), "weight": pa.float64(), "source": pa.string()}
    for name, kind in empty.items():
        rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    return GivenLabels.of(known.select(label_table.SCHEMA.names)).attach(rows)


def _chances(rows: pa.Table, name: str, fields: dict[str, str]) -> NDArray[np.float64]:
    values = [rows[f"{name}.{field}"].to_numpy(zero_copy_only=False).astype(np.float64) for field in fields.values()]
    return np.column_stack(values)
