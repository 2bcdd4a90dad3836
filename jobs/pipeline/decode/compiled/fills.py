"""The leaves of FILL: copy values into columns of known size. COUNT has walked the same bytes before.

`cells` is the address of a column's row in the slots table: where its validity bits begin, and 8 bytes on, where its
values do, both as addresses. The columns of a run of leaves follow one another there.
"""

from collections.abc import Callable

from .compiling import inlined
from .memory import copy_bytes, load_8, load_32, load_64, store_8, store_32, store_64
from .reading import open_union, read_signed

# Bytes of a row of the slots table.
SLOT_SIZE = 16
# What copies a value into a row of a column's values: the position behind it.
Copy = Callable[[int, int, int, int, int, int], int]
Fill = Callable[[int, int, int, int, int, int, int, int, int], int]


@inlined
def set_bit(bits: int, row: int) -> None:
    """Set one bit.

    Parameters
    ----------
    bits : int
        Address at which the bits begin, the lowest of a byte first.
    row : int
        Number of the bit.
    """
    address = bits + (row >> 3)
    store_8(address, load_8(address) | (1 << (row & 7)))


@inlined
def mark_valid(cells: int, row: int) -> None:
    """Say that a column has a value in a row.

    Parameters
    ----------
    cells : int
        Address of the column's row in the slots table.
    row : int
        Of the column.
    """
    set_bit(load_64(cells), row)


@inlined
def values_of(cells: int) -> int:
    """Address of a column's values.

    Parameters
    ----------
    cells : int
        Address of the column's row in the slots table.
    """
    return load_64(cells + 8)


def filled(copy: Copy) -> Fill:
    """The filling of a run of leaves that each may be a branch of a union with null.

    Parameters
    ----------
    copy : callable
        Compiled; copies one value.

    Returns
    -------
    callable
        Compiled; `fill(data, pos, end, repeat, value, null, cells, row, width)` gives the position behind `repeat`
        leaves.
    """

    @inlined
    def fill(
        data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int, width: int
    ) -> int:
        for _ in range(repeat):
            pos, present = open_union(data, pos, end, value, null)
            if present:
                pos = copy(data, pos, end, values_of(cells), row, width)
                if value >= 0:
                    mark_valid(cells, row)
            cells += SLOT_SIZE
        return pos

    return fill


@inlined
def _copy_4(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    store_32(values + 4 * row, load_32(data + pos))
    return pos + 4


@inlined
def _copy_8(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    store_64(values + 8 * row, load_64(data + pos))
    return pos + 8


@inlined
def _copy_int(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    number, pos = read_signed(data, pos, end)
    store_32(values + 4 * row, number)
    return pos


@inlined
def _copy_long(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    number, pos = read_signed(data, pos, end)
    store_64(values + 8 * row, number)
    return pos


@inlined
def _copy_boolean(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    if load_8(data + pos) == 1:
        set_bit(values, row)
    return pos + 1


@inlined
def _copy_fixed(data: int, pos: int, end: int, values: int, row: int, width: int) -> int:
    copy_bytes(values + width * row, data + pos, width)
    return pos + width


fill_4 = filled(_copy_4)  # float: its bits as they are
fill_8 = filled(_copy_8)  # double: its bits as they are
fill_int = filled(_copy_int)  # int, or the index of an enum's symbol
fill_long = filled(_copy_long)
fill_boolean = filled(_copy_boolean)  # one bit
fill_fixed = filled(_copy_fixed)  # so many bytes


@inlined
def fill_bytes(
    data: int, pos: int, end: int, value: int, null: int, cells: int, row: int, payload: int
) -> tuple[int, int]:
    """Bytes or string: the length goes beside the row, the bytes to the payload.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the value begins, and the datum's end.
    value, null : int
        As for `open_union`.
    cells, row : int
        Address of the column's row in the slots table, and row of the column.
    payload : int
        Address at which the bytes go.

    Returns
    -------
    after, length : int
        Position behind the value, and number of bytes, 0 if null.
    """
    pos, present = open_union(data, pos, end, value, null)
    length = 0
    if present:
        length, pos = read_signed(data, pos, end)
        set_length(cells, row, length)
        copy_bytes(payload, data + pos, length)
        if value >= 0:
            mark_valid(cells, row)
    return pos + length, length


@inlined
def set_length(cells: int, row: int, length: int) -> None:
    """Write a row's length where Arrow has the offset of the next row: summed up later, they are the offsets.

    Parameters
    ----------
    cells, row : int
        Address of the column's row in the slots table, and row of the column.
    length : int
        Bytes of text, or items of a list.
    """
    store_32(values_of(cells) + 4 * (row + 1), length)
