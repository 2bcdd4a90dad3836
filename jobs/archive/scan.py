"""A table of an output as Arrow, whatever modules and versions its nights were written with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.archive.flat import flat_columns
from jobs.archive.near import groups_in
from jobs.archive.position import Cone
from jobs.index.holders import files_near
from jobs.storage import data_files
from jobs.storage.footers import Ranges, ranges, schema_in
from jobs.storage.layout import TABLES, Layout
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
    files : list of _File
        In order.
    whole : pyarrow.Schema
        What all files have together.
    wanted : pyarrow.Schema
        The columns, called by their paths: `stetson_k.k`.
    names : sequence of str
        What they are called in the result.
    """

    files: "list[_File]"
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
        """Look which files there are; raises as `scan` does.

        Parameters
        ----------
        directory : str or pathlib.Path
            The output.
        table : str
            One of TABLES.
        nights : iterable of str or int, optional
            YYYYMMDD; all without it.
        columns : sequence of str, optional
            All without it.
        flat : bool
            Whether structs are taken apart into flat names.
        """
        if table not in TABLES:
            raise FileNotFoundError(f"no table {table!r}; the tables are {', '.join(TABLES)}")
        paths = _paths(Path(directory) / table, nights)
        files = [_File.of(path) for path in paths]
        whole = common_schema([each.schema for each in files])
        if not flat:
            wanted = _columns(whole, columns)
            return cls(files, whole, wanted, wanted.names)
        return cls(files, whole, whole, whole.names).flat(columns)

    def flat(self, columns: Sequence[str] | None = None) -> "Scan":
        """Some of its columns, or all, without structs.

        Parameters
        ----------
        columns : sequence of str, optional
            As of `flat_columns`.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        named = flat_columns(self.wanted, columns)
        return Scan(self.files, self.whole, _columns(self.wanted, list(named.values())), list(named))

    @property
    def schema(self) -> pa.Schema:
        """The schema of what `table` and `pieces` give."""
        return pa.schema([field.with_name(name) for field, name in zip(self.wanted, self.names, strict=True)])

    @property
    def rows(self) -> int:
        """How many rows there are, by the files' footers."""
        return sum(each.rows for each in self.files)

    def table(self) -> pa.Table:
        """All of it."""
        names = self.wanted.names
        return pa.concat_tables([each.table(self.whole, names) for each in self.files]).rename_columns(self.names)

    def pieces(self, near: Cone | None = None) -> Iterator[pa.Table]:
        """A few thousand rows at a time, so that a night of any size needs little memory.

        Parameters
        ----------
        near : Cone, optional
            Only rows in this circle, with their `distance_arcsec` as a last column.
        """
        place = [] if near is None else [name for name in ("ra", "dec") if name not in self.wanted.names]
        wanted = [*self.wanted.names, *place]
        for file in self.files if near is None else self._near(near):
            for piece in file.pieces(self.whole, wanted, near):
                piece = near.inside(piece).drop_columns(place) if near else piece
                yield piece.rename_columns([*self.names, *piece.column_names[len(self.names) :]])

    def _near(self, cone: Cone) -> "list[_File]":
        """The files that may hold something of a circle, by the index of look-ups where there is one."""
        layout = Layout(self.files[0].path.parents[2])
        found = set(files_near(layout, cone.ra, cone.dec, cone.radius_arcsec, [file.path for file in self.files]))
        return [file for file in self.files if file.path in found]


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


def _has(schema: pa.Schema, name: str) -> bool:
    """Whether a file has a column, or a field of a struct, to any depth."""
    place: pa.Schema | pa.StructType = schema
    for part in name.split("."):
        at = place.get_field_index(part)
        if at < 0:
            return False
        place = place.field(at).type if pa.types.is_struct(place.field(at).type) else pa.struct([])
    return True


@dataclass(frozen=True)
class _File:
    """A file, and what its footer says."""

    path: Path
    schema: pa.Schema
    rows: int
    declinations: Ranges

    @classmethod
    def of(cls, path: Path) -> "_File":
        metadata = pq.read_metadata(path)
        return cls(path, schema_in(metadata), metadata.num_rows, ranges(metadata, "dec"))

    def table(self, whole: pa.Schema, wanted: Sequence[str]) -> pa.Table:
        """The wanted columns with the types of the whole schema."""
        with pq.ParquetFile(self.path) as file:
            return leaves(file.read(columns=self._columns(wanted)), whole, wanted)

    def pieces(self, whole: pa.Schema, wanted: Sequence[str], near: Cone | None) -> Iterator[pa.Table]:
        """The same some rows at a time; of a circle only the row groups that may hold something of it."""
        groups = list(range(len(self.declinations))) if near is None else groups_in(self.declinations, near)
        if not groups:
            return
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(_PIECE, row_groups=groups, columns=self._columns(wanted)):
                yield leaves(pa.Table.from_batches([batch]), whole, wanted)

    def _columns(self, wanted: Sequence[str]) -> list[str]:
        return [name for name in wanted if _has(self.schema, name)]
