"""Flat columns with the few types that FITS and VOTable know: numbers, booleans, texts and lists of numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.common.plain_text import visible

# Lists of words with one letter per point: as long as the lists of numbers beside them.
LETTERS = {
    "lc_band": "one letter per point",
    "lc_kind": "one letter per point: d detection, f forced, u upper limit",
}
# Told with a list of booleans, whose NULLs no list of a table file can hold.
TRUTH = "1 yes, 0 no, NaN not known"


def portable(table: pa.Table) -> pa.Table:
    """The table with times, lists of words and lists with NULLs as other programs can read them; bytes are left out.

    A time is ISO 8601 in UTC. In a list a NULL number is NaN, booleans are 1, 0 and NaN, words are joined by "; " (with
    "-" for NULL), or are one letter each (LETTERS).

    Parameters
    ----------
    table : pyarrow.Table
        Flat, without structs.
    """
    return pa.table(
        [_values(table[field.name], field) for field in portable_schema(table.schema)],
        schema=portable_schema(table.schema),
    ) if table.num_columns else table  # fmt: skip


def portable_schema(schema: pa.Schema) -> pa.Schema:
    """The schema that `portable` gives: units and descriptions stay, with what was changed told in the description.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the flat table.
    """
    return pa.schema([_field(field) for field in schema if not _is_bytes(field.type)])


def _is_bytes(type_: pa.DataType) -> bool:
    return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))


def _field(field: pa.Field) -> pa.Field:
    type_, told = _type(field)
    metadata = dict(field.metadata or {})
    if told:
        described = metadata.get(b"description", b"").decode()
        metadata[b"description"] = f"{described} ({told})".strip().encode()
    return pa.field(field.name, type_, metadata=metadata)


def _type(field: pa.Field) -> tuple[pa.DataType, str]:
    type_ = field.type
    if not pa.types.is_list(type_):
        known = pa.types.is_boolean(type_) or pa.types.is_integer(type_) or type_ in (pa.float32(), pa.float64())
        return (type_, "") if known else (pa.string(), "")
    inner = type_.value_type
    if pa.types.is_boolean(inner):
        return pa.list_(pa.float32()), TRUTH
    if pa.types.is_integer(inner) and inner.bit_width > 32:
        return pa.list_(pa.int64()), ""
    if pa.types.is_integer(inner) or pa.types.is_floating(inner):
        return pa.list_(pa.float32() if inner == pa.float32() else pa.float64()), ""
    return pa.string(), LETTERS.get(field.name, "joined by semicolons, - where NULL")


def _values(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if column.type == field.type and not pa.types.is_list(field.type) and not pa.types.is_string(field.type):
        return column
    if pa.types.is_list(field.type):
        return _numbers(column.combine_chunks(), field.type)
    words = _letters if field.name in LETTERS else _text
    return pa.array([None if each is None else words(each) for each in column.to_pylist()], type=pa.string())


def _numbers(lists: pa.ListArray, type_: pa.DataType) -> pa.ListArray:
    """Lists of numbers; NULL in a list is NaN."""
    flat = lists.flatten().cast(type_.value_type)
    if pa.types.is_floating(type_.value_type):
        flat = pc.fill_null(flat, float("nan"))
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    offsets = pa.array([0, *pc.cumulative_sum(lengths).to_pylist()], type=pa.int32())
    return pa.ListArray.from_arrays(offsets, flat, type=type_, mask=lists.is_null() if lists.null_count else None)


def _letters(words: Sequence[str | None]) -> str:
    return "".join(word[0] if word else "?" for word in words)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join("-" if each is None else _text(each) for each in value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return visible(str(value))
