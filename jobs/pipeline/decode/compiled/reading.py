"""Reading Avro's variable parts inside compiled code: numbers, union branches, text.

`data` is the address of a datum, `pos` and `end` are counted from there. Whoever reads gets the position behind what
was read, or BROKEN; what is wrong there, explaining.py says.
"""

from .compiling import called, inlined
from .memory import load_8, load_64

BROKEN = -1

# The top bit of each of 8 bytes, as an int64.
NOT_ASCII = -0x7F7F7F7F7F7F7F80


@called
def read_long_number(data: int, pos: int, end: int) -> tuple[int, int]:
    """A number of two bytes or more, as its 64 bits before zig-zag.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the number begins, and the datum's end.

    Returns
    -------
    bits, after : int
        `after` is the position behind the number, or BROKEN.
    """
    bits = 0
    shift = 0
    while pos < end:
        byte = load_8(data + pos)
        if shift == 63 and byte > 1:
            return bits, BROKEN
        bits |= (byte & 0x7F) << shift
        pos += 1
        if byte < 0x80:
            return bits, pos
        shift += 7
    return bits, BROKEN


@inlined
def read_signed(data: int, pos: int, end: int) -> tuple[int, int]:
    """A zig-zag number.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the number begins, and the datum's end.

    Returns
    -------
    number, after : int
        `after` is the position behind it, or BROKEN.
    """
    if pos >= end:
        return 0, BROKEN
    bits = load_8(data + pos)
    after = pos + 1
    if bits >= 0x80:
        bits, after = read_long_number(data, pos, end)
    # A logical shift: Python's and numba's keep the sign.
    return ((bits >> 1) & 0x7FFFFFFFFFFFFFFF) ^ -(bits & 1), after


@inlined
def open_union(data: int, pos: int, end: int, value: int, null: int) -> tuple[int, bool]:
    """Step over a union's branch.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, end : int
        Where the union begins, and the datum's end.
    value : int
        Index of the branch with a value; -1: there is no union, only a value.
    null : int
        Index of the branch null; -1: the union has none.

    Returns
    -------
    after : int
        Position behind the branch's index, or BROKEN.
    present : bool
        Whether a value follows.
    """
    if value < 0:
        return pos, True
    branch, after = read_signed(data, pos, end)
    if after < 0 or branch == value:
        return after, after >= 0
    return (after if branch == null >= 0 else BROKEN), False


@called
def is_utf8(data: int, pos: int, stop: int) -> bool:
    """Whether the text is UTF-8 by Unicode's table 3-7: no overlong form, surrogate, or point over U+10FFFF.

    Parameters
    ----------
    data : int
        Address of the datum.
    pos, stop : int
        Where the text begins, and the byte behind it.
    """
    while pos < stop:
        if pos + 8 <= stop and load_64(data + pos) & NOT_ASCII == 0:
            pos += 8
        else:
            length = character_length(data + pos, stop - pos)
            if length == 0:
                return False
            pos += length
    return True


@called
def character_length(text: int, size: int) -> int:
    """Bytes of a UTF-8 character, 0 if there is none.

    Parameters
    ----------
    text : int
        Address at which it begins.
    size : int
        How many bytes are left there, 1 or more.
    """
    first = load_8(text)
    if first < 0x80:
        return 1
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if first < 0xC2 or first > 0xF4 or length > size:
        return 0
    low = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
    high = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
    if load_8(text + 1) < low or load_8(text + 1) > high:
        return 0
    for i in range(2, length):
        if load_8(text + i) & 0xC0 != 0x80:
            return 0
    return length
