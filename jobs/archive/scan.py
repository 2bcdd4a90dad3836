"""A table of an output as Arrow, whatever modules and versions its nights were written with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.archive.flat import flat_columns
from jobs.archive.near import row_groups
from jobs.archive.position import Cone
from jobs.storage.layout import TABLES

_PIECE = 8192  # rows; with light curves some 50 MB


def scan(
    directory: str | Path,
    table: str = "science",
    nights: Iterable[str | int] | None = None,
    columns: Sequence[str] | None = None,
    flat: bool = False,
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
    flat : bool
        A column for each field of a struct: `stetson_k_k`, `candidate_rb`. Columns may be asked for by these names, too.

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
    return Scan.of(directory, table, nights, columns, flat).table()


@dataclass(frozen=True)
class Scan:
    """What a scan reads: all at once, or piece by piece.

    Attributes
    ----------
    groups : list of (schema, paths)
        Files that follow one another, by their schema.
    wanted : pyarrow.Schema
        The columns, called by their paths: `stetson_k.k`.
    names : sequence of str
        What they are called in the result.
    """

    groups: list[tuple[pa.Schema, list[Path]]]
    wanted: pa.Schema
    names: Sequence[str]

    @classmethod
    def of(
        cls,
        directory: str | Path,
        table: str = "science",
        nights: Iterable[str | int] | None = None,
        columns: Sequence[str] | None = None,
        flat: bool = False,
    ) -> "Scan":
        """Look which files there are; raises as `scan` does."""
        if table not in TABLES:
            raise FileNotFoundError(f"no table {table!r}; the tables are {', '.join(TABLES)}")
        paths = _paths(Path(directory) / table, nights)
        groups = [(schema, list(own)) for schema, own in groupby(paths, key=_schema)]
        whole = merged([schema for schema, _ in groups])
        if not flat:
            wanted = _columns(whole, columns)
            return cls(groups, wanted, wanted.names)
        return cls(groups, whole, whole.names).flat(columns)

    def flat(self, columns: Sequence[str] | None = None) -> "Scan":
        """Some of its columns, or all, without structs."""
        named = flat_columns(self.wanted, columns)
        return Scan(self.groups, _columns(self.wanted, list(named.values())), list(named))

    @property
    def schema(self) -> pa.Schema:
        """The schema of what `table` and `pieces` give."""
        return pa.schema([field.with_name(name) for field, name in zip(self.wanted, self.names, strict=True)])

    @property
    def rows(self) -> int:
        """How many rows there are, by the files' footers."""
        return sum(pq.read_metadata(path).num_rows for _, paths in self.groups for path in paths)

    def table(self) -> pa.Table:
        """All of it."""
        tables = [piece for own, paths in self.groups for piece in _pieces(paths, own, self.wanted, None, None)]
        return pa.concat_tables(tables).rename_columns(self.names)

    def pieces(self, near: Cone | None = None) -> Iterator[pa.Table]:
        """A few thousand rows at a time, so that a night of any size needs little memory.

        Parameters
        ----------
        near : Cone, optional
            Only rows in this circle, with their `distance_arcsec` as a last column.
        """
        place = [] if near is None else [name for name in ("ra", "dec") if name not in self.wanted.names]
        for own, paths in self.groups:
            wanted = pa.schema([*self.wanted, *(own.field(name) for name in place)])
            for piece in _pieces(paths, own, wanted, near, _PIECE):
                piece = near.inside(piece).drop_columns(place) if near else piece
                yield piece.rename_columns([*self.names, *piece.column_names[len(self.names) :]])


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


def _pieces(
    paths: Iterable[Path], own: pa.Schema, wanted: pa.Schema, near: Cone | None, rows: int | None
) -> Iterator[pa.Table]:
    """Files of one schema, brought to the wanted one; whole, or some rows at a time."""
    there = _names_in(own)
    columns = [field.name for field in wanted if field.name in there]
    for path in paths:
        with pq.ParquetFile(path) as file:
            if rows is None:
                yield _brought(file.read(columns=columns), there, wanted)
                continue
            for batch in file.iter_batches(rows, row_groups=list(row_groups(file, near)), columns=columns):
                yield _brought(pa.Table.from_batches([batch]), there, wanted)


def _names_in(schema: pa.Schema | pa.StructType, before: str = "") -> set[str]:
    """Columns and fields of structs, to any depth."""
    names = {f"{before}{field.name}" for field in schema}
    structs = (field for field in schema if pa.types.is_struct(field.type))
    return names.union(*(_names_in(field.type, f"{before}{field.name}.") for field in structs))


def _brought(read: pa.Table, there: set[str], wanted: pa.Schema) -> pa.Table:
    arrays = [
        _widened(_part(read, field.name), field.type) if field.name in there else pa.nulls(read.num_rows, field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _part(read: pa.Table, name: str) -> pa.ChunkedArray:
    """A column, or a field of a struct column, NULL where the struct is."""
    head, *inner = name.split(".")
    return pc.struct_field(read[head], inner) if inner else read[head]


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
