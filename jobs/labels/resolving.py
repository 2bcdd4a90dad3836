"""Labels that disagree: all of them are reported; the strongest evidence wins where it agrees with itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa

from jobs.labels.class_names import coarse, finer
from jobs.labels.evidence import rank
from jobs.labels.table import SCHEMA

RULE = (
    "Labels of an alert, or of its object, contradict each other where neither class lies above the other. Then the labels of"
    " the strongest evidence decide if they agree (simulation's truth or a person, spectrum, catalogue of the kind, SIMBAD"
    " and lists); if not, the object or alert is left out. The order of files and rows decides nothing."
)
_Key = tuple[str, str | None, int | None]
_Row = dict[str, Any]


@dataclass(frozen=True)
class Conflict:
    """Labels that contradict each other.

    Attributes
    ----------
    survey : str
    object_id : str or None
    alert_id : int or None
        None where the labels are of the object.
    sides : tuple of (str, str, str or None)
        Class, source and who of each label, sorted.
    resolved : str or None
        The class that is taken; None if it is left out.
    """

    survey: str
    object_id: str | None
    alert_id: int | None
    sides: tuple[tuple[str, str, str | None], ...]
    resolved: str | None


def resolve(labels: pa.Table, level: str = "coarse") -> tuple[pa.Table, list[Conflict]]:
    """One label for each object and each alert that has labels of its own.

    Parameters
    ----------
    labels : pyarrow.Table
        Of table.SCHEMA.
    level : str
        `coarse`: only coarse classes are told and compared; `leaf`: the finest that agreeing labels tell.

    Returns
    -------
    resolved : pyarrow.Table
        Of table.SCHEMA, sorted; `source` is that of the winning labels, joined by +; `class` is NULL where labels contradict
        each other and none wins: that object or alert is to be left out, not looked up elsewhere.
    conflicts : list of Conflict
        In the order of the table.
    """
    rows = labels.to_pylist()
    for row in rows if level == "coarse" else ():
        row["class"] = coarse(row["class"])
    of_object, of_alert = _by_key(rows)
    resolved, conflicts = [], []
    for key in sorted([*of_object, *of_alert], key=lambda key: tuple(str(each or "") for each in key)):
        survey, name, alert = key
        own = of_object[key] if alert is None else of_alert[key] + of_object.get((survey, name, None), [])
        winner, conflict = _decided(key, own)
        resolved.append(winner)
        conflicts += [conflict] if conflict else []
    return pa.Table.from_pylist(resolved, schema=SCHEMA), conflicts


def _by_key(rows: Iterable[_Row]) -> tuple[dict[_Key, list[_Row]], dict[_Key, list[_Row]]]:
    of_object: dict[_Key, list[_Row]] = defaultdict(list)
    of_alert: dict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        key = (row["survey"], row["object_id"], row["alert_id"])
        (of_object if row["alert_id"] is None else of_alert)[key].append(row)
    return dict(of_object), dict(of_alert)


def _decided(key: _Key, rows: Sequence[_Row]) -> tuple[_Row, Conflict | None]:
    best = max(rank(row["source"]) for row in rows)
    winning = [row for row in rows if rank(row["source"]) == best]
    agreed, decided = _agreed(rows), _agreed(winning)
    name = decided if agreed is None else agreed
    survey, object_id, alert_id = key
    sources = "+".join(sorted({row["source"] for row in winning}))
    whos = sorted({row["who"] for row in winning if row["who"]})
    label = {
        "survey": survey, "object_id": object_id, "alert_id": alert_id, "class": name, "source": sources,
        "who": "; ".join(whos) or None, "when": max((row["when"] for row in winning if row["when"]), default=None),
        "weight": sum(1.0 if row["weight"] is None else row["weight"] for row in winning) / len(winning),
    }  # fmt: skip
    if agreed is not None:
        return label, None
    sides = sorted({(row["class"], row["source"], row["who"]) for row in rows}, key=str)
    return label, Conflict(survey, object_id, alert_id, tuple(sides), name)


def _agreed(rows: Sequence[_Row]) -> str | None:
    """The finest class of rows that do not contradict each other; None if they do."""
    names: list[str | None] = sorted({row["class"] for row in rows})
    return reduce(lambda one, other: finer(one, other) if one and other else None, names)
