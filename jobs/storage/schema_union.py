"""One schema for files that were written by different versions of Strix, and tables brought to it: the one rule of all readers.

Columns and fields are only added, types only widen. What a file lacks is NULL in it; for a module that was not run, with
the reason in its `error`.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

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
    today : pyarrow.Schema, optional
        What files are brought to; its types stay.

    Raises
    ------
    SchemaConflict
        If a column has types of which none holds the values of the other, or is wider in a file than it is today.
    """
    metadata = (today if today is not None else schemas[-1]).metadata
    before = _union([list(schema) for schema in _changing(schemas)], "")
    if today is None:
        return pa.schema(before, metadata=metadata)
    for field in before:
        if field.name in today.names:
            _check_fits(field, today.field(field.name), field.name)
    return pa.schema(_union([list(today), before], "", newest=0), metadata=metadata)


def in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with exactly the columns of a common schema; what it lacks is NULL, with the reason for a module.

    Parameters
    ----------
    table : pyarrow.Table
        Structs whole, or flat with columns such as `rise.error`.
    schema : pyarrow.Schema
        As `common_schema` gives it; perhaps fewer columns.

    Raises
    ------
    SchemaConflict
        If a column would not keep its values.
    """
    if table.schema.types == schema.types and table.schema.names == schema.names:
        return pa.Table.from_arrays(table.columns, schema=schema)
    there = set(table.column_names)
    heads = {name.partition(".")[0] for name in there}
    columns = [
        _widened(table[field.name], field.type, field.name)
        if field.name in there
        else _absent(field, table.num_rows, not_run=_head_of(field.name) not in heads)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables one behind the other, in their common schema.

    Parameters
    ----------
    tables : sequence of pyarrow.Table
        One at least, oldest first.

    Raises
    ------
    SchemaConflict
        If their columns do not fit together.
    """
    schema = common_schema([table.schema for table in tables])
    return pa.concat_tables([in_schema(table, schema) for table in tables])


def leaves(table: pa.Table, schema: pa.Schema, names: Iterable[str]) -> pa.Table:
    """Columns, or fields of struct columns as `rise.slope`, with the types of a common schema.

    Parameters
    ----------
    table : pyarrow.Table
        Structs as they are in a file, of them perhaps only the fields that are asked for.
    schema : pyarrow.Schema
        As `common_schema` gives it.
    names : iterable of str
        What the columns of the result are called.

    Raises
    ------
    KeyError
        If the schema has no such column.
    SchemaConflict
        If a column would not keep its values.
    """
    fields = [field_of(schema, name) for name in names]
    return pa.Table.from_arrays([_leaf(table, field, schema) for field in fields], schema=pa.schema(fields))


def field_of(schema: pa.Schema, name: str) -> pa.Field:
    """A column of a schema, or a field of a struct column as `rise.slope`, under that name.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of a table.
    name : str
        A column, or fields below one divided by points.

    Raises
    ------
    KeyError
        If there is none; the message names what is there.
    """
    place: pa.Schema | pa.StructType = schema
    for part in name.split("."):
        names = [field.name for field in place]
        if part not in names:
            raise KeyError(f"no column {name!r}: {part!r} is not among {', '.join(names)}")
        field = place.field(names.index(part))
        place = field.type if pa.types.is_struct(field.type) else pa.struct([])
    return field.with_name(name)


def as_type(array: pa.Array, kind: pa.DataType, where: str = "a column") -> pa.Array:
    """An array in a type that is at least as wide; fields that its structs lack are NULL.

    Parameters
    ----------
    array : pyarrow.Array, length n
        A column, or a field of one.
    kind : pyarrow.DataType
        What it becomes.
    where : str
        Its name.

    Raises
    ------
    SchemaConflict
        If the type does not hold its values; the message begins with `where`.
    """
    if array.type == kind:
        return array
    if pa.types.is_struct(kind) and pa.types.is_struct(array.type):
        children = [
            as_type(array.field(place), field.type, f"{where}.{field.name}")
            if (place := array.type.get_field_index(field.name)) >= 0
            else pa.nulls(len(array), field.type)
            for field in kind
        ]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)
    if not _widens(array.type, kind):
        raise SchemaConflict(f"{where} is {array.type} in a file and {kind} is wanted; it would not keep its values")
    return array.cast(kind)


def is_module(kind: pa.DataType) -> bool:
    """Whether a column is what a science module put out.

    Parameters
    ----------
    kind : pyarrow.DataType
        Of the column: a module's is a struct with `version` and `error`.
    """
    return pa.types.is_struct(kind) and {"version", "error"} <= {field.name for field in kind}


def _changing(schemas: Sequence[pa.Schema]) -> list[pa.Schema]:
    """The schemas without those that are the one before: files of one version follow one another."""
    pairs = zip([None, *schemas], schemas, strict=False)
    return [each for last, each in pairs if last is None or not each.equals(last, check_metadata=True)]


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


_SAME_VALUES = ((pa.string(), pa.large_string()), (pa.binary(), pa.large_binary()))


def _widens(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether every value of a type is one of the other, too."""
    if narrow == wide or pa.types.is_null(narrow) or (narrow, wide) in _SAME_VALUES:
        return True
    if pa.types.is_dictionary(narrow):
        return _widens(narrow.value_type, wide)
    if pa.types.is_list(narrow) and pa.types.is_list(wide):
        return _widens(narrow.value_type, wide.value_type)
    if pa.types.is_integer(narrow) and pa.types.is_floating(wide):
        return bool(2 * narrow.bit_width <= wide.bit_width)  # int32 in float64 and so on: no digit is lost
    for kind in (pa.types.is_signed_integer, pa.types.is_unsigned_integer, pa.types.is_floating):
        if kind(narrow) and kind(wide):
            return bool(narrow.bit_width <= wide.bit_width)
    return False


def _widened(column: pa.ChunkedArray, kind: pa.DataType, where: str) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    return pa.chunked_array([as_type(chunk, kind, where) for chunk in column.chunks], type=kind)


def _leaf(table: pa.Table, field: pa.Field, schema: pa.Schema) -> pa.ChunkedArray | pa.Array:
    head, *inner = field.name.split(".")
    if head not in table.column_names:
        return _absent(field, table.num_rows, not_run=is_module(schema.field(head).type))
    column = table[head]
    for name in inner:
        if column.type.get_field_index(name) < 0:
            return pa.nulls(table.num_rows, field.type)
        column = pc.struct_field(column, name)
    return _widened(column, field.type, field.name)


def _absent(field: pa.Field, rows: int, not_run: bool) -> pa.Array:
    """A column that a file lacks: NULL; of a module that was not run the reason, as wherever there is no answer."""
    if not_run and field.name.endswith(".error"):
        return pa.repeat(pa.scalar(NOT_RUN, field.type), rows)
    if not is_module(field.type):
        return pa.nulls(rows, field.type)
    children = [
        pa.repeat(pa.scalar(NOT_RUN, child.type), rows) if child.name == "error" else pa.nulls(rows, child.type)
        for child in field.type
    ]
    return pa.StructArray.from_arrays(children, fields=list(field.type))


def _head_of(name: str) -> str:
    return name.partition(".")[0]
