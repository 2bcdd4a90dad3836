"""A flat table as CSV, JSON or VOTable. Ids are strings in all three: as numbers many readers round them."""

import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from jobs.archive.votable import votable
from jobs.common.plain_text import defused

IDS = ("alert_id", "object_id")


def plain(table: pa.Table) -> pa.Table:
    """The table with ids as strings and lists as one string, their entries parted by a semicolon.

    Parameters
    ----------
    table : pyarrow.Table
        Flat, without structs.
    """
    for place, field in enumerate(table.schema):
        if field.name in IDS:
            table = table.set_column(place, field.with_type(pa.string()), table[field.name].cast(pa.string()))
        elif pa.types.is_list(field.type):
            texts = [None if each is None else "; ".join(map(str, each)) for each in table[field.name].to_pylist()]
            table = table.set_column(place, field.with_type(pa.string()), pa.array(texts, type=pa.string()))
    return table


def harmless(table: pa.Table) -> pa.Table:
    """The table with texts that a spreadsheet would run as formulas defused; what every writer of CSV passes through.

    Parameters
    ----------
    table : pyarrow.Table
        Only columns of strings are changed.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [None if each is None else defused(each) for each in table[field.name].to_pylist()]
            table = table.set_column(place, field, pa.array(texts, type=pa.string()))
    return table


def to_csv(table: pa.Table) -> str:
    """CSV with a header; text is quoted and defused, numbers are not, NULL is an empty field.

    Parameters
    ----------
    table : pyarrow.Table
        Flat, without structs.
    """
    out = pa.BufferOutputStream()
    pa_csv.write_csv(harmless(plain(table)), out)
    return str(out.getvalue().to_pybytes().decode("utf-8"))


def to_json(table: pa.Table) -> str:
    """A JSON array with an object per row; NULL and NaN are null, lists are arrays.

    Parameters
    ----------
    table : pyarrow.Table
        Flat, without structs.
    """
    rows = [{name: _json(name, value) for name, value in row.items()} for row in table.to_pylist()]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_votable(table: pa.Table, name: str, description: str) -> str:
    """VOTable 1.4 (IVOA); unit and description are taken from the fields' metadata.

    Parameters
    ----------
    table : pyarrow.Table
        Flat; as `portable` gives it.
    name, description : str
        Of the VOTable's table.
    """
    return votable(plain(table), name, description).decode("utf-8")


def _json(name: str, value: Any) -> Any:
    if name in IDS and value is not None:
        return str(value)
    if isinstance(value, list):
        return [_json(name, each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
