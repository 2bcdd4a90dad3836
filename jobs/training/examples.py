"""Examples as Parquet shards: written a part at a time, read as a selection of rows that never is in memory whole."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.storage import data_files
from jobs.storage.writing import replace_table

# What every example has beside the trainable's own columns. NULL: alert_id of what is no alert; ra and dec of what has no
# place; label of an example without one. `simulated` examples are counted and measured apart.
KEYS = pa.schema(
    [
        pa.field("survey", pa.string()),
        pa.field("object_id", pa.string()),
        pa.field("alert_id", pa.int64()),
        pa.field("ra", pa.float64()),
        pa.field("dec", pa.float64()),
        pa.field("label", pa.string()),
        pa.field("weight", pa.float64()),
        pa.field("source", pa.string()),
        pa.field("simulated", pa.bool_()),
    ]
)
SHARD_ROWS, SHARD_BYTES = 4096, 16 << 20
_OPEN_SHARDS = 4  # that a shuffled pass mixes

Bools = NDArray[np.bool_]


def write_shards(tables: Iterator[pa.Table], folder: Path, stem: str, rows: int = SHARD_ROWS) -> list[str]:
    """Write tables as files of so many rows, or fewer, so that a file in memory has some 16 MiB; the names of the files.

    Parameters
    ----------
    tables : iterator of pyarrow.Table
        Of one schema.
    folder : pathlib.Path
        Made if it is not there.
    stem : str
        What the files' names begin with.
    rows : int
        Of a file; the last has fewer.
    """
    names: list[str] = []
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        rows = min(rows, _rows_of(table))
        while sum(each.num_rows for each in held) >= rows:
            whole = pa.concat_tables(held)
            names.append(_write(whole.slice(0, rows), folder, f"{stem}-{len(names):04}.parquet"))
            held = [whole.slice(rows)]
    rest = pa.concat_tables(held) if held else None
    if rest is not None and rest.num_rows:
        names.append(_write(rest, folder, f"{stem}-{len(names):04}.parquet"))
    return names


def _rows_of(table: pa.Table) -> int:
    """Rows in a shard of SHARD_BYTES."""
    return max(1, SHARD_BYTES * table.num_rows // table.nbytes) if table.num_rows else SHARD_ROWS


def _write(table: pa.Table, folder: Path, name: str) -> str:
    replace_table(folder / name, table.combine_chunks())
    return name


@dataclass(frozen=True)
class Examples:
    """All examples of a run.

    Attributes
    ----------
    files : tuple of pathlib.Path
        Shards, by name.
    keys : pyarrow.Table, n_examples rows
        KEYS of all of them, in the order of the files: some 100 bytes an example.
    counts : tuple of int
        Rows of each file.
    """

    files: tuple[Path, ...]
    keys: pa.Table
    counts: tuple[int, ...]

    @classmethod
    def at(cls, folder: Path) -> "Examples":
        """Those of a folder.

        Parameters
        ----------
        folder : pathlib.Path
            Of shards.
        """
        files = tuple(data_files.files_of_folder(folder))
        tables = [pq.ParquetFile(file).read(columns=KEYS.names) for file in files]
        return cls(files, pa.concat_tables([KEYS.empty_table(), *tables]), tuple(each.num_rows for each in tables))

    def select(self, rows: Bools) -> "Selection":
        """Some of them.

        Parameters
        ----------
        rows : numpy.ndarray of bool, shape (n_examples,)
        """
        return Selection(self, np.asarray(rows, bool))

    def digest(self) -> str:
        """sha256 over the contents of all shards, in their order."""
        whole = sha256()
        for file in self.files:
            whole.update(sha256(file.read_bytes()).digest())
        return whole.hexdigest()


@dataclass(frozen=True)
class Selection:
    """Some examples: read in order or shuffled, a batch at a time.

    Attributes
    ----------
    examples : Examples
    rows : numpy.ndarray of bool, shape (n_examples,)
        Which of them.
    """

    examples: Examples
    rows: Bools

    def __len__(self) -> int:
        return int(self.rows.sum())

    @property
    def keys(self) -> pa.Table:
        """Their KEYS, in order."""
        return self.examples.keys.filter(pa.array(self.rows))

    def but(self, rows: Bools) -> "Selection":
        """Those of them for which something else is true, too.

        Parameters
        ----------
        rows : numpy.ndarray of bool, shape (n_examples,)
            Over all examples.
        """
        return replace(self, rows=self.rows & rows)

    def labels(self) -> "Counter[str]":
        """How many there are of each label."""
        return Counter(self.keys["label"].to_pylist())

    def batches(self, size: int = 1024, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """In order, at most so many rows at a time.

        Parameters
        ----------
        size : int
            Rows.
        columns : sequence of str, optional
            All, if not given.
        """
        for number in range(len(self.examples.files)):
            table = self._shard(number, columns)
            for start in range(0, table.num_rows, size):
                yield table.slice(start, size)

    def shuffled(self, size: int, seed: int, epoch: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Each once, in an order of this seed and epoch; batches of exactly `size` rows, and a last one of what is left.

        Rows of four shards at a time, themselves drawn at random, are mixed: memory is that of four shards.

        Parameters
        ----------
        size : int
            Rows.
        seed, epoch : int
            The same pair is the same order.
        columns : sequence of str, optional
            All, if not given.
        """
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self.examples.files))
        left: pa.Table | None = None
        for start in range(0, len(order), _OPEN_SHARDS):
            mixed = pa.concat_tables(
                self._shard(int(number), columns) for number in order[start : start + _OPEN_SHARDS]
            )
            mixed = mixed.take(pa.array(rng.permutation(mixed.num_rows)))
            whole = pa.concat_tables([left, mixed]) if left is not None else mixed
            full = whole.num_rows - whole.num_rows % size
            for first in range(0, full, size):
                yield whole.slice(first, size)
            left = whole.slice(full)
        if left is not None and left.num_rows:
            yield left

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All of them at once; for models that are fitted to a set in memory.

        Parameters
        ----------
        columns : sequence of str, optional
            All, if not given.

        Raises
        ------
        ValueError
            If there are no examples, of which nobody knows the columns.
        """
        if not self.examples.files:
            raise ValueError("no examples")
        return pa.concat_tables(self._shard(number, columns) for number in range(len(self.examples.files)))

    def _shard(self, number: int, columns: Sequence[str] | None) -> pa.Table:
        start = sum(self.examples.counts[:number])
        own = self.rows[start : start + self.examples.counts[number]]
        file = pq.ParquetFile(self.examples.files[number])
        return file.read(columns=None if columns is None else list(columns)).filter(pa.array(own))


def complete(table: pa.Table, columns: pa.Schema, where: str) -> pa.Table:
    """A table with all of KEYS and of the trainable's columns, in that order and those types.

    Parameters
    ----------
    table : pyarrow.Table
        As `Trainable.examples` gives it.
    columns : pyarrow.Schema
        The trainable's.
    where : str
        What made it, for the message.

    Raises
    ------
    ValueError
        If a column lacks or cannot be cast; says both sides.
    """
    absent = [name for name in ("survey", "object_id", *columns.names) if name not in table.column_names]
    if absent:
        raise ValueError(f"{where} wants columns {absent}, examples have {table.column_names}")
    schema = pa.schema([*KEYS, *columns])
    try:
        return pa.Table.from_arrays([_column(table, field) for field in schema], schema=schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{where}: examples are not of the declared types: {error}") from None


def _column(table: pa.Table, field: pa.Field) -> Any:
    if field.name in table.column_names:
        return table[field.name].cast(field.type)
    return pa.nulls(table.num_rows, field.type)
