"""A table of an output as Arrow, whatever modules and versions its nights were written with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.archive.flat import flat_columns
from jobs.archive.near import row_groups
from jobs.archive.position import Cone
from jobs.storage import data_files
from jobs.storage.layout import TABLES
from jobs.storage.schema_union import common_schema, field_of, leaves

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
        Nights ascending. A field that a module's version did not have is NULL. A module that a night was not written with
        is NULL too, with the reason in its `error`: `not run: the module was not part of the batch`.

    Raises
    ------
    FileNotFoundError
        If the output has no such table, or one of the nights is not there.
    KeyError
        If no file has a column.
    SchemaConflict
        If files give a column types of which none holds the values of the other. (A ValueError.)

    Notes
    -----
    pyarrow's own dataset takes the schema of the first file and fails on a struct that has other fields in another
    file; `pyarrow.unify_schemas` adds columns, and not fields. So the schemas are merged here, structs too, and the
    files of each schema are brought to the merged one. Without Strix, `duckdb.sql("from read_parquet('DIR/science/*/*.parquet',
    union_by_name=true)")` does the same, without the reasons of modules that were not run. pandas opens nights of one
    version: `pandas.read_parquet("DIR/science", partitioning=None)`; it would take `night` from the folders' names too, as
    another type, if it were let.
    """
    return Scan.of(directory, table, nights, columns, flat).table()


@dataclass(frozen=True)
class Scan:
    """What a scan reads: all at once, or piece by piece.

    Attributes
    ----------
    groups : list of (schema, paths)
        Files that follow one another, by their schema.
    whole : pyarrow.Schema
        What all files have together.
    wanted : pyarrow.Schema
        The columns, called by their paths: `stetson_k.k`.
    names : sequence of str
        What they are called in the result.
    """

    groups: list[tuple[pa.Schema, list[Path]]]
    whole: pa.Schema
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
        whole = common_schema([schema for schema, _ in groups])
        if not flat:
            wanted = _columns(whole, columns)
            return cls(groups, whole, wanted, wanted.names)
        return cls(groups, whole, whole, whole.names).flat(columns)

    def flat(self, columns: Sequence[str] | None = None) -> "Scan":
        """Some of its columns, or all, without structs."""
        named = flat_columns(self.wanted, columns)
        return Scan(self.groups, self.whole, _columns(self.wanted, list(named.values())), list(named))

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
        names = self.wanted.names
        tables = [piece for own, paths in self.groups for piece in _pieces(paths, own, self.whole, names, None, None)]
        return pa.concat_tables(tables).rename_columns(self.names)

    def pieces(self, near: Cone | None = None) -> Iterator[pa.Table]:
        """A few thousand rows at a time, so that a night of any size needs little memory.

        Parameters
        ----------
        near : Cone, optional
            Only rows in this circle, with their `distance_arcsec` as a last column.
        """
        place = [] if near is None else [name for name in ("ra", "dec") if name not in self.wanted.names]
        wanted = [*self.wanted.names, *place]
        for own, paths in self.groups:
            for piece in _pieces(paths, own, self.whole, wanted, near, _PIECE):
                piece = near.inside(piece).drop_columns(place) if near else piece
                yield piece.rename_columns([*self.names, *piece.column_names[len(self.names) :]])


def _paths(folder: Path, nights: Iterable[str | int] | None) -> list[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there; scan wants the output of a job")
    there = data_files.nights(folder)
    wanted = there if nights is None else sorted({str(night) for night in nights})
    absent = [night for night in wanted if night not in there]
    if absent:
        raise FileNotFoundError(f"{folder} has no night {', '.join(absent)}; it has {', '.join(there) or 'none'}")
    paths = [path for night in wanted for path in data_files.files_of_night(folder, night)]
    if not paths:
        raise FileNotFoundError(f"{folder} holds no files")
    return paths


def _columns(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """The part of a schema that is asked for; a field of a struct becomes a column of the name `struct.field`."""
    if columns is None:
        return schema
    return pa.schema([field_of(schema, name) for name in columns])


def _schema(path: Path) -> pa.Schema:
    return pq.read_schema(path).remove_metadata()


def _pieces(
    paths: Iterable[Path], own: pa.Schema, whole: pa.Schema, wanted: Sequence[str], near: Cone | None, rows: int | None
) -> Iterator[pa.Table]:
    """The wanted columns of files of one schema, with the types of the whole; each file at once, or some rows at a time."""
    there = _names_in(own)
    columns = [name for name in wanted if name in there]
    for path in paths:
        with pq.ParquetFile(path) as file:
            if rows is None:
                yield leaves(file.read(columns=columns), whole, wanted)
                continue
            for batch in file.iter_batches(rows, row_groups=list(row_groups(file, near)), columns=columns):
                yield leaves(pa.Table.from_batches([batch]), whole, wanted)


def _names_in(schema: pa.Schema | pa.StructType, before: str = "") -> set[str]:
    """Columns and fields of structs, to any depth."""
    names = {f"{before}{field.name}" for field in schema}
    structs = (field for field in schema if pa.types.is_struct(field.type))
    return names.union(*(_names_in(field.type, f"{before}{field.name}.") for field in structs))
