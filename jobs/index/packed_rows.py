"""The rows of a science file, whole, a few at a time.

To read one row of a science file is to open some 600 columns and to unpack each for a few thousand rows. Here a few rows lie
together, compressed: their lists (the light curve) as an Arrow batch, and of each row all other columns as one cell, as HBase
keeps them (`jobs.store.struct_codec`). 1.3 times the size of the science file.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.index.checked_file import CheckedFile, Damaged, writing
from jobs.index.orders import Ints
from jobs.index.science_files import ScienceFile
from jobs.storage.footers import schema_in
from jobs.store import struct_codec
from jobs.store.struct_codec import StructCodec, codec

VERSION = [1, struct_codec.VERSION]
ENDING = ".rows"
# Rows that are compressed together: 60 kB packed.
_BLOCK = 32
_AT_ONCE = 1024
_ZSTD = pa.Codec("zstd", 1)
_SIZE = struct.Struct("<I")
_INT = "<i8"


class Rows(NamedTuple):
    """Rows of a science file: of each a cell, and their lists."""

    cells: list[bytes]
    lists: pa.Table


def rows_path(folder: Path, file: ScienceFile) -> Path:
    """Where the rows of a science file are.

    Parameters
    ----------
    folder : pathlib.Path
        Of its night, in the index.
    file : ScienceFile
    """
    return folder / f"{file.name}-{file.size}-{file.mtime_ns}{ENDING}"


def write_rows(path: Path, table: Path, file: ScienceFile) -> None:
    """Pack the rows of a science file.

    Parameters
    ----------
    path : pathlib.Path
        As `rows_path` gives it.
    table : pathlib.Path
        The science table's folder.
    file : ScienceFile

    Raises
    ------
    FileNotFoundError
        If the file is gone.
    TypeError
        If it has columns that cells do not hold.
    """
    with pq.ParquetFile(file.path(table)) as science:
        schema, ends, firsts = schema_in(science.metadata), [0], [0]
        told = {"version": VERSION, "rows": science.metadata.num_rows}
        with writing(path, told) as writer:
            writer.section("schema", schema.serialize().to_pybytes())
            writer.begin("blocks")
            for rows, block in _blocks(science, schema):
                writer.write(block)
                ends.append(ends[-1] + len(block))
                firsts.append(firsts[-1] + rows)
            writer.section("ends", np.array(ends, _INT))
            writer.section("firsts", np.array(firsts, _INT))


def _blocks(science: pq.ParquetFile, schema: pa.Schema) -> Iterator[tuple[int, bytes]]:
    """Blocks with the number of their rows."""
    others, lists = _others(schema), _lists(schema)
    for batch in science.iter_batches(_AT_ONCE):
        structs = pa.StructArray.from_arrays([batch.column(field.name) for field in others], fields=others)
        cells = [cell or b"" for cell in _codec(schema).encode(structs)]
        of_lists = batch.select(lists.names)
        for at in range(0, len(batch), _BLOCK):
            some = cells[at : at + _BLOCK]
            yield len(some), _packed(some, of_lists.slice(at, _BLOCK))


def _packed(cells: Sequence[bytes], lists: pa.RecordBatch) -> bytes:
    sizes = np.array([len(cells), *map(len, cells)], "<u4").tobytes()
    raw = b"".join((sizes, *cells, lists.serialize()))
    return _SIZE.pack(len(raw)) + bytes(_ZSTD.compress(raw, asbytes=True))


def _unpacked(block: memoryview, lists: pa.Schema) -> Rows:
    raw = _ZSTD.decompress(block[_SIZE.size :], _SIZE.unpack(block[: _SIZE.size])[0])
    (count,) = _SIZE.unpack(raw[: _SIZE.size])
    sizes = np.frombuffer(raw, "<u4", count, _SIZE.size)
    ends = np.cumsum([(1 + count) * _SIZE.size, *sizes]).tolist()
    cells = [raw[start:end].to_pybytes() for start, end in pairwise(ends)]
    return Rows(cells, pa.Table.from_batches([pa.ipc.read_record_batch(raw[ends[-1] :], lists)]))


class PackedRows:
    """The rows of a science file, as `write_rows` packed them.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    FileNotFoundError
        If nobody has.
    Damaged
        If the file is not as it was written, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self._file = CheckedFile(path)
        if self._file.told.get("version") != VERSION:
            raise Damaged(path, f"of version {self._file.told.get('version')}, this Strix reads {VERSION}")

    @cached_property
    def schema(self) -> pa.Schema:
        """The science file's."""
        return _schema(bytes(self._file.bytes("schema")))

    def rows(self, rows: Ints) -> Rows:
        """Some rows, in their order.

        Parameters
        ----------
        rows : numpy.ndarray of int64, shape (n,)
            Ascending; at least one.
        """
        firsts = self._file.array("firsts", _INT)
        of = np.searchsorted(firsts, rows, "right") - 1
        cells, lists = [], []
        for number in np.unique(of).tolist():
            block, places = self._block(number), rows[of == number] - firsts[number]
            cells += [block.cells[place] for place in places]
            lists.append(_rows_at(block.lists, places))
        return Rows(cells, pa.concat_tables(lists))

    def _block(self, number: int) -> Rows:
        start, stop = self._file.array("ends", _INT, number, number + 2).tolist()
        return _unpacked(self._file.bytes("blocks", start, stop), _lists(self.schema))


def _rows_at(lists: pa.Table, places: Ints) -> pa.Table:
    """Some rows; those that follow one another, as an object's do, are not copied."""
    first, many = int(places[0]), len(places)
    return lists.slice(first, many) if places[-1] - first == many - 1 else lists.take(pa.array(places))


def table_of(rows: Sequence[Rows], schema: pa.Schema) -> pa.Table:
    """Rows as they are in the science table.

    Parameters
    ----------
    rows : sequence of Rows
        As `PackedRows.rows` gives them.
    schema : pyarrow.Schema
        Of the science files that they are of.
    """
    structs = _codec(schema).decode([cell for each in rows for cell in each.cells])
    lists = pa.concat_tables([each.lists for each in rows]).combine_chunks()  # many chunks cost more than a copy
    columns = dict(zip((field.name for field in _others(schema)), structs.flatten(), strict=True))
    columns |= {name: lists[name] for name in lists.column_names}
    return pa.Table.from_arrays([columns[field.name] for field in schema], schema=schema)


@lru_cache(maxsize=64)
def _schema(serialized: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(serialized))


def _others(schema: pa.Schema) -> list[pa.Field]:
    return [field for field in schema if not pa.types.is_list(field.type)]


def _lists(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field for field in schema if pa.types.is_list(field.type)])


def _codec(schema: pa.Schema) -> StructCodec:
    return codec(pa.struct(_others(schema)))
