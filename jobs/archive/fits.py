"""A table as a FITS binary table, written by astropy.

FITS Standard 4.0, 7.3: an integer that is NULL is TNULL, a number NaN, a text empty; a boolean is a byte, 1, 0 or
TNULL, since the NULL of FITS's own logical type is read as "no" by astropy.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.archive.astro import astropy, unit_in
from jobs.archive.portable import portable
from jobs.archive.ucds import UCDS
from jobs.archive.votable import described, filled, lists_of

_TRUTH_NULL = 255
_INTEGERS: dict[int, tuple[str, Any]] = {1: ("I", np.int16), 2: ("I", np.int16), 4: ("J", np.int32), 8: ("K", np.int64)}
_FLOATS = {pa.float32(): "E", pa.float64(): "D"}
_HEAP_32_BIT = 2**31  # bytes behind which the places of lists need 64 bits


def write_fits(table: pa.Table, path: Path, name: str) -> None:
    """Write it; all of it is held in memory.

    Parameters
    ----------
    table : pyarrow.Table
        Flat; unit and description are taken from the fields' metadata, UCDs by the columns' names.
    path : pathlib.Path
        Of the file; one that is there is replaced.
    name : str
        Of the extension.
    """
    fits = astropy("io.fits")
    table = portable(table)
    columns = [_column(fits, field, table[field.name].combine_chunks()) for field in table.schema]
    hdu = fits.BinTableHDU.from_columns(columns, name=name, nrows=table.num_rows)
    for number, field in enumerate(table.schema, start=1):
        _describe(hdu.header, number, field)
    hdu.header["TIMESYS"] = ("TAI", "times are MJD, mid-exposure")
    hdu.header["TIMEUNIT"] = "d"
    hdu.header["TREFPOS"] = "TOPOCENTER"
    hdu.header["RADESYS"] = "ICRS"
    hdu.header["CREATOR"] = "strix export"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def _describe(header: Any, number: int, field: pa.Field) -> None:
    description = described(field, "fits")
    if pa.types.is_boolean(field.type):
        description = f"{description} (1 yes, 0 no)".strip()
    if description:
        header[f"TCOMM{number}"] = _ascii(description)
    if field.name in UCDS:
        header[f"TUCD{number}"] = UCDS[field.name]


def _column(fits: Any, field: pa.Field, column: pa.Array) -> Any:
    unit = unit_in("fits", (field.metadata or {}).get(b"unit", b"").decode())
    form, values, null = _values(column)
    return fits.Column(name=field.name, format=form, unit=unit, null=null, array=values)


def _values(column: pa.Array) -> tuple[str, Any, int | None]:
    """FITS's format, the values, and what stands for NULL where there is one."""
    type_ = column.type
    if pa.types.is_list(type_):
        return _lists(column)
    if pa.types.is_string(type_):
        texts = np.array([_ascii(text or "").encode() for text in column.to_pylist()] or [b""], dtype=np.bytes_)[
            : len(column)
        ]
        return f"{max(texts.dtype.itemsize, 1)}A", texts, None
    if type_ in _FLOATS:
        return _FLOATS[type_], filled(column), None
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(type_):
        return "B", np.where(missing, _TRUTH_NULL, filled(column)).astype(np.uint8), _TRUTH_NULL
    form, kind = _INTEGERS[max(type_.bit_width // 8, 2)]
    null = int(np.iinfo(kind).min)
    return form, np.where(missing, null, filled(column)).astype(kind), null if missing.any() else None


def _lists(column: pa.ListArray) -> tuple[str, Any, None]:
    inner = column.type.value_type
    form = _FLOATS.get(inner, "K")
    place = "P" if len(column.values) * inner.bit_width // 8 < _HEAP_32_BIT else "Q"
    return f"{place}{form}()", lists_of(column), None


def _ascii(text: str) -> str:
    """FITS holds printable ASCII alone."""
    return text.encode("ascii", "backslashreplace").decode("ascii")
