"""Rows of `random_expressions` and of tests as science tables: nested, with NaN and sentinels, as a job writes them."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import random_expressions as made

from science_modules.common.view import VIEW

_MADE = {
    **dict.fromkeys(made.NUMBERS, pa.float64()),
    **dict.fromkeys(("candidate.distnr", "candidate.ssdistnr", "rise.rate_g"), pa.float32()),
    **dict.fromkeys(made.INTEGERS, pa.int64()),
    "candidate.ndethist": pa.int32(),
    "candidate.diaObjectId": pa.int64(),
    **dict.fromkeys(made.BOOLEANS + made.TRI_STATES, pa.bool_()),
    **dict.fromkeys(made.STRINGS, pa.string()),
}
_TYPES = {column.name: column.type for column in VIEW} | _MADE


def science(rows: Sequence[dict[str, Any]], survey: str = "ztf") -> pa.Table:
    """A science table of rows by full column name; `survey` where a row does not say it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([row.get(name) for row in rows], _type(name)) for name in names}
    for top in dict.fromkeys(name.split(".")[0] for name in names if "." in name):
        inner = [name for name in names if name.startswith(f"{top}.")]
        fields = [name.partition(".")[2] for name in inner]
        columns[top] = pa.StructArray.from_arrays([columns.pop(name) for name in inner], fields)
    columns["survey"] = pa.array([row.get("survey") or survey for row in rows])
    return pa.table(columns)


def _type(name: str) -> pa.DataType:
    return _TYPES.get(name, pa.float32())
