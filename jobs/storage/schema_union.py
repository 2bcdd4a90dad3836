"""One schema for files that were written by different versions of Strix, and a table's columns brought to it.

Columns and fields are only added: what a file lacks is NULL in it, with the version of the module that wrote it kept.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

NOT_RUN = "not run: the module was not part of the batch"


class SchemaConflict(ValueError):
    """Two files have a column of one name and types that do not fit; the message names both."""


def common_schema(schemas: Sequence[pa.Schema], today: pa.Schema | None = None) -> pa.Schema:
    """The columns of all schemas: today's first, then the others in the order in which they come.

    Units and descriptions are today's, else those of the last schema that has the column.

    Parameters
    ----------
    schemas : sequence of pyarrow.Schema
        Of the files, oldest first.

    Raises
    ------
    SchemaConflict
        If a column has types of which none holds the values of the other, or is wider in a file than it is today.
    """
    metadata = (today if today is not None else schemas[-1]).metadata
    if today is None:
        return pa.schema(_union([list(schema) for schema in schemas], ""), metadata=metadata)
    before = _union([list(schema) for schema in schemas], "")
    for field in before:
        if field.name in today.names:
            _check_fits(field, today.field(field.name), field.name)
    return pa.schema(_union([list(today), before], "", newest=0), metadata=metadata)


def in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with exactly the columns of a common schema; what it lacks is NULL."""
    if table.schema.types == schema.types and table.schema.names == schema.names:
        return pa.Table.from_arrays(table.columns, schema=schema)
    columns = []
    for field in schema:
        if field.name in table.column_names:
            chunks = [_column(chunk, field.type) for chunk in table[field.name].chunks]
            columns.append(pa.chunked_array(chunks, type=field.type))
        else:
            columns.append(_absent(field.type, table.num_rows))
    return pa.Table.from_arrays(columns, schema=schema)


def is_module(kind: pa.DataType) -> bool:
    """Whether a column is what a science module put out."""
    return pa.types.is_struct(kind) and {"version", "error"} <= {field.name for field in kind}


def _union(lists: Iterable[Sequence[pa.Field]], where: str, newest: int = -1) -> list[pa.Field]:
    """Fields of all lists by name; metadata of the list that is newest: the first (0) or the last (-1) that has it."""
    known: dict[str, pa.Field] = {}
    for fields in lists:
        for field in fields:
            old = known.get(field.name)
            if old is None:
                known[field.name] = field
                continue
            kind = _wider(old.type, field.type, f"{where}{field.name}", newest)
            known[field.name] = (old if newest == 0 else field).with_type(kind)
    return list(known.values())


def _wider(one: pa.DataType, other: pa.DataType, where: str, newest: int) -> pa.DataType:
    """The type that holds the values of both."""
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return pa.struct(_union([list(one), list(other)], f"{where}.", newest))
    if pa.types.is_list(one) and pa.types.is_list(other):
        value = _wider(one.value_type, other.value_type, f"{where}[]", newest)
        return pa.list_((one if newest == 0 else other).value_field.with_type(value))
    if _widens(one, other):
        return other
    if _widens(other, one):
        return one
    raise SchemaConflict(f"{where} is {one} in one file and {other} in another; neither holds the values of the other")


def _check_fits(field: pa.Field, today: pa.Field, where: str) -> None:
    """Raise SchemaConflict if a file's field does not fit into today's."""
    if pa.types.is_struct(field.type) and pa.types.is_struct(today.type):
        names = {each.name: each for each in today.type}
        for child in field.type:
            if child.name in names:
                _check_fits(child, names[child.name], f"{where}.{child.name}")
    elif pa.types.is_list(field.type) and pa.types.is_list(today.type):
        _check_fits(field.type.value_field, today.type.value_field, f"{where}[]")
    elif not _widens(field.type, today.type):
        raise SchemaConflict(
            f"{where} is {field.type} in the files and {today.type} today; it would not keep its values"
        )


def _widens(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether every value of a type is one of the other, too."""
    if narrow == wide or pa.types.is_null(narrow):
        return True
    for kind in (pa.types.is_signed_integer, pa.types.is_unsigned_integer, pa.types.is_floating):
        if kind(narrow) and kind(wide):
            return bool(narrow.bit_width <= wide.bit_width)
    pairs = ((pa.string(), pa.large_string()), (pa.binary(), pa.large_binary()))
    return (narrow, wide) in pairs


def _column(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """An array in a type that is at least as wide; added fields are NULL."""
    if array.type == kind:
        return array
    if pa.types.is_struct(kind) and pa.types.is_struct(array.type):
        children = [
            _column(array.field(place), field.type)
            if (place := array.type.get_field_index(field.name)) >= 0
            else pa.nulls(len(array), field.type)
            for field in kind
        ]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)
    return array.cast(kind)


def _absent(kind: pa.DataType, rows: int) -> pa.Array:
    """A column that a file lacks: NULL; for a module with the reason, as wherever there is no answer."""
    if not is_module(kind):
        return pa.nulls(rows, kind)
    children = [
        pa.repeat(pa.scalar(NOT_RUN, field.type), rows) if field.name == "error" else pa.nulls(rows, field.type)
        for field in kind
    ]
    return pa.StructArray.from_arrays(children, fields=list(kind))
