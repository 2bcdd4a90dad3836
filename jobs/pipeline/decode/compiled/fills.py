"""The leaves of FILL: copy values into columns of known size. COUNT has walked the same bytes before.

`cells` is the address of a column's row in the slots table: where its validity bits begin, and 8 bytes on, where its values
do, both as addresses. The columns of a run of leaves follow one another there.
"""

from .compiling import inlined
from .memory import copy_bytes, load_8, load_32, load_64, store_8, store_32, store_64
from .reading import open_union, read_signed

# Bytes of a row of the slots table.
SLOT_SIZE = 16


@inlined
def set_bit(bits: int, row: int) -> None:
    """Set bit `row` of the bits that begin at an address."""
    address = bits + (row >> 3)
    store_8(address, load_8(address) | (1 << (row & 7)))


@inlined
def mark_valid(cells: int, row: int) -> None:
    """Say that a column has a value in a row."""
    set_bit(load_64(cells), row)


@inlined
def values_of(cells: int) -> int:
    """Address of a column's values."""
    return load_64(cells + 8)


@inlined
def fill_4(data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int) -> int:
    """Float: its bits as they are."""
    for _ in range(repeat):
        pos, present = open_union(data, pos, end, value, null)
        if present:
            store_32(values_of(cells) + 4 * row, load_32(data + pos))
            pos += 4
            if value >= 0:
                mark_valid(cells, row)
        cells += SLOT_SIZE
    return pos


@inlined
def fill_8(data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int) -> int:
    """Double: its bits as they are."""
    for _ in range(repeat):
        pos, present = open_union(data, pos, end, value, null)
        if present:
            store_64(values_of(cells) + 8 * row, load_64(data + pos))
            pos += 8
            if value >= 0:
                mark_valid(cells, row)
        cells += SLOT_SIZE
    return pos


@inlined
def fill_int(data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int) -> int:
    """Int, or the index of an enum's symbol."""
    for _ in range(repeat):
        pos, present = open_union(data, pos, end, value, null)
        if present:
            number, pos = read_signed(data, pos, end)
            store_32(values_of(cells) + 4 * row, number)
            if value >= 0:
                mark_valid(cells, row)
        cells += SLOT_SIZE
    return pos


@inlined
def fill_long(data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int) -> int:
    """Long."""
    for _ in range(repeat):
        pos, present = open_union(data, pos, end, value, null)
        if present:
            number, pos = read_signed(data, pos, end)
            store_64(values_of(cells) + 8 * row, number)
            if value >= 0:
                mark_valid(cells, row)
        cells += SLOT_SIZE
    return pos


@inlined
def fill_boolean(data: int, pos: int, end: int, repeat: int, value: int, null: int, cells: int, row: int) -> int:
    """Boolean: one bit."""
    for _ in range(repeat):
        pos, present = open_union(data, pos, end, value, null)
        if present:
            if load_8(data + pos) == 1:
                set_bit(values_of(cells), row)
            pos += 1
            if value >= 0:
                mark_valid(cells, row)
        cells += SLOT_SIZE
    return pos


@inlined
def fill_fixed(data: int, pos: int, end: int, value: int, null: int, cells: int, row: int, width: int) -> int:
    """Fixed: so many bytes."""
    pos, present = open_union(data, pos, end, value, null)
    if present:
        copy_bytes(values_of(cells) + width * row, data + pos, width)
        pos += width
        if value >= 0:
            mark_valid(cells, row)
    return pos


@inlined
def fill_bytes(
    data: int, pos: int, end: int, value: int, null: int, cells: int, row: int, payload: int
) -> tuple[int, int]:
    """Bytes or string: the length beside the row, the bytes at the address `payload`. Gives the length too."""
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
    """Write a row's length where Arrow has the offset of the next row: summed up later, they are the offsets."""
    store_32(values_of(cells) + 4 * (row + 1), length)
