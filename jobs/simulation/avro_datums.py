"""Single values as Avro, and containers of packets that are encoded already, so that their order can be settled at the end."""

from collections.abc import Sequence

SYNC_MARKER = b"STRIX SIMULATION"  # fixed, so that files are the same bytes every time
_END = b"\0"  # of an array


def integer(value: int) -> bytes:
    """An int or long: zigzag, seven bits a byte, the lowest first.

    Parameters
    ----------
    value : int
        Of 64 bits.
    """
    left, out = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def binary(value: bytes) -> bytes:
    """Bytes, or a string in UTF-8.

    Parameters
    ----------
    value : bytes
    """
    return integer(len(value)) + value


def array(items: Sequence[bytes]) -> bytes:
    """An array of records.

    Parameters
    ----------
    items : sequence of bytes
        Datums.
    """
    return integer(len(items)) + b"".join(items) + _END if items else _END


def container(header: bytes, data: Sequence[bytes]) -> bytes:
    """A container of packets in one block, uncompressed as the surveys' are.

    Parameters
    ----------
    header : bytes
        With the schema; it ends with SYNC_MARKER.
    data : sequence of bytes
        Datums.
    """
    return b"".join([header, integer(len(data)), integer(sum(map(len, data))), *data, SYNC_MARKER])
