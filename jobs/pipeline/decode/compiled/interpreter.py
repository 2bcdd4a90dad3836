"""The interpreter: runs a program over datums. COUNT and FILL differ only in their instructions."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import (
    check_boolean,
    check_bytes,
    check_enum,
    check_fixed,
    check_int,
    check_long,
)
from .compiling import called, entry, inlined
from .failures import (
    BLOCK_SIZE,
    BRANCH,
    DEEPEST,
    DEPTH,
    FREE_BYTES,
    GROWTH,
    ITEMS,
    MOST_ITEMS,
    ROWS,
    TRAILING,
    TRUNCATED,
    fail,
)
from .fills import (
    SLOT_SIZE,
    fill_4,
    fill_8,
    fill_boolean,
    fill_bytes,
    fill_fixed,
    fill_int,
    fill_long,
    mark_valid,
    set_length,
)
from .instructions import (
    ARG,
    ARRAY,
    CALL,
    CHECK_BOOLEAN,
    CHECK_BYTES,
    CHECK_ENUM,
    CHECK_FIXED,
    CHECK_INT,
    CHECK_LONG,
    CHECK_STRING,
    COST,
    CURSOR,
    END,
    FILL_4,
    FILL_8,
    FILL_BOOLEAN,
    FILL_BYTES,
    FILL_FIXED,
    FILL_INT,
    FILL_LONG,
    JUMP,
    MARK,
    NEXT,
    NULL,
    OP,
    REPEAT,
    RETURN,
    SEEK,
    SLOT,
    SWITCH,
    TARGET,
    UNION,
    VALUE,
    WIDTH,
)
from .reading import open_union, read_signed

Ints = NDArray[Any]

# Columns of the stack of frames: one per array being read, or per call of a type inside itself.
PARENT_ROW = 0
FIRST_ROW = 1
REMAINING = 2  # items of the block that are not read to their end
BLOCK_END = 3  # where the block says that it ends; -1: it does not say
RETURN_TO = 4
FRAME_WIDTH = 5
N_FRAMES = DEEPEST + 1  # row 0 is nobody's

# Columns of the datums table.
ADDRESS = 0
START = 1
STOP = 2
AFTER = 3  # position behind the datum, or its failure
PC = 4  # instruction that failed
DATUM_WIDTH = 5


@called
def open_block(
    data: int, pos: int, end: int, block_end: int, least: int, cost: int, items: int, room: int
) -> tuple[int, int, int]:
    """Read the header of an array's next block.

    `block_end` is where the last block said it would end; an item takes `least` bytes or more here and `cost` in columns;
    the datum has had so many `items` and has `room` for so many bytes in columns. Gives the position behind the header
    or a failure, the number of items, and where the block says that it ends (-1: it does not say; only a negative count does).
    """
    if block_end >= 0 and block_end != pos:
        return fail(pos, BLOCK_SIZE, 0), 0, -1
    count, after = read_signed(data, pos, end)
    block_end = -1
    if after >= 0 and count < 0:
        size, after = read_signed(data, after, end)
        if after >= 0 and (size < 0 or size > end - after):
            return fail(pos, BLOCK_SIZE, 0), 0, -1
        count = -count
        block_end = after + size
    if after < 0:
        return fail(pos, -after, 0), 0, -1
    if count < 0:  # the least int64, whose negative is itself
        return fail(pos, BLOCK_SIZE, 0), 0, -1
    if count > (end - after) // least:
        return fail(pos, TRUNCATED, 0), 0, -1
    if items + count > MOST_ITEMS:
        return fail(pos, ITEMS, 0), 0, -1
    if count * cost > room:
        return fail(pos, ROWS, 0), 0, -1
    return after, count, block_end


@inlined
def run(
    code: Ints,
    jumps: Ints,
    data: int,
    pos: int,
    end: int,
    datum: int,
    cursors: Ints,
    slots: int,
    marks: Ints,
    frames: Ints,
) -> tuple[int, int]:
    """Run a program over one datum: the position behind it or a failure, and the last instruction.

    One long switch, which LLVM makes a jump table of; what the leaves do is in functions of their own.
    """
    pc, depth, row, items = 0, 0, datum, 0
    room = GROWTH * (end - pos) + FREE_BYTES
    while True:
        op, repeat, value, null = code[pc, OP], code[pc, REPEAT], code[pc, VALUE], code[pc, NULL]
        slot, arg, cursor, target = code[pc, SLOT], code[pc, ARG], code[pc, CURSOR], code[pc, TARGET]
        cells = slots + SLOT_SIZE * slot
        if op == FILL_4:
            pos = fill_4(data, pos, end, repeat, value, null, cells, row)
        elif op == FILL_8:
            pos = fill_8(data, pos, end, repeat, value, null, cells, row)
        elif op == FILL_INT:
            pos = fill_int(data, pos, end, repeat, value, null, cells, row)
        elif op == FILL_LONG:
            pos = fill_long(data, pos, end, repeat, value, null, cells, row)
        elif op == FILL_BOOLEAN:
            pos = fill_boolean(data, pos, end, repeat, value, null, cells, row)
        elif op == FILL_BYTES:
            pos, length = fill_bytes(data, pos, end, value, null, cells, row, cursors[cursor])
            cursors[cursor] += length
        elif op == FILL_FIXED:
            pos = fill_fixed(data, pos, end, value, null, cells, row, arg)
        elif op == CHECK_FIXED:
            pos = check_fixed(data, pos, end, repeat, value, null, arg)
        elif op == CHECK_INT:
            pos = check_int(data, pos, end, repeat, value, null)
        elif op == CHECK_LONG:
            pos = check_long(data, pos, end, repeat, value, null)
        elif op == CHECK_BOOLEAN:
            pos = check_boolean(data, pos, end, repeat, value, null)
        elif op == CHECK_ENUM:
            pos = check_enum(data, pos, end, value, null, arg)
        elif op == CHECK_BYTES:
            pos, length = check_bytes(data, pos, end, value, null, False)
            cursors[cursor] += length
        elif op == CHECK_STRING:
            pos, length = check_bytes(data, pos, end, value, null, True)
            cursors[cursor] += length
        elif op == UNION:
            after, present = open_union(data, pos, end, value, null)
            if after < 0:
                return fail(pos, -after, 0), pc
            pos = after
            if not present:
                pc = target - 1
            elif slot >= 0:
                mark_valid(cells, row)
        elif op == ARRAY:
            depth += 1
            if depth == N_FRAMES:
                return fail(pos, DEPTH, 0), pc
            frames[depth, PARENT_ROW] = row
            row = cursors[cursor]
            frames[depth, FIRST_ROW] = row
            frames[depth, REMAINING] = 0
            frames[depth, BLOCK_END] = -1
            pc = target - 1
        elif op == NEXT:
            remaining = frames[depth, REMAINING]
            if remaining > 0:
                remaining -= 1
                row += 1
            if remaining == 0:
                block_end = frames[depth, BLOCK_END]
                pos, remaining, block_end = open_block(data, pos, end, block_end, arg, code[pc, COST], items, room)
                frames[depth, BLOCK_END] = block_end
                items += remaining
                room -= remaining * code[pc, COST]
            frames[depth, REMAINING] = remaining
            if remaining > 0:
                pc = target - 1
            elif pos >= 0:
                cursors[cursor] = row
                length = row - frames[depth, FIRST_ROW]
                row = frames[depth, PARENT_ROW]
                depth -= 1
                if slot >= 0:
                    set_length(cells, row, length)
        elif op == SWITCH:
            branch, after = read_signed(data, pos, end)
            if after < 0 or branch < 0 or branch >= arg:
                return fail(pos, -after if after < 0 else BRANCH, 0), pc
            pos = after
            pc = jumps[target + branch] - 1
        elif op == JUMP:
            pc = target - 1
        elif op == CALL:
            depth += 1
            if depth == N_FRAMES:
                return fail(pos, DEPTH, 0), pc
            frames[depth, RETURN_TO] = pc
            pc = target - 1
        elif op == RETURN:
            pc = frames[depth, RETURN_TO]
            depth -= 1
        elif op == MARK:
            marks[datum, arg] = pos
        elif op == SEEK:
            pos = marks[datum, arg]
        elif op == END:
            return pos, pc
        if pos < 0:
            return pos, pc
        pc += 1


@entry
def run_over(
    code: Ints,
    jumps: Ints,
    datums: Ints,
    chained: bool,
    exact: bool,
    cursors: Ints,
    before: Ints,
    slots: int,
    marks: Ints,
    frames: Ints,
) -> int:
    """Run a program over datums; how many were run.

    Datums that have failed before are left out. One that fails now leaves no trace in the cursors (`before` is memory to
    keep them in). `chained`: each datum starts where the last one ended, up to the first that fails. `exact`: it must end
    where it stops. `slots` is the address of the slots table.
    """
    for i in range(len(datums)):
        if datums[i, AFTER] < 0:
            continue
        if chained and i > 0:
            datums[i, START] = datums[i - 1, AFTER]
        for k in range(len(cursors)):
            before[k] = cursors[k]
        stop = datums[i, STOP]
        after, pc = run(code, jumps, datums[i, ADDRESS], datums[i, START], stop, i, cursors, slots, marks, frames)
        if exact and 0 <= after < stop:
            after = fail(after, TRAILING, 0)
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

    For a daemon before it forks, and to keep it out of a timing: 10 s without a cache, 1 s with one. Decoders call it too.
    """
    table, nothing = np.zeros((0, WIDTH), np.int64), np.zeros(1, np.int64)
    arguments = (table, nothing, table, False, False, nothing, nothing, 0, table, table)
    try:
        run_over(*arguments)
    except OSError:
        # The compiled code could not be written to the cache (a full disk, say), but now it is in memory.
        run_over(*arguments)
