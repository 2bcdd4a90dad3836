"""What lists and cones show of alerts, as a table of always the same columns and types."""

from functools import cache

import pyarrow as pa

from jobs.storage.schema_union import as_type
from jobs.store.summary import COLUMNS, SCORES, summary_schema

BODY = "sso_name"


@cache
def entry_schema() -> pa.Schema:
    """The same and the Solar-system body, which is not shown."""
    return summary_schema().append(pa.field(BODY, pa.string()))


def leaves_of(schema: pa.Schema) -> list[str]:
    """The columns of a science file, as paths, that its entries are made of.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the file.
    """
    flat = [name for name in (*COLUMNS, BODY) if name in schema.names]
    return flat + [f"{module}.{output}" for module, output in SCORES if _has(schema, module, output)]


def entries_of(table: pa.Table) -> pa.Table:
    """Entries of rows of a science file.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns that `leaves_of` names, or more.

    Returns
    -------
    pyarrow.Table
        Of `entry_schema`; NULL where a column is not there.

    Raises
    ------
    SchemaConflict
        If a column has a type that today's does not hold.
    """
    columns = {name: table[name] for name in (*COLUMNS, BODY) if name in table.column_names}
    for module, output in SCORES:
        if _has(table.schema, module, output):
            flat = table[module].combine_chunks().flatten()
            columns[f"{module}_{output}"] = pa.chunked_array(
                [flat[table.schema.field(module).type.get_field_index(output)]]
            )
    arrays = [_column(columns.get(field.name), field, table.num_rows) for field in entry_schema()]
    return pa.Table.from_arrays(arrays, schema=entry_schema())


def _has(schema: pa.Schema, module: str, output: str) -> bool:
    if module not in schema.names or not pa.types.is_struct(schema.field(module).type):
        return False
    return bool(schema.field(module).type.get_field_index(output) >= 0)


def _column(column: pa.ChunkedArray | None, field: pa.Field, rows: int) -> pa.Array:
    if column is None:
        return pa.nulls(rows, field.type)
    if pa.types.is_floating(column.type) and pa.types.is_floating(field.type):
        return column.combine_chunks().cast(field.type, safe=False)  # a module's version may have given more digits
    return as_type(column.combine_chunks(), field.type, field.name)
