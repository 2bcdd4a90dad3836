"""A table as VOTable 1.4 (IVOA), written by astropy, serialised as TABLEDATA: NULL is an empty cell."""

from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.archive.astro import astropy, unit_in
from jobs.archive.portable import portable
from jobs.archive.ucds import UCDS

_DATATYPES = {
    pa.bool_(): "boolean", pa.int8(): "short", pa.int16(): "short", pa.uint8(): "unsignedByte", pa.int32(): "int",
    pa.float32(): "float", pa.float64(): "double",
}  # fmt: skip
_FRAMES = {"time.epoch": "tai", "pos.eq.ra": "icrs", "pos.eq.dec": "icrs"}
_VERSION = {"version": "1.4", "version_1_3_or_later": True, "version_1_4_or_later": True}


def votable(table: pa.Table, name: str, description: str) -> bytes:
    """The document; all of it is held in memory.

    Parameters
    ----------
    table : pyarrow.Table
        Flat; unit and description are taken from the fields' metadata, UCDs by the columns' names.
    name : str
        Of the table in it.
    description : str
        What the table is, for people.
    """
    tree = astropy("io.votable.tree")
    document = tree.VOTableFile(version="1.4")
    resource = tree.Resource()
    document.resources.append(resource)
    resource.coordinate_systems.append(tree.CooSys(ID="icrs", system="ICRS"))
    frame = {"timeorigin": "MJD-origin", "timescale": "TAI", "refposition": "TOPOCENTER"}
    resource.time_systems.append(tree.TimeSys(ID="tai", config=_VERSION, **frame))
    element = tree.TableElement(document, name=name)
    element.description = description
    resource.tables.append(element)
    _fill(tree, document, element, portable(table))
    out = BytesIO()
    document.to_xml(out)
    return out.getvalue()


def _fill(tree: Any, document: Any, element: Any, table: pa.Table) -> None:
    columns = [table[name].combine_chunks() for name in table.column_names]
    for field, column in zip(table.schema, columns, strict=True):
        element.fields.append(_field(tree, document, field, column))
    element.create_arrays(table.num_rows)
    for place, column in enumerate(columns):
        name = element.array.dtype.names[place]
        element.array[name] = _values(column)
        element.array.mask[name] = column.is_null().to_numpy(zero_copy_only=False)


def _field(tree: Any, document: Any, field: pa.Field, column: pa.Array) -> Any:
    unit = unit_in("vounit", (field.metadata or {}).get(b"unit", b"").decode())
    ucd = UCDS.get(field.name)
    frame = next((frame for word, frame in _FRAMES.items() if ucd and ucd.startswith(word)), None)
    made = tree.Field(
        document, name=field.name, unit=unit, ucd=ucd,
        ref=frame, **_datatype(field.type, column),
    )  # fmt: skip
    made.description = described(field, "vounit") or None
    return made


def _datatype(type_: pa.DataType, column: pa.Array) -> dict[str, str]:
    if pa.types.is_list(type_):
        return {**_datatype(type_.value_type, column), "arraysize": "*"}
    if pa.types.is_string(type_):
        ascii_ = all(text is None or text.isascii() for text in column.to_pylist())
        return {"datatype": "char" if ascii_ else "unicodeChar", "arraysize": "*"}
    return {"datatype": _DATATYPES.get(type_, "long")}


def _values(column: pa.Array) -> Any:
    type_ = column.type
    if pa.types.is_list(type_):
        return lists_of(column, np.ma.array)
    if pa.types.is_string(type_):
        return np.array(["" if text is None else text for text in column.to_pylist()], dtype=object)
    return filled(column)


def described(field: pa.Field, form: str) -> str:
    """A column's description, with its unit where the format has no word for it.

    Parameters
    ----------
    field : pyarrow.Field
        With unit and description in its metadata.
    form : str
        As of `unit_in`.
    """
    metadata = field.metadata or {}
    unit, description = (metadata.get(key, b"").decode() for key in (b"unit", b"description"))
    return description if not unit or unit_in(form, unit) else f"{description} [{unit}]".strip()


def filled(column: pa.Array) -> Any:
    """Numbers as NumPy holds them, 0 (or False) or NaN where they are NULL; exact for 64 bits.

    Parameters
    ----------
    column : pyarrow.Array
        Numbers or booleans.
    """
    if pa.types.is_floating(column.type):
        return column.to_numpy(zero_copy_only=False)
    return column.fill_null(False if pa.types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False)


def lists_of(column: pa.ListArray, made: Any = np.asarray) -> Any:
    """Lists of numbers as an array of arrays; an empty one where the list is NULL.

    Parameters
    ----------
    column : pyarrow.ListArray
        Lists of numbers.
    made : callable
        Makes an entry of the slice of a row.

    Returns
    -------
    numpy.ndarray of object, shape (n_rows,)
    """
    offsets = column.offsets.to_numpy()
    flat = column.values.to_numpy(zero_copy_only=False)
    lists = np.empty(len(column), dtype=object)
    for row in range(len(column)):
        lists[row] = made(flat[offsets[row] : offsets[row + 1]])
    return lists
