"""The decoder: Avro datums of one writer schema in, one Arrow struct array out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .assembly import Assembly, start_cursors, sum_up_offsets
from .checks import unpack
from .explaining import Stop
from .fault import Fault
from .instructions import Program
from .interpreter import ADDRESS, AFTER, DATUM_WIDTH, FRAME_WIDTH, N_FRAMES, PC, START, STOP, run_over, warm_up
from .layout import allocate
from .nodes import Node
from .programs import NOBODY, ROOT, Compilation

# Arrow's offsets have 32 bits. A value is no larger than its datum, so no column can outgrow them.
LARGEST_BATCH = 2**31 - 1
# COUNT fills nothing.
NO_SLOTS = np.zeros((1, 2), np.int64)
# Records of a container block that are walked at a time.
CHUNK = 4096
# Values in the arrays and maps of a datum: the largest real one has 131,508.
MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class RowFault:
    """Why a datum of a call was not decoded, and which."""

    row: int
    fault: Fault


class DatumDecoder:
    """Walks and decodes datums of one writer schema.

    Parameters
    ----------
    root : Node
        The writer schema, as `schema.parse` gives it.
    wanted : pyarrow.StructType or None
        What is wanted, by name, nested. A wanted field that the writer schema lacks is NULL; a field that is not wanted
        is stepped over. Harmless conversions are made: int to long to float to double, int or long to string (decimal
        text), string to binary. None: datums, of any type, are only walked.
    most_values : int
        Values that the arrays and maps of one datum may have, nulls included.

    Raises
    ------
    UnsupportedSchema
        If the datum is not a record, or what is wanted is a union of two types besides null, or not to be had as the
        wanted type.

    Notes
    -----
    Each datum is walked twice: COUNT looks at bounds, limits, text and the exact end and counts rows and bytes; FILL
    writes into columns of exactly that size. A datum that COUNT refuses costs nothing and hurts no neighbour.
    """

    def __init__(self, root: Node, wanted: pa.StructType | None = None, most_values: int = MOST_VALUES) -> None:
        warm_up()
        compiled = Compilation(root, wanted)
        self.wanted, self._most_values = wanted, most_values
        self._columns, self._root = compiled.columns, compiled.root
        self._n_cursors, self._n_marks = compiled.n_cursors, compiled.n_marks
        self._count, self._fill = _Runnable(compiled.count), _Runnable(compiled.fill)

    def decode(self, datums: Sequence[bytes | pa.Buffer]) -> tuple[pa.StructArray, list[RowFault]]:
        """Decode datums into one struct array.

        Parameters
        ----------
        datums : sequence of bytes or pyarrow.Buffer, n of them
            Of 2 GiB together at most; nobody may write to them before this returns.

        Returns
        -------
        array : pyarrow.StructArray, length n
            Of what is wanted; null where the datum was refused. Its columns share one piece of memory per batch.
        faults : list of RowFault
            truncated, bad_datum, trailing_bytes or too_large; ascending in row.

        Raises
        ------
        ValueError
            If the datums have more than 2 GiB together.
        """
        table, counts, marks = self._walked(datums)
        return self._fill_arrays(table, counts, marks), self._faults(datums, table)

    def check(self, datums: Sequence[bytes | pa.Buffer]) -> list[RowFault]:
        """What `decode` refuses, by the walk alone.

        Parameters
        ----------
        datums : sequence of bytes or pyarrow.Buffer
            Of 2 GiB together at most.

        Raises
        ------
        ValueError
            If they have more.
        """
        return self._faults(datums, self._walked(datums)[0])

    def split(self, block: bytes, count: int) -> tuple[NDArray[np.int64], Fault | None]:
        """Where the records in a container's block begin and end, by the walk alone.

        Parameters
        ----------
        block : bytes
            Records one after the other, uncompressed; what is left over behind the last is nobody's business here.
        count : int
            How many the block says that it has.

        Returns
        -------
        boundaries : numpy.ndarray of int64, shape (n + 1,)
            Record i is `block[boundaries[i]:boundaries[i + 1]]`; n is `count` unless a record was refused.
        fault : Fault or None
            The first record that cannot be read; its `byte` counts from that record's start.
        """
        boundaries, pos = [np.zeros(1, np.int64)], 0
        while count > 0:
            table = self._walk_on(block, pos, min(CHUNK, count))
            ends = table[table[:, AFTER] >= 0, AFTER]
            boundaries.append(ends)
            if len(ends) < len(table):
                return np.concatenate(boundaries), self._explained(block, table[len(ends)])
            pos, count = int(ends[-1]), count - len(ends)
        return np.concatenate(boundaries), None

    def _walked(self, datums: Sequence[bytes | pa.Buffer]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """COUNT over datums: the table, what was counted, the marks."""
        table = _table(datums)
        marks = np.zeros((len(datums), max(1, self._n_marks)), np.int64)
        counts = np.zeros(self._n_cursors, np.int64)
        self._count.run(table, self._most_values, counts, marks, exact=True)
        counts[[NOBODY, ROOT]] = 0, len(datums)
        return table, counts, marks

    def _walk_on(self, block: bytes, pos: int, count: int) -> NDArray[Any]:
        """Walk up to `count` records from a position on, each beginning where the last one ended."""
        table = _table([block]).repeat(count, axis=0)
        table[0, START] = pos
        counts = np.zeros(self._n_cursors, np.int64)
        marks = np.zeros((count, max(1, self._n_marks)), np.int64)
        return table[: self._count.run(table, self._most_values, counts, marks, chained=True)]

    def _fill_arrays(self, table: NDArray[Any], counts: NDArray[Any], marks: NDArray[Any]) -> Any:
        arena = allocate(self._columns, counts)
        starts = start_cursors(self._columns, arena, counts)
        cursors = starts.copy()
        self._fill.run(table, self._most_values, cursors, marks, arena.slots)
        cursors[[NOBODY, ROOT]] = counts[[NOBODY, ROOT]]
        if not np.array_equal(cursors, starts + counts):
            raise AssertionError("FILL has written other than COUNT has counted")
        sum_up_offsets(self._columns, arena)
        return Assembly(arena, counts, starts).build(self._root, _validity(table[:, AFTER] >= 0))

    def _faults(self, datums: Sequence[bytes | pa.Buffer], table: NDArray[Any]) -> list[RowFault]:
        bad = np.flatnonzero(table[:, AFTER] < 0).tolist()
        return [RowFault(row, self._explained(bytes(datums[row]), table[row])) for row in bad]

    def _explained(self, data: bytes, entry: NDArray[Any]) -> Fault:
        """What is wrong with a datum, counted from its start: walked again alone, so that the frames are the same."""
        pos, leaf = unpack(int(entry[AFTER]))
        start, pc, frames = int(entry[START]), int(entry[PC]), _new_frames()
        again = _table([data])
        again[0, START] = start
        counts, marks = np.zeros(self._n_cursors, np.int64), np.zeros((1, max(1, self._n_marks)), np.int64)
        self._count.run(again, self._most_values, counts, marks, frames=frames)
        fault = Stop(self._count.code[pc].tolist(), self._count.paths[pc][leaf], pos, frames).explain(data)
        if fault.byte is not None:
            fault.byte -= start
        return fault


class _Runnable:
    """A program, ready to be run."""

    def __init__(self, program: Program) -> None:
        self.code, self.jumps, self.paths = program.table(), program.jump_table(), program.paths

    def run(
        self,
        table: NDArray[Any],
        most_values: int,
        cursors: NDArray[Any],
        marks: NDArray[Any],
        slots: NDArray[Any] = NO_SLOTS,
        exact: bool = False,
        chained: bool = False,
        frames: NDArray[Any] | None = None,
    ) -> int:
        """Run over the datums of a table; how many were run."""
        stack = _new_frames() if frames is None else frames
        fixed = (self.code, self.jumps, table, chained, exact, most_values)
        return run_over(*fixed, cursors, np.empty_like(cursors), slots.ctypes.data, marks, stack)


def _new_frames() -> NDArray[Any]:
    return np.zeros((N_FRAMES, FRAME_WIDTH), np.int64)


def _table(datums: Sequence[bytes | pa.Buffer]) -> NDArray[Any]:
    """The datums table: where each is, and where it stops."""
    buffers = [pa.py_buffer(datum) for datum in datums]
    table = np.zeros((len(buffers), DATUM_WIDTH), np.int64)
    table[:, ADDRESS] = [buffer.address for buffer in buffers]
    table[:, STOP] = [buffer.size for buffer in buffers]
    if table[:, STOP].sum() > LARGEST_BATCH:
        raise ValueError(f"{table[:, STOP].sum()} bytes in a batch; Arrow's 32-bit offsets allow {LARGEST_BATCH}")
    return table


def _validity(is_good: NDArray[np.bool_]) -> pa.Buffer | None:
    return None if is_good.all() else pa.py_buffer(np.packbits(is_good, bitorder="little"))
