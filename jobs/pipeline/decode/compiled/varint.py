"""Avro's variable-length zig-zag integers."""

from mmap import mmap

from .fault import Fault

LONGEST = 10  # bytes: 64 bits, 7 to a byte

Bytes = bytes | mmap


def read_long(data: Bytes, at: int) -> tuple[int, int]:
    """An Avro long.

    Parameters
    ----------
    data : bytes or mmap
        What holds it.
    at : int
        Its first byte.

    Returns
    -------
    value, end : int
        The long, and the byte behind it.

    Raises
    ------
    Fault
        truncated if the data end within it; bad_datum if it has more than 64 bits.
    """
    if at < len(data) and data[at] < 0x80:  # by far the commonest
        return (data[at] >> 1) ^ -(data[at] & 1), at + 1
    value = shift = 0
    for position in range(at, min(at + LONGEST, len(data))):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return _signed(value, at), position + 1
        shift += 7
    if len(data) < at + LONGEST:
        raise Fault("truncated", f"wants an integer, the data end after {max(len(data) - at, 0)} bytes of it", at)
    raise Fault("bad_datum", "wants an integer of at most 10 bytes, found a longer one", at)


def _signed(value: int, at: int) -> int:
    if value >> 64:
        raise Fault("bad_datum", f"wants an integer of 64 bits, found one of {value.bit_length()}", at)
    return (value >> 1) ^ -(value & 1)
