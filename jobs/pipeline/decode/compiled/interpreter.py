"""The interpreter: runs a program over datums. COUNT and FILL differ only in their instructions."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import checks, fills
from . import instructions as op
from .checks import fail
from .compiling import called, entry, inlined
from .reading import BROKEN, open_union, read_signed
from .schema import MOST_LEVELS

Ints = NDArray[Any]

# Columns of the stack of frames: one per array being read.
PARENT_ROW = 0
FIRST_ROW = 1
REMAINING = 2  # items of the block that are not read to their end
BLOCK_END = 3  # where the block says that it ends; -1: it does not say
FRAME_WIDTH = 4
N_FRAMES = MOST_LEVELS + 1
# Row 0 of the frames is no array's: what a failure is explained from.
ROW = 0
VALUES_LEFT = 1
ROOM_LEFT = 2
DEPTH = 3

# A null is a byte in the datum and up to 8 in a column; records that are null are rare. Beyond this it is an attack.
GROWTH = 64
FREE_BYTES = 2**20

# Columns of the datums table.
ADDRESS = 0
START = 1
STOP = 2
AFTER = 3  # position behind the datum, or its failure
PC = 4  # instruction that failed
DATUM_WIDTH = 5


@called
def open_block(
    data: int, pos: int, end: int, block_end: int, least: int, cost: int, values: int, values_left: int, room: int
) -> tuple[int, int, int]:
    """Read the header of an array's next block.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the header begins, and the datum's end.
    block_end : int
        Where the last block said it would end; -1: it did not say.
    least, cost, values : int
        Of an item: fewest bytes here, bytes in columns, most values.
    values_left, room : int
        Values that the datum may still have, bytes that it may still take in columns.

    Returns
    -------
    after : int
        Position behind the header, or a failure.
    count : int
        Items of the block.
    next_end : int
        Where the block says that it ends; -1: it does not say (only a negative count does).
    """
    count, after = read_signed(data, pos, end)
    next_end = -1
    if after >= 0 and count < 0:
        size, after = read_signed(data, after, end)
        if after >= 0 and (size < 0 or size > end - after):
            after = BROKEN
        count = -count  # of the least int64 that is itself
        next_end = after + size
    if after < 0 or count < 0 or 0 <= block_end != pos:
        return fail(pos, 0), 0, -1
    if count > values_left // values or count > room // cost or count > (end - after) // least:
        return fail(pos, 0), 0, -1
    return after, count, next_end


@inlined
def run(
    code: Ints,
    jumps: Ints,
    data: int,
    pos: int,
    end: int,
    datum: int,
    values_left: int,
    cursors: Ints,
    slots: int,
    marks: Ints,
    frames: Ints,
) -> tuple[int, int]:
    """Run a program over one datum.

    One long switch, which LLVM makes a jump table of; what the leaves do is in functions of their own.

    Parameters
    ----------
    code, jumps : numpy.ndarray of int64
        The program: `Program.table` and `Program.jump_table`.
    data : int
        Address of the datum.
    pos, end : int
        Where it begins, counted from there, and where it must stop.
    datum : int
        Its number: row of the root's columns and of the marks.
    values_left : int
        Values that its arrays and maps may have.
    cursors : numpy.ndarray of int64, shape (n_cursors,)
        Moved.
    slots : int
        Address of the slots table.
    marks : numpy.ndarray of int64, shape (n_datums, n_marks)
        Written by MARK, read by SEEK.
    frames : numpy.ndarray of int64, shape (N_FRAMES, FRAME_WIDTH)
        The stack; after a failure as it was there.

    Returns
    -------
    after, pc : int
        Position behind the datum or a failure, and the last instruction.
    """
    pc, depth, row = 0, 0, datum
    room = GROWTH * (end - pos) + FREE_BYTES
    while True:
        kind, repeat, value, null = code[pc, op.OP], code[pc, op.REPEAT], code[pc, op.VALUE], code[pc, op.NULL]
        slot, arg, cursor, target = code[pc, op.SLOT], code[pc, op.ARG], code[pc, op.CURSOR], code[pc, op.TARGET]
        cells = slots + fills.SLOT_SIZE * slot
        if kind == op.FILL_4:
            pos = fills.fill_4(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_8:
            pos = fills.fill_8(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_INT:
            pos = fills.fill_int(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_LONG:
            pos = fills.fill_long(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_BOOLEAN:
            pos = fills.fill_boolean(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_FIXED:
            pos = fills.fill_fixed(data, pos, end, repeat, value, null, cells, row, arg)
        elif kind == op.FILL_BYTES:
            pos, length = fills.fill_bytes(data, pos, end, value, null, cells, row, cursors[cursor])
            cursors[cursor] += length
        elif kind == op.CHECK_FIXED:
            pos = checks.check_fixed(data, pos, end, repeat, value, null, arg)
        elif kind == op.CHECK_INT:
            pos = checks.check_int(data, pos, end, repeat, value, null, arg)
        elif kind == op.CHECK_LONG:
            pos = checks.check_long(data, pos, end, repeat, value, null, arg)
        elif kind == op.CHECK_BOOLEAN:
            pos = checks.check_boolean(data, pos, end, repeat, value, null, arg)
        elif kind == op.CHECK_ENUM:
            pos = checks.check_enum(data, pos, end, repeat, value, null, arg)
        elif kind == op.CHECK_BYTES:
            pos, length = checks.check_bytes(data, pos, end, value, null, False)
            cursors[cursor] += length
        elif kind == op.CHECK_STRING:
            pos, length = checks.check_bytes(data, pos, end, value, null, True)
            cursors[cursor] += length
        elif kind == op.UNION:
            after, present = open_union(data, pos, end, value, null)
            pos = after if after >= 0 else fail(pos, 0)
            if after >= 0 and not present:
                pc = target - 1
            elif present and slot >= 0:
                fills.mark_valid(cells, row)
        elif kind == op.ARRAY:
            depth += 1
            frames[depth, PARENT_ROW] = row
            row = cursors[cursor]
            frames[depth, FIRST_ROW] = row
            frames[depth, REMAINING] = 0
            frames[depth, BLOCK_END] = -1
            pc = target - 1
        elif kind == op.NEXT:
            remaining = frames[depth, REMAINING]
            if remaining > 0:
                remaining -= 1
                row += 1
            if remaining == 0:
                cost, values, block_end = code[pc, op.COST], code[pc, op.VALUES], frames[depth, BLOCK_END]
                pos, remaining, block_end = open_block(data, pos, end, block_end, arg, cost, values, values_left, room)
                if pos >= 0:
                    frames[depth, BLOCK_END] = block_end
                    values_left -= remaining * values
                    room -= remaining * cost
            frames[depth, REMAINING] = remaining
            if remaining > 0:
                pc = target - 1
            elif pos >= 0:
                cursors[cursor] = row
                length = row - frames[depth, FIRST_ROW]
                row = frames[depth, PARENT_ROW]
                depth -= 1
                if slot >= 0:
                    fills.set_length(cells, row, length)
        elif kind == op.SWITCH:
            branch, after = read_signed(data, pos, end)
            if after < 0 or branch < 0 or branch >= arg:
                pos = fail(pos, 0)
            else:
                pos = after
                pc = jumps[target + branch] - 1
        elif kind == op.JUMP:
            pc = target - 1
        elif kind == op.MARK:
            marks[datum, arg] = pos
        elif kind == op.SEEK:
            pos = marks[datum, arg]
        elif kind == op.END:
            return pos, pc
        if pos < 0:
            frames[0, ROW], frames[0, DEPTH] = row, depth
            frames[0, VALUES_LEFT], frames[0, ROOM_LEFT] = values_left, room
            return pos, pc
        pc += 1


@entry
def run_over(
    code: Ints,
    jumps: Ints,
    datums: Ints,
    chained: bool,
    exact: bool,
    most_values: int,
    cursors: Ints,
    before: Ints,
    slots: int,
    marks: Ints,
    frames: Ints,
) -> int:
    """Run a program over datums.

    Datums that have failed before are left out. One that fails now leaves no trace in the cursors.

    Parameters
    ----------
    code, jumps : numpy.ndarray of int64
        The program: `Program.table` and `Program.jump_table`.
    datums : numpy.ndarray of int64, shape (n, DATUM_WIDTH)
        AFTER and PC are written.
    chained : bool
        Whether each datum starts where the last one ended, up to the first that fails.
    exact : bool
        Whether a datum must end where it stops.
    most_values : int
        Values that the arrays and maps of one datum may have.
    cursors : numpy.ndarray of int64, shape (n_cursors,)
        Moved.
    before : numpy.ndarray of int64, shape (n_cursors,)
        Memory to keep the cursors in.
    slots : int
        Address of the slots table.
    marks : numpy.ndarray of int64, shape (n, n_marks)
        Written by COUNT, read by FILL.
    frames : numpy.ndarray of int64, shape (N_FRAMES, FRAME_WIDTH)
        Memory for the stack.

    Returns
    -------
    int
        How many datums were run, those left out included.
    """
    for i in range(len(datums)):
        if datums[i, AFTER] < 0:
            continue
        if chained and i > 0:
            datums[i, START] = datums[i - 1, AFTER]
        for k in range(len(cursors)):
            before[k] = cursors[k]
        data, start, stop = datums[i, ADDRESS], datums[i, START], datums[i, STOP]
        after, pc = run(code, jumps, data, start, stop, i, most_values, cursors, slots, marks, frames)
        if exact and 0 <= after < stop:
            after = fail(after, 0)
        datums[i, AFTER], datums[i, PC] = after, pc
        if after < 0:
            for k in range(len(cursors)):
                cursors[k] = before[k]
            if chained:
                return i + 1
    return len(datums)


@cache
def warm_up() -> None:
    """Compile, or load from the disk cache, everything that is compiled, in this process.

    For a daemon before it forks, and to keep it out of a timing: 10 s without a cache, 1 s with one. Decoders call it
    too.
    """
    table, nothing = np.zeros((0, op.WIDTH), np.int64), np.zeros(1, np.int64)
    arguments = (table, nothing, table, False, False, 0, nothing, nothing, 0, table, table)
    try:
        run_over(*arguments)
    except OSError:
        # The compiled code could not be written to the cache (a full disk, say), but now it is in memory.
        run_over(*arguments)
