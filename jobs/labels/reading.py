"""Label files of every kind that is known, told by their columns, as one table."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.labels import table
from jobs.labels.class_names import class_of

SIMULATED = "strix-simulator"
_ZTF_NAME = re.compile(r"\bZTF\d\d[a-z]{7}\b")
_MOVING = (
    "ztf_ssnamenr",
    "fink_roid",
    "fink_is_sso",
)  # they speak of the alert: the next one of that place is another body
_ROID = {"3": "asteroid"}  # Fink: 3 is in the Minor Planet Center's ephemeris, 2 a candidate
_Row = dict[str, Any]


@dataclass(frozen=True)
class ReadLabels:
    """Labels of a file.

    Attributes
    ----------
    labels : pyarrow.Table
        Of table.SCHEMA.
    n_rows : int
        Of the file.
    not_ours : dict of str to int
        Labels that are no class of ours or say that they are not sure, and how often they stand there.
    """

    labels: pa.Table
    n_rows: int
    not_ours: dict[str, int]


def read_labels(path: Path) -> ReadLabels:
    """Read a label file.

    Parameters
    ----------
    path : pathlib.Path
        Parquet: labels that Strix wrote, the truth of a simulation, labels by candid (ZTF) or diaSourceId (LSST), labelled
        light curves in long format. CSV: the Transient Name Server's search (name, type, internal_names), the Bright
        Transient Survey's explorer (ZTFID, type).

    Raises
    ------
    ValueError
        For a file of none of these kinds; says which columns it has.
    """
    names = _columns(path)
    kind = next((reader for wanted, reader in _KINDS if set(wanted) <= set(names)), None)
    if kind is None:
        wanted = "; ".join(", ".join(each) for each, _ in _KINDS)
        raise ValueError(
            f"{path} is no label file that is known: it has {', '.join(names)}; known are files with {wanted}"
        )
    if kind is _own:
        own = table.read(path)
        return ReadLabels(own, own.num_rows, {})
    return _of_rows(kind(path))


def _of_rows(rows: Sequence[_Row]) -> ReadLabels:
    kept = [row for row in rows if row["class"] is not None]
    not_ours: dict[str, int] = {}
    for row in rows:
        if row["class"] is None:
            told = f"{row['source']}: {row['label']}"
            not_ours[told] = not_ours.get(told, 0) + 1
    filled = [{name: row.get(name) for name in table.SCHEMA.names} | {"weight": 1.0} for row in kept]
    return ReadLabels(pa.Table.from_pylist(filled, schema=table.SCHEMA), len(rows), not_ours)


def _columns(path: Path) -> list[str]:
    if path.is_dir():
        raise ValueError(
            f"{path} is a directory, a file of labels is wanted (of a simulated night _truth/truth.parquet)"
        )
    if path.suffix.lower() != ".csv":
        return list(pq.read_schema(path).names)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [name.strip() for name in next(csv.reader(file), [])]


def _own(path: Path) -> list[_Row]:
    return list(table.read(path).to_pylist())


def _ztf(path: Path) -> list[_Row]:
    """Rows of candid, objectId, source, label, ref, coarse."""
    wanted = ["candid", "objectId", "source", "label", "ref", "coarse"]
    return [_ztf_row(row) for row in pq.ParquetFile(path).read(columns=wanted).to_pylist()]


def _ztf_row(row: _Row) -> _Row:
    moving = row["source"] in _MOVING
    told = _ROID.get(row["label"]) if row["source"] == "fink_roid" else row["label"]
    return {
        "survey": "ztf",
        "object_id": row["objectId"],
        "alert_id": row["candid"] if moving else None,
        "class": class_of(told, row["coarse"]),
        "label": row["label"],
        "source": row["source"],
        "who": row["ref"],
    }


def _lsst(path: Path) -> list[_Row]:
    rows = pq.ParquetFile(path).read(columns=["diaSourceId", "source", "label", "ref"]).to_pylist()
    return [
        {"survey": "lsst", "alert_id": row["diaSourceId"], "class": class_of(row["label"]), "who": row["ref"], **row}
        for row in rows
    ]


def _light_curves(path: Path) -> list[_Row]:
    """A row per object of a long table of points."""
    wanted = ["object", "class", "class_source", "coarse", "source"]
    points = pq.ParquetFile(path).read(columns=wanted)
    rows = points.group_by(wanted).aggregate([]).sort_by([(name, "ascending") for name in wanted]).to_pylist()
    return [
        {
            "survey": "ztf", "object_id": row["object"], "class": class_of(row["class"], row["coarse"]),
            "label": row["class"], "source": row["class_source"], "who": row["source"],
        }
        for row in rows
    ]  # fmt: skip


def _truth(path: Path) -> list[_Row]:
    """The truth of simulated objects, or of the alerts of a simulated night."""
    names = pq.read_schema(path).names
    wanted = [name for name in ("survey", "object_id", "alert_id", "leaf") if name in names]
    rows = pq.ParquetFile(path).read(columns=wanted).to_pylist()
    return [
        {
            "survey": _survey(row),
            **row,
            "class": class_of(row["leaf"]),
            "label": row["leaf"],
            "source": SIMULATED,
            "who": path.name,
        }
        for row in rows
    ]


def _survey(row: _Row) -> str:
    """Of a night's truth, which does not say it: ids of simulated Rubin packets are negative."""
    return "lsst" if (row.get("alert_id") or 0) < 0 else "ztf"


def _tns(path: Path) -> list[_Row]:
    """Classified transients; those that no ZTF name is known of are left out as of no survey."""
    found = []
    for row in _csv(path):
        for name in _ZTF_NAME.findall(row["internal_names"]):
            when = row.get("lastmodified") or row.get("time_received") or ""
            found.append(_transient(name, row["type"], "tns", f"TNS {row['name']}", _time(when)))
    return found


def _bts(path: Path) -> list[_Row]:
    return [_transient(row["ZTFID"], row["type"], "bts", row.get("IAUID") or None, None) for row in _csv(path)]


def _transient(name: str, label: str, source: str, who: str | None, when: datetime | None) -> _Row:
    return {
        "survey": "ztf", "object_id": name, "class": class_of(label), "label": label, "source": source, "who": who, "when": when,
    }  # fmt: skip


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [
            {(name or "").strip(): (value or "").strip() for name, value in row.items()} for row in csv.DictReader(file)
        ]


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


_KINDS: tuple[tuple[tuple[str, ...], Callable[[Path], list[_Row]]], ...] = (
    (tuple(table.SCHEMA.names), _own),
    (("candid", "objectId", "source", "label", "coarse"), _ztf),
    (("diaSourceId", "source", "label"), _lsst),
    (("object", "mjd", "class", "class_source", "coarse"), _light_curves),
    (("object_id", "leaf"), _truth),
    (("name", "type", "internal_names"), _tns),
    (("ZTFID", "type"), _bts),
)
