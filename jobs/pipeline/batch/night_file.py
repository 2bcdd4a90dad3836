"""One Parquet file of one table and night, written in row groups as rows come."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.storage.checksums import CHECKED
from jobs.storage.repeated_text import in_memory, parquet_writer, unified

# A row group is written once a night has this many rows in hand, so that memory does not grow with the task.
ROWS_IN_HAND = 1024
# Below, the codec's fixed cost per column is most of what a file costs: 23 ms with zstd, 14 ms with snappy.
FEW_ROWS = 128


# Packets and cutouts hold compressed images: compressing them again costs time and saves nothing.
_PACKED = ("value", "cutout_science", "cutout_template", "cutout_difference")


def write_parquet_options(schema: pa.Schema, codec: str = "zstd") -> dict[str, Any]:
    """How a table is written: packed with a codec, but for columns that hold compressed bytes already.

    Dictionaries are for text alone: numbers are hardly ever the same twice, and dictionaries of them made the science
    table larger (1,659 against 1,356 bytes per alert) and slower to write (57 against 39 us).

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the table.
    codec : str
        As Parquet names it.

    Returns
    -------
    dict
        Keyword arguments of pyarrow's ParquetWriter.
    """
    leaves = _leaves_of(schema)
    packed = any(leaf in _PACKED for leaf in leaves)
    compression = {leaf: "NONE" if leaf in _PACKED else codec for leaf in leaves} if packed else codec
    return {
        "compression": compression,
        "use_dictionary": [leaf for leaf, type_ in leaves.items() if pa.types.is_string(type_)] or False,
        **CHECKED,
        "write_statistics": [leaf for leaf in leaves if leaf not in _PACKED],
    }


@lru_cache(maxsize=8)
def _leaves_of(schema: pa.Schema) -> dict[str, pa.DataType]:
    """Parquet's columns of a table, by their paths."""
    return dict(leaf for field in schema for leaf in _leaves(field.name, field.type))


def _leaves(name: str, type_: pa.DataType) -> list[tuple[str, pa.DataType]]:
    """Parquet's columns below a field, by their paths."""
    if pa.types.is_struct(type_):
        return [leaf for child in type_ for leaf in _leaves(f"{name}.{child.name}", child.type)]
    if pa.types.is_list(type_):
        return _leaves(f"{name}.list.element", type_.value_type)
    return [(name, type_)]


def of_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of a schema, by name; a cast of some 600 leaves is left out where it would change nothing.

    Parameters
    ----------
    table : pyarrow.Table
        With further columns, or not.
    schema : pyarrow.Schema
        Of the result.
    """
    chosen = table.select(schema.names)
    if chosen.schema.types == schema.types:
        return pa.Table.from_arrays(chosen.columns, schema=schema)
    return chosen.cast(schema)


class NightFile:
    """A staged Parquet file of one table and night; rows are held until there are enough for a row group.

    Parameters
    ----------
    path : Path
        Made when the first row group is written.
    schema : pyarrow.Schema
        Of the file.

    Attributes
    ----------
    rows, held_rows : int
        Rows in all, and those that are not written yet.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._held: list[pa.Table] = []
        self.held_rows = 0
        self._writer: pq.ParquetWriter | None = None

    def append(self, table: pa.Table) -> None:
        """Add rows; the table's further columns are left out.

        Parameters
        ----------
        table : pyarrow.Table
            With the columns of the file's schema.
        """
        table = of_schema(table, in_memory(self.schema))
        self._held.append(table)
        self.held_rows += table.num_rows
        self.rows += table.num_rows
        if self.held_rows >= ROWS_IN_HAND:
            self.flush()

    def close(self) -> None:
        """Write what is held and the footer."""
        self.flush()
        if self._writer is not None:
            self._writer.close()

    def flush(self) -> None:
        """Write what is held as a row group."""
        if not self._held:
            return
        if self._writer is None:
            codec = "snappy" if self.held_rows < FEW_ROWS else "zstd"
            self._writer = parquet_writer(self.path, self.schema, write_parquet_options(self.schema, codec))
        self._writer.write_table(unified(self._held))
        self._held, self.held_rows = [], 0
