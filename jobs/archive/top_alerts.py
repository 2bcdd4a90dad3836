"""The alerts that stand out: sorted by any column of the science table, one row group in hand at a time."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.archive.near import row_groups
from jobs.archive.position import DISTANCE, Cone
from jobs.ledger.history import History
from jobs.ledger.journal import Journal
from jobs.ledger.records import DataFile, Record
from jobs.storage.footers import schema_of
from jobs.storage.layout import Layout
from jobs.storage.schema_union import joined
from science_modules.common.contract import LOWEST_FIRST

IDENTITY = ("survey", "alert_id", "object_id", "night", "mjd", "ra", "dec", "band", "mag", "is_simulated")
Order = Sequence[tuple[str, str]]
# Alerts of one value go by time, then by id: the same order in every list of what stands out.
TIES = (("mjd", "ascending"), ("alert_id", "ascending"), ("survey", "ascending"))
MOST_ANOMALOUS = (("anomaly.percentile", "descending"),)


class NoSuchColumn(ValueError):
    """The science table has no such column; the message names those that come near."""


@dataclass(frozen=True)
class Anomalous:
    """One of the most anomalous objects of a run, by its most anomalous alert.

    Attributes
    ----------
    percentile, score : float
        Of module `anomaly`; 100 and the lowest score are the most anomalous.
    why : str
        The statistics that set its light curve apart, or "" where the module names none.
    """

    survey: str
    object_id: str
    alert_id: str
    percentile: float
    score: float
    why: str
    night: int
    simulated: bool


def files_of(layout: Layout, records: Iterable[Record]) -> list[Path]:
    """The science files that hold what some batches wrote; those that merged it since hold other batches' alerts too.

    Parameters
    ----------
    layout : Layout
        The output.
    records : iterable of Record
        The batches.

    Returns
    -------
    list of pathlib.Path
        Each once, in the order of the batches.
    """
    history = cache(Journal(layout).history)
    found: dict[Path, None] = {}
    for file in (file for record in records for file in record.files if file.table == "science"):
        path = layout.root / file.name
        found |= dict.fromkeys([path] if path.exists() else _now(layout, history(file.table, file.night), file))
    return list(found)


def _now(layout: Layout, history: History, file: DataFile) -> list[Path]:
    """Where the rows of a file are that is gone; where the journal does not say so, its night."""
    paths = [layout.root / name for name in history.successors(file.name)]
    return [path for path in paths if path.exists()] or layout.files(file.table, file.night)


def most_anomalous(layout: Layout, records: Iterable[Record], count: int = 10) -> list[Anomalous]:
    """The most anomalous objects that some batches hold, best first; empty if none of them was scored.

    Parameters
    ----------
    layout : Layout
    records : iterable of Record
        The batches.
    count : int
        At most so many objects.
    """
    shown = ("anomaly.score", "anomaly.why")
    try:
        best = top(files_of(layout, records), MOST_ANOMALOUS, count, shown, one_per_object=True)
    except NoSuchColumn:
        return []
    return [
        Anomalous(
            survey=row["survey"],
            object_id=row["object_id"],
            alert_id=str(row["alert_id"]),
            percentile=row["anomaly.percentile"],
            score=row["anomaly.score"],
            why=", ".join(row["anomaly.why"] or ()),
            night=row["night"],
            simulated=bool(row["is_simulated"]),
        )
        for row in best.to_pylist()
    ]


def top(
    files: Iterable[Path],
    order: Order,
    count: int,
    columns: Iterable[str] = (),
    one_per_object: bool = False,
    near: Cone | None = None,
) -> pa.Table:
    """The first `count` alerts in an order.

    Parameters
    ----------
    files : iterable of Path
        Science files. Those that lack the first column of the order are passed over.
    order : sequence of (column, "ascending" or "descending")
        Columns as `flux` or `anomaly.percentile`. Alerts whose first column is NULL are left out; ties go by
        TIES.
    count : int
        Rows at the most.
    columns : iterable of str
        Further columns to give; a module's name stands for all that it put out. Absent in a file: NULL.
    one_per_object : bool
        Of each object only its first alert.
    near : Cone, optional
        Only alerts in this circle; the table has `distance_arcsec` then, and can be ordered by it.

    Returns
    -------
    pyarrow.Table
        IDENTITY, the columns of the order and `columns`, flat: `anomaly.percentile` is a column of that name.

    Raises
    ------
    NoSuchColumn
        If no file has the first column of the order.
    """
    names = dict.fromkeys([*IDENTITY, *(name for name, _ in order), *columns])
    wanted = [name for name in names if near is None or name != DISTANCE.name]
    first, best = order[0][0], _First(order, count, one_per_object)
    for piece in _pieces(files, wanted, {first}, near):
        best.add(piece)
    if best.rows is None:
        raise NoSuchColumn(f"no science file has a column {first!r}")
    return best.rows


def highest(files: Iterable[Path], names: Sequence[str], count: int) -> dict[str, pa.Table]:
    """For each of some columns the `count` alerts with its highest values, in one reading of the files.

    Parameters
    ----------
    files : iterable of Path
        Science files.
    names : sequence of str
        Columns as `rise.slope`.
    count : int
        Rows at the most, for each column.

    Returns
    -------
    dict of str to pyarrow.Table
        IDENTITY and the column, as `top`; columns that no file has are left out.
    """
    best = {name: _First([(name, "descending")], count, one_per_object=False) for name in names}
    for piece in _pieces(files, [*IDENTITY, *names], set(names), None):
        for name in (each for each in names if each in piece.column_names):
            best[name].add(piece.select([*IDENTITY, name]))
    return {name: each.rows for name, each in best.items() if each.rows is not None}


def key_of(columns: Sequence[str], name: str, module: str | None = None) -> str:
    """The full name of a column that a person named: `acai_h` of module `acai` is `acai.acai_h`.

    Parameters
    ----------
    columns : sequence of str
        Flat names, as `columns_of` gives them.
    name : str
        A flat name, or a field's name without its module.
    module : str, optional
        Of which module, where several have it.

    Raises
    ------
    NoSuchColumn
        If there is none, or several modules have one of that name.
    """
    found = [name] if name in columns else [each for each in columns if each.rpartition(".")[2] == name]
    if module and f"{module}.{name}" in columns:
        found = [f"{module}.{name}"]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchColumn(f"{name!r} is a column of several: {', '.join(found)}; say which")
    endings = {each.rpartition(".")[2]: each for each in columns}
    near = [endings.get(each, each) for each in difflib.get_close_matches(name, [*columns, *endings], n=3)]
    hint = f"near it: {', '.join(dict.fromkeys(near))}" if near else f"modules are {', '.join(modules_of(columns))}"
    raise NoSuchColumn(f"no column {name!r}; {hint}")


def columns_of(files: Iterable[Path]) -> list[str]:
    """Flat names of the columns of all files, those of the newest first; candidate.* and provenance.* too.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Science files, oldest first.
    """
    names: dict[str, None] = {}
    for path in reversed(list(files)):
        names.update(dict.fromkeys(name for field in schema_of(path) for name in _names(field)))
    return list(names)


def lowest_first(files: Iterable[Path], key: str) -> bool:
    """Whether low values of a column stand out, as the newest file that has it declares.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Science files, oldest first.
    key : str
        A flat name, as `light_curve_class.rank_snia`.
    """
    for path in reversed(list(files)):
        for field in schema_of(path):
            if key in _names(field):
                own = field.type.field(key.partition(".")[2]) if pa.types.is_struct(field.type) else field
                said = {name.decode(): value.decode() for name, value in (own.metadata or {}).items()}
                return said.items() >= LOWEST_FIRST.items()
    return False


def modules_of(columns: Iterable[str]) -> list[str]:
    """The science modules among flat column names: those that have a version and an error.

    Parameters
    ----------
    columns : iterable of str
        As `columns_of` gives them.
    """
    names = set(columns)
    heads = dict.fromkeys(name.partition(".")[0] for name in columns)
    return [head for head in heads if f"{head}.version" in names and f"{head}.error" in names]


def _names(field: pa.Field) -> list[str]:
    return [f"{field.name}.{child.name}" for child in field.type] if pa.types.is_struct(field.type) else [field.name]


def _pieces(files: Iterable[Path], wanted: Sequence[str], needed: set[str], near: Cone | None) -> Iterator[pa.Table]:
    """Row groups with the wanted columns, flat, of the files that have a needed one; of a circle only what is in it."""
    for path in files:
        with pq.ParquetFile(path) as file:
            there = {name for field in file.schema_arrow for name in _names(field)}
            if not needed & there and not (near and DISTANCE.name in needed):
                continue
            for group in row_groups(file, near):
                piece = file.read_row_group(group, columns=list(wanted)).flatten()
                yield near.inside(piece) if near else piece


@dataclass
class _First:
    """The first alerts in an order, of pieces that come one after the other."""

    order: Order
    count: int
    one_per_object: bool
    rows: pa.Table | None = None

    def add(self, piece: pa.Table) -> None:
        """Look at more alerts."""
        known = piece.filter(pc.is_valid(piece[self.order[0][0]]))
        table = known if self.rows is None else joined([self.rows, known])
        table = table.sort_by(
            list((dict(self.order) | {name: how for name, how in TIES if name not in dict(self.order)}).items())
        )
        self.rows = (_firsts(table) if self.one_per_object else table)[: self.count]


def _firsts(table: pa.Table) -> pa.Table:
    """The first alert of each object."""
    numbered = table.select(["survey", "object_id"]).append_column("_row", pa.array(np.arange(table.num_rows)))
    firsts = numbered.group_by(["survey", "object_id"]).aggregate([("_row", "min")])["_row_min"]
    return table.take(firsts.take(pc.sort_indices(firsts)))
