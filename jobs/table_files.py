"""A flat table as CSV, JSON or VOTable. Ids are strings in all three: as numbers many readers round them."""

import json
import math
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.csv as pa_csv

from jobs.plain_text import defused

IDS = ("alert_id", "object_id")
_VOTABLE = 'xmlns="http://www.ivoa.net/xml/VOTable/v1.3"'
_DATATYPES = {
    pa.float64(): "double",
    pa.float32(): "float",
    pa.int64(): "long",
    pa.int32(): "int",
    pa.bool_(): "boolean",
}
# UCD1+ words of the columns that other tools look for.
_UCDS = {
    "alert_id": "meta.id;meta.main",
    "object_id": "meta.id",
    "ra": "pos.eq.ra;meta.main",
    "dec": "pos.eq.dec;meta.main",
    "mjd": "time.epoch",
    "band": "instr.bandpass",
    "mag": "phot.mag",
}


def plain(table: pa.Table) -> pa.Table:
    """The table with ids as strings and lists as one string, their entries parted by a semicolon."""
    for place, field in enumerate(table.schema):
        if field.name in IDS:
            table = table.set_column(place, field.with_type(pa.string()), table[field.name].cast(pa.string()))
        elif pa.types.is_list(field.type):
            texts = [None if each is None else "; ".join(map(str, each)) for each in table[field.name].to_pylist()]
            table = table.set_column(place, field.with_type(pa.string()), pa.array(texts, type=pa.string()))
    return table


def harmless(table: pa.Table) -> pa.Table:
    """The table with texts that a spreadsheet would run as formulas defused; what every writer of CSV passes through."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [None if each is None else defused(each) for each in table[field.name].to_pylist()]
            table = table.set_column(place, field, pa.array(texts, type=pa.string()))
    return table


def to_csv(table: pa.Table) -> str:
    """CSV with a header; text is quoted and defused, numbers are not, NULL is an empty field."""
    out = pa.BufferOutputStream()
    pa_csv.write_csv(harmless(plain(table)), out)
    return str(out.getvalue().to_pybytes().decode("utf-8"))


def to_json(table: pa.Table) -> str:
    """A JSON array with an object per row; NULL and NaN are null, lists are arrays."""
    rows = [{name: _json(name, value) for name, value in row.items()} for row in table.to_pylist()]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_votable(table: pa.Table, name: str, description: str) -> str:
    """VOTable 1.4 (IVOA), serialised as TABLEDATA.

    Parameters
    ----------
    table : pyarrow.Table
        Unit and description are taken from the fields' metadata.
    """
    flat = plain(table)
    fields = "\n".join(_field(field) for field in flat.schema)
    rows = "\n".join(_row(row) for row in flat.to_pylist())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" {_VOTABLE}>
 <RESOURCE type="results">
  <COOSYS ID="icrs" system="ICRS"/>
  <TIMESYS ID="tai" timeorigin="MJD-origin" timescale="TAI" refposition="TOPOCENTER"/>
  <TABLE name={quoteattr(name)} nrows="{flat.num_rows}">
   <DESCRIPTION>{escape(description)}</DESCRIPTION>
{fields}
   <DATA><TABLEDATA>
{rows}
   </TABLEDATA></DATA>
  </TABLE>
 </RESOURCE>
</VOTABLE>
"""


def _json(name: str, value: Any) -> Any:
    if name in IDS and value is not None:
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _field(field: pa.Field) -> str:
    metadata: Mapping[bytes, bytes] = field.metadata or {}
    unit, text = (metadata.get(key, b"").decode() for key in (b"unit", b"description"))
    kind = f'datatype="{_DATATYPES[field.type]}"' if field.type in _DATATYPES else 'datatype="char" arraysize="*"'
    reference = {"ra": ' ref="icrs"', "dec": ' ref="icrs"', "mjd": ' ref="tai"'}.get(field.name, "")
    ucd = f' ucd="{_UCDS[field.name]}"' if field.name in _UCDS else ""
    unit = f" unit={quoteattr(unit)}" if unit else ""
    inside = f"<DESCRIPTION>{escape(text)}</DESCRIPTION>" if text else ""
    return f"   <FIELD name={quoteattr(field.name)} {kind}{unit}{ucd}{reference}>{inside}</FIELD>"


def _row(row: Mapping[str, Any]) -> str:
    return "    <TR>" + "".join(f"<TD>{_cell(value)}</TD>" for value in row.values()) + "</TR>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(repr(value) if isinstance(value, float) else str(value))
