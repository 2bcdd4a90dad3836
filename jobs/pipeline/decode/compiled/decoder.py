"""The decoder: Avro datums of one writer schema in, one Arrow struct array out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .arrow_types import arrow_type
from .assembly import Assembly, start_cursors, sum_up_offsets
from .failures import TRAILING, DatumRefusal, refusal, unpack
from .instructions import Program
from .interpreter import (
    ADDRESS,
    AFTER,
    DATUM_WIDTH,
    FRAME_WIDTH,
    N_FRAMES,
    PC,
    START,
    STOP,
    run_over,
    warm_up,
)
from .layout import allocate
from .nodes import UnsupportedSchema
from .programs import NOBODY, ROOT, Compilation
from .schema import Schema, Source

# Arrow's offsets have 32 bits. A value is no larger than its datum, so no column can outgrow them.
LARGEST_BATCH = 2**31 - 1
# COUNT fills nothing.
NO_SLOTS = np.zeros((1, 2), np.int64)
# Records of a container block that are walked at a time.
CHUNK = 4096


class DatumDecoder:
    """Decodes datums of one writer schema.

    Parameters
    ----------
    writer_schema : dict, list or str
        The Avro schema that the datums were written with, as parsed from JSON or as JSON text; the top is a record.
    struct_type : pyarrow.StructType, optional
        What is wanted, by name, nested. A wanted field that the writer schema lacks is NULL; a field that is not wanted
        is stepped over. Harmless conversions are made: int to long to float to double, int or long to string (decimal
        text), string to binary. Without it: everything, enums as strings, logical types of whole numbers as Arrow's.

    Attributes
    ----------
    struct_type : pyarrow.StructType

    Raises
    ------
    UnsupportedSchema
        If the writer schema is broken or absurd, has arrays of items of no bytes, or if what is wanted is a union of two
        types besides null, a type inside itself, or not to be had as the wanted type.

    Notes
    -----
    Each datum is walked twice: COUNT looks at bounds, limits, text and the exact end and counts rows and bytes; FILL
    writes into columns of exactly that size. A datum that COUNT refuses costs nothing and hurts no neighbour.
    """

    def __init__(self, writer_schema: Source, struct_type: pa.StructType | None = None) -> None:
        warm_up()
        schema = Schema(writer_schema)
        wanted = arrow_type(schema, schema.root) if struct_type is None else struct_type
        if not pa.types.is_struct(wanted):
            raise UnsupportedSchema(f"the datum is a {wanted}, not a record")
        self.struct_type = wanted
        if schema.measure(schema.root).least == 0:
            raise UnsupportedSchema("a record of no bytes: any number of them would fit into a block")
        compiled = Compilation(schema, wanted)
        self._columns, self._root = compiled.columns, compiled.root
        self._n_cursors, self._n_marks = compiled.n_cursors, compiled.n_marks
        self._count, self._fill = _Runnable(compiled.count), _Runnable(compiled.fill)

    def decode(self, datums: Sequence[bytes], allow_rest: bool = False) -> tuple[pa.StructArray, list[DatumRefusal]]:
        """Decode datums into one struct array.

        Parameters
        ----------
        datums : sequence of bytes, n of them
            Of 2 GiB together at most.
        allow_rest : bool
            Whether a datum may be followed by other bytes, which are left alone.

        Returns
        -------
        array : pyarrow.StructArray, length n
            Of `struct_type`; null where the datum was refused. Its columns share one piece of memory per batch.
        refusals : list of DatumRefusal
            In the order of the datums.

        Raises
        ------
        ValueError
            If the datums have more than 2 GiB together.
        """
        return self.decode_buffers([pa.py_buffer(bytes(datum)) for datum in datums], allow_rest)

    def decode_buffers(
        self, datums: Sequence[pa.Buffer], allow_rest: bool = False
    ) -> tuple[pa.StructArray, list[DatumRefusal]]:
        """The same for datums in Arrow buffers, without a copy: nobody may write to them before this returns."""
        table = _table(datums)
        marks = np.zeros((len(datums), max(1, self._n_marks)), np.int64)
        counts = np.zeros(self._n_cursors, np.int64)
        self._count.run(table, counts, marks, exact=not allow_rest)
        counts[[NOBODY, ROOT]] = 0, len(datums)
        refusals = [self._refusal(int(row), table[row]) for row in np.flatnonzero(table[:, AFTER] < 0)]
        return self._fill_arrays(table, counts, marks), refusals

    def split(self, block: bytes, count: int) -> tuple[NDArray[np.int64], DatumRefusal | None]:
        """Where the records in a container's block begin and end, by the walk alone.

        Parameters
        ----------
        block : bytes
            Records one after the other, uncompressed.
        count : int
            How many the block says that it has.

        Returns
        -------
        boundaries : numpy.ndarray of int64, shape (n + 1,)
            Record i is `block[boundaries[i]:boundaries[i + 1]]`; n is `count` unless a record was refused.
        refusal : DatumRefusal or None
            The first record that cannot be read (its `byte` counts from that record's start), or what is left over
            behind the last (row `count`, trailing_bytes).

        Raises
        ------
        ValueError
            If the count is negative or the block has more than 2 GiB.
        """
        if count < 0:
            raise ValueError(f"a block of {count} records")
        buffer = pa.py_buffer(bytes(block))
        boundaries, pos, total = [np.zeros(1, np.int64)], 0, count
        while count > 0:
            table = self._walk_on(buffer, pos, min(CHUNK, count))
            ends = table[table[:, AFTER] >= 0, AFTER]
            boundaries.append(ends)
            if len(ends) < len(table):
                return np.concatenate(boundaries), self._refusal(total - count + len(ends), table[len(ends)])
            pos, count = int(ends[-1]), count - len(ends)
        rest = None if pos == buffer.size else refusal(total, 0, TRAILING, "")
        return np.concatenate(boundaries), rest

    def _walk_on(self, block: pa.Buffer, pos: int, count: int) -> NDArray[Any]:
        """Walk up to `count` records from a position on, each beginning where the last one ended."""
        table = _table([block]).repeat(count, axis=0)
        table[0, START] = pos
        counts = np.zeros(self._n_cursors, np.int64)
        marks = np.zeros((count, max(1, self._n_marks)), np.int64)
        return table[: self._count.run(table, counts, marks, chained=True)]

    def _fill_arrays(self, table: NDArray[Any], counts: NDArray[Any], marks: NDArray[Any]) -> Any:
        arena = allocate(self._columns, counts)
        starts = start_cursors(self._columns, arena, counts)
        cursors = starts.copy()
        self._fill.run(table, cursors, marks, arena.slots)
        cursors[[NOBODY, ROOT]] = counts[[NOBODY, ROOT]]
        if not np.array_equal(cursors, starts + counts):
            raise AssertionError("FILL has written other than COUNT has counted")
        sum_up_offsets(self._columns, arena)
        return Assembly(arena, counts, starts).build(self._root, _validity(table[:, AFTER] >= 0))

    def _refusal(self, row: int, entry: NDArray[Any]) -> DatumRefusal:
        pos, cause, leaf = unpack(int(entry[AFTER]))
        return refusal(row, pos - int(entry[START]), cause, self._count.paths[int(entry[PC])][leaf])


class _Runnable:
    """A program, ready to be run."""

    def __init__(self, program: Program) -> None:
        self.code, self.jumps, self.paths = program.table(), program.jump_table(), program.paths

    def run(
        self,
        table: NDArray[Any],
        cursors: NDArray[Any],
        marks: NDArray[Any],
        slots: NDArray[Any] = NO_SLOTS,
        exact: bool = False,
        chained: bool = False,
    ) -> int:
        """Run over the datums of a table; how many were run."""
        frames = np.zeros((N_FRAMES, FRAME_WIDTH), np.int64)
        before = np.empty_like(cursors)
        slots_address = slots.ctypes.data
        return run_over(self.code, self.jumps, table, chained, exact, cursors, before, slots_address, marks, frames)


def _table(buffers: Sequence[pa.Buffer]) -> NDArray[Any]:
    """The datums table: where each is, and where it stops."""
    table = np.zeros((len(buffers), DATUM_WIDTH), np.int64)
    table[:, ADDRESS] = [buffer.address for buffer in buffers]
    table[:, STOP] = [buffer.size for buffer in buffers]
    if table[:, STOP].sum() > LARGEST_BATCH:
        raise ValueError(f"{table[:, STOP].sum()} bytes in a batch; Arrow's 32-bit offsets allow {LARGEST_BATCH}")
    return table


def _validity(is_good: NDArray[np.bool_]) -> pa.Buffer | None:
    return None if is_good.all() else pa.py_buffer(np.packbits(is_good, bitorder="little"))
