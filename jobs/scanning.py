"""A table of an output as Arrow, whatever modules and versions its nights were written with."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jobs.corridor.layout import TABLES


def scan(
    directory: str | Path,
    table: str = "science",
    nights: Iterable[str | int] | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """A table of an output.

    Parameters
    ----------
    directory : path
        The output of a job.
    table : str
        raw, science, cutouts or quarantine.
    nights : iterable of str or int, optional
        YYYYMMDD; all if not given.
    columns : sequence of str, optional
        Columns, or fields of struct columns as `stetson_k.k`; all if not given. Others are not read from disk.

    Returns
    -------
    pyarrow.Table
        Nights ascending. A module that a night was not written with, or a field that its version did not have, is NULL.

    Raises
    ------
    FileNotFoundError
        If the output has no such table, or one of the nights is not there.
    KeyError
        If no file has a column.
    TypeError
        If files give a column types that do not fit together.

    Notes
    -----
    pyarrow's own dataset takes the schema of the first file and fails on a struct that has other fields in another
    file; `pyarrow.unify_schemas` adds columns, and not fields. So the schemas are merged here, structs too, and the
    files of each schema are brought to the merged one. Without Strix, `duckdb.sql("from read_parquet('DIR/science/*/*.parquet',
    union_by_name=true)")` does the same. pandas opens nights of one version: `pandas.read_parquet("DIR/science",
    partitioning=None)`; it would take `night` from the folders' names too, as another type, if it were let.
    """
    if table not in TABLES:
        raise FileNotFoundError(f"no table {table!r}; the tables are {', '.join(TABLES)}")
    paths = _paths(Path(directory) / table, nights)
    groups = [(schema, list(own)) for schema, own in groupby(paths, key=_schema)]
    wanted = _columns(merged([schema for schema, _ in groups]), columns)
    return pa.concat_tables([_read(own, schema, wanted) for schema, own in groups])


def merged(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """One schema with every column, and every field of every struct, in the order in which they first occur.

    Raises
    ------
    TypeError
        If a field has two types.
    """
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            fields[field.name] = _both(fields[field.name], field) if field.name in fields else field
    return pa.schema(list(fields.values()))


def _both(one: pa.Field, other: pa.Field) -> pa.Field:
    if one.type == other.type:
        return one
    if not (pa.types.is_struct(one.type) and pa.types.is_struct(other.type)):
        raise TypeError(f"column {one.name} is {one.type} in one file and {other.type} in another")
    inner = merged([pa.schema(list(one.type)), pa.schema(list(other.type))])
    return one.with_type(pa.struct(list(inner)))


def _paths(folder: Path, nights: Iterable[str | int] | None) -> list[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there; scan wants the output of a job")
    there = {path.name.removeprefix("night="): path for path in sorted(folder.glob("night=*"))}
    wanted = list(there) if nights is None else sorted({str(night) for night in nights})
    absent = [night for night in wanted if night not in there]
    if absent:
        raise FileNotFoundError(f"{folder} has no night {', '.join(absent)}; it has {', '.join(there) or 'none'}")
    paths = [path for night in wanted for path in sorted(there[night].glob("[!._]*.parquet"))]
    if not paths:
        raise FileNotFoundError(f"{folder} holds no files")
    return paths


def _columns(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """The part of a schema that is asked for; a field of a struct becomes a column of the name `struct.field`."""
    if columns is None:
        return schema
    return pa.schema([_field(schema, name) for name in columns])


def _field(schema: pa.Schema, name: str) -> pa.Field:
    place: pa.Schema | pa.StructType = schema
    for part in name.split("."):
        names = [field.name for field in place]
        if part not in names:
            raise KeyError(f"no column {name!r}: {part!r} is not among {', '.join(names)}")
        field = place.field(names.index(part))
        place = field.type if pa.types.is_struct(field.type) else pa.struct([])
    return field.with_name(name)


def _schema(path: Path) -> pa.Schema:
    return pq.read_schema(path).remove_metadata()


def _read(paths: list[Path], own: pa.Schema, wanted: pa.Schema) -> pa.Table:
    """Files of one schema, brought to the wanted one."""
    there = {field.name: _has(own, field.name) for field in wanted}
    projection = {name: ds.field(*name.split(".")) for name, has in there.items() if has}
    read = ds.dataset([str(path) for path in paths], schema=own, format="parquet").to_table(columns=projection)
    arrays = [
        _widened(read[field.name], field.type) if there[field.name] else pa.nulls(read.num_rows, field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _has(schema: pa.Schema, name: str) -> bool:
    try:
        _field(schema, name)
    except KeyError:
        return False
    return True


def _widened(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    return pa.chunked_array([widened(chunk, type_) for chunk in column.chunks], type_)


def widened(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """The array with the fields that its structs lack, as NULL."""
    if array.type == type_ or not pa.types.is_struct(type_):
        return array.cast(type_)
    names = [field.name for field in array.type]
    children = [
        widened(array.field(names.index(field.name)), field.type)
        if field.name in names
        else pa.nulls(len(array), field.type)
        for field in type_
    ]
    return pa.StructArray.from_arrays(children, fields=list(type_), mask=array.is_null())
