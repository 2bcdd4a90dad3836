"""A flat Arrow table as an astropy table: NULL is masked, units are units, descriptions are descriptions."""

from typing import Any

import numpy as np
import pyarrow as pa

from jobs.archive.astro import astropy
from jobs.archive.portable import portable
from jobs.archive.ucds import UCDS
from jobs.archive.votable import filled, lists_of


def as_astropy(table: pa.Table) -> Any:
    """The table in astropy.

    Parameters
    ----------
    table : pyarrow.Table
        Flat, as of `scan(..., flat=True)`; lists of words become one text, as in exported files.

    Returns
    -------
    astropy.table.Table
        Masked where values are NULL; a UCD is in a column's `meta["ucd"]`.
    """
    table = portable(table)
    made = astropy("table").Table()
    for field in table.schema:
        made[field.name] = _column(field, table[field.name].combine_chunks())
    made.meta.update({"TIMESYS": "TAI", "RADESYS": "ICRS"})
    return made


def _column(field: pa.Field, column: pa.Array) -> Any:
    metadata = field.metadata or {}
    unit, description = (metadata.get(key, b"").decode() for key in (b"unit", b"description"))
    values = _values(column)
    more = {"unit": unit or None, "description": description or None}
    if column.null_count:
        made = astropy("table").MaskedColumn(values, mask=column.is_null().to_numpy(zero_copy_only=False), **more)
    else:
        made = astropy("table").Column(values, **more)
    if field.name in UCDS:
        made.meta["ucd"] = UCDS[field.name]
    return made


def _values(column: pa.Array) -> Any:
    if pa.types.is_list(column.type):
        return lists_of(column)
    if pa.types.is_string(column.type):
        return np.array([text or "" for text in column.to_pylist()], dtype=np.str_)
    return filled(column)
