"""The leaves of COUNT: step over values, looking at every byte that decides where the next one is.

Each gives the position behind a run of leaves, or a failure. Nothing is read at or behind `end`.
"""

from .compiling import inlined
from .failures import (
    BOOLEAN,
    INT_RANGE,
    NEGATIVE_LENGTH,
    NOT_UTF8,
    SYMBOL,
    TRUNCATED,
    fail,
)
from .memory import load_8
from .reading import is_utf8, open_union, read_signed

LARGEST_INT = 2**31 - 1


@inlined
def check_fixed(data: int, pos: int, end: int, repeat: int, value: int, null: int, width: int) -> int:
    """Float, double, fixed: so many bytes."""
    for leaf in range(repeat):
        after, present = open_union(data, pos, end, value, null)
        if after < 0:
            return fail(pos, -after, leaf)
        if present:
            after += width
        if after > end:
            return fail(pos, TRUNCATED, leaf)
        pos = after
    return pos


@inlined
def check_int(data: int, pos: int, end: int, repeat: int, value: int, null: int) -> int:
    """Int: a number of 32 bits."""
    for leaf in range(repeat):
        after, present = open_union(data, pos, end, value, null)
        if present:
            number, after = read_signed(data, after, end)
            if after >= 0 and (number > LARGEST_INT or number < -LARGEST_INT - 1):
                after = -INT_RANGE
        if after < 0:
            return fail(pos, -after, leaf)
        pos = after
    return pos


@inlined
def check_long(data: int, pos: int, end: int, repeat: int, value: int, null: int) -> int:
    """Long: a number of 64 bits."""
    for leaf in range(repeat):
        after, present = open_union(data, pos, end, value, null)
        if present:
            _, after = read_signed(data, after, end)
        if after < 0:
            return fail(pos, -after, leaf)
        pos = after
    return pos


@inlined
def check_boolean(data: int, pos: int, end: int, repeat: int, value: int, null: int) -> int:
    """Boolean: one byte, 0 or 1."""
    for leaf in range(repeat):
        after, present = open_union(data, pos, end, value, null)
        if present:
            if after >= end:
                after = -TRUNCATED
            elif load_8(data + after) > 1:
                after = -BOOLEAN
            else:
                after += 1
        if after < 0:
            return fail(pos, -after, leaf)
        pos = after
    return pos


@inlined
def check_enum(data: int, pos: int, end: int, value: int, null: int, n_symbols: int) -> int:
    """Enum: the index of a symbol that there is."""
    after, present = open_union(data, pos, end, value, null)
    if present:
        symbol, after = read_signed(data, after, end)
        if after >= 0 and (symbol < 0 or symbol >= n_symbols):
            after = -SYMBOL
    return after if after >= 0 else fail(pos, -after, 0)


@inlined
def check_bytes(data: int, pos: int, end: int, value: int, null: int, is_text: bool) -> tuple[int, int]:
    """Bytes or string: a length, then so many bytes. Gives the length too, 0 if null or a failure."""
    after, present = open_union(data, pos, end, value, null)
    length = 0
    if present:
        length, after = read_signed(data, after, end)
        if after >= 0 and length < 0:
            after = -NEGATIVE_LENGTH
        elif after >= 0 and length > end - after:
            after = -TRUNCATED
        elif after >= 0 and is_text and not is_utf8(data, after, after + length):
            after = -NOT_UTF8
    return (after + length, length) if after >= 0 else (fail(pos, -after, 0), 0)
