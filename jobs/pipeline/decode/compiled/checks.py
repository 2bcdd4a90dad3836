"""The leaves of COUNT: step over values, looking at every byte that decides where the next one is.

Each gives the position behind a run of leaves, or a failure. Nothing is read at or behind `end`.
"""

from collections.abc import Callable

from .compiling import inlined
from .instructions import LEAF_BITS
from .memory import load_8
from .reading import BROKEN, is_utf8, open_union, read_signed

LARGEST_INT = 2**31 - 1
# What steps over a value with some argument at a position: the position behind it, or BROKEN.
Step = Callable[[int, int, int, int], int]
Check = Callable[[int, int, int, int, int, int, int], int]


@inlined
def fail(pos: int, leaf: int) -> int:
    """A failure as a negative number: the value at `pos`, leaf number `leaf` in its run.

    Parameters
    ----------
    pos : int
        Byte of the datum at which the value begins.
    leaf : int
        Under 2 ** LEAF_BITS.
    """
    return -1 - ((pos << LEAF_BITS) | leaf)


def unpack(failure: int) -> tuple[int, int]:
    """Position and leaf number of a failure.

    Parameters
    ----------
    failure : int
        As `fail` gives it.

    Returns
    -------
    pos, leaf : int
        As `fail` took them.
    """
    packed = -1 - failure
    return packed >> LEAF_BITS, packed & ((1 << LEAF_BITS) - 1)


def checked(step: Step) -> Check:
    """The check of a run of leaves that each may be a branch of a union with null.

    Parameters
    ----------
    step : callable
        Compiled; steps over one value.

    Returns
    -------
    callable
        Compiled; `check(data, pos, end, repeat, value, null, arg)` gives the position behind `repeat` leaves, or a
        failure.
    """

    @inlined
    def check(data: int, pos: int, end: int, repeat: int, value: int, null: int, arg: int) -> int:
        for leaf in range(repeat):
            after, present = open_union(data, pos, end, value, null)
            if present:
                after = step(data, after, end, arg)
            if after < 0:
                return fail(pos, leaf)
            pos = after
        return pos

    return check


@inlined
def _fixed(data: int, pos: int, end: int, width: int) -> int:
    return pos + width if width <= end - pos else BROKEN


@inlined
def _int(data: int, pos: int, end: int, arg: int) -> int:
    number, after = read_signed(data, pos, end)
    return after if -LARGEST_INT - 1 <= number <= LARGEST_INT else BROKEN


@inlined
def _long(data: int, pos: int, end: int, arg: int) -> int:
    return read_signed(data, pos, end)[1]


@inlined
def _boolean(data: int, pos: int, end: int, arg: int) -> int:
    return pos + 1 if pos < end and load_8(data + pos) <= 1 else BROKEN


@inlined
def _enum(data: int, pos: int, end: int, n_symbols: int) -> int:
    symbol, after = read_signed(data, pos, end)
    return after if 0 <= symbol < n_symbols else BROKEN


check_fixed = checked(_fixed)  # float, double, fixed: so many bytes
check_int = checked(_int)  # a number of 32 bits
check_long = checked(_long)  # a number of 64 bits
check_boolean = checked(_boolean)  # one byte, 0 or 1
check_enum = checked(_enum)  # the index of a symbol that there is


@inlined
def check_bytes(data: int, pos: int, end: int, value: int, null: int, is_text: bool) -> tuple[int, int]:
    """Bytes or string: a length, then so many bytes.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the value begins, and the datum's end.
    value, null : int
        As for `open_union`.
    is_text : bool
        Whether the bytes must be UTF-8.

    Returns
    -------
    after : int
        Position behind the value, or a failure.
    length : int
        Of the bytes; 0 if null or a failure.
    """
    after, present = open_union(data, pos, end, value, null)
    length = 0
    if present:
        length, after = read_signed(data, after, end)
        fits = 0 <= length <= end - after
        if after >= 0 and not (fits and (not is_text or is_utf8(data, after, after + length))):
            after = BROKEN
    return (after + length, length) if after >= 0 else (fail(pos, 0), 0)
