"""Whether two outputs hold the same: whole tables bit for bit, quarantine as a set, the ledger's totals."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.audit.check import check_ledger
from jobs.ledger.counts import add_counts
from jobs.ledger.streams import records
from jobs.storage.layout import Layout

TABLES = ("raw", "science", "cutouts")
Ids = frozenset[int]


def read_table(output: Path, name: str, without: Ids = frozenset()) -> pa.Table:
    """All rows of a table as a reader finds them on disk, by survey and alert id; `_night` is the folder's."""
    tables = []
    for path in sorted((output / name).glob("night=*/*.parquet")):
        table = pq.ParquetFile(path).read()
        night = pa.array([path.parent.name.removeprefix("night=")] * table.num_rows, pa.string())
        tables.append(table.append_column("_night", night))
    whole = pa.concat_tables(tables).sort_by([("survey", "ascending"), ("alert_id", "ascending")])
    return whole.filter(pc.invert(pc.is_in(whole["alert_id"], value_set=pa.array(sorted(without), pa.int64()))))


def as_bits(array: pa.Array) -> pa.Array:
    """The array with its floats as integers of the same bits, however deep they are: NaN equals NaN, 0.0 not -0.0."""
    kind = array.type
    if pa.types.is_floating(kind):
        return array.view(pa.int64() if kind == pa.float64() else pa.int32())
    if pa.types.is_struct(kind):
        children = [as_bits(child) for child in array.flatten()]
        return pa.StructArray.from_arrays(children, names=[field.name for field in kind], mask=array.is_null())
    if pa.types.is_list(kind):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, as_bits(array.flatten()), mask=array.is_null())
    return array


def table_differences(name: str, left: pa.Table, right: pa.Table) -> list[str]:
    """In which columns two sorted tables differ, with the first alert; empty if they are the same bit for bit."""
    if left.schema != right.schema:
        return [f"{name}: schema\n{left.schema}\nis not\n{right.schema}"]
    if left.num_rows != right.num_rows or left["alert_id"] != right["alert_id"]:
        own, other = (set(table["alert_id"].to_pylist()) for table in (left, right))
        return [f"{name}: {left.num_rows} rows are not {right.num_rows}; only left {own - other}, right {other - own}"]
    found = []
    for column in left.column_names:
        one, two = (as_bits(table[column].combine_chunks()) for table in (left, right))
        if not one.equals(two):
            row = next(i for i in range(len(one)) if not one.slice(i, 1).equals(two.slice(i, 1)))
            values = f"{left[column][row].as_py()!r} is not {right[column][row].as_py()!r}"
            found.append(f"{name}.{column}: alert {left['alert_id'][row]}: {values[:300]}")
    return found


def quarantine(output: Path) -> Counter[tuple[Any, ...]]:
    """The entries of quarantine: name, reason, where, night and the bytes' hash."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for path in sorted((output / "quarantine").glob("night=*/*.parquet")):
        for row in pq.ParquetFile(path).read().to_pylist():
            held = hashlib.sha256(row["value"] or b"").hexdigest()[:12]
            rows[(row["quarantine_id"], row["reason"], row["failed_at"], path.parent.name, held)] += 1
    return rows


def totals(output: Path) -> dict[str, Any]:
    """The ledger's numbers per night, over all batches."""
    nights: dict[str, Any] = {}
    for record in records(Layout(output)):
        for night, counts in record.nights.items():
            add_counts(nights.setdefault(night, {}), counts)
    return nights


def differences(left: Path, right: Path) -> list[str]:
    """What differs between two outputs; empty if tables, quarantine and totals are the same."""
    found = []
    for name in TABLES:
        found += table_differences(name, read_table(left, name), read_table(right, name))
    own, other = quarantine(left), quarantine(right)
    if own != other:
        found.append(f"quarantine: only left {own - other}, only right {other - own}")
    if totals(left) != totals(right):
        found.append(f"totals: {totals(left)} is not {totals(right)}")
    return found


def gaps(output: Path) -> list[str]:
    """What the ledger does not account for, and what a finished job should not have left."""
    left_over = [str(path) for path in (output / "_staging").rglob("*") if path.is_file()]
    temporary = [str(path) for path in output.rglob("*.tmp")]
    return [*map(str, check_ledger(Layout(output)).gaps), *left_over, *temporary]
