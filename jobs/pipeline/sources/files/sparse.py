"""Sparse members of tar archives: files with holes, of which the archive holds the rest and a map.

Four ways to write one are about: GNU tar's old header, and the three of its pax headers, 0.0, 0.1 and 1.0.
"""

import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Map = tuple[tuple[int, int], ...]
# Holes of a file that is packets are few; a map of more pieces than this is none.
MOST_PIECES = 100_000
_OLD_FIRST, _OLD_COUNT, _MORE_COUNT, _NUMBER = 386, 4, 21, 12


class BadMap(ValueError):
    """A sparse map that cannot be one."""


@dataclass(frozen=True)
class Sparse:
    """The pieces of a file that an archive holds: place and length of each, and the file's size with its holes."""

    pieces: Map
    size: int

    def filled(self, data: bytes, limit: int) -> bytes:
        """The file with zeros in its holes.

        Parameters
        ----------
        data : bytes
            The pieces as the archive holds them, one behind the other.
        limit : int
            Largest file to build [bytes].

        Raises
        ------
        BadMap
            If the map does not fit the data or the size, or the file would have more than `limit` bytes.
        """
        if self.size > limit:
            raise BadMap(f"a sparse member of {self.size} bytes, the limit is {limit}")
        whole, at, end = bytearray(self.size), 0, 0
        for place, length in self.pieces:
            if place < end or place + length > self.size or at + length > len(data):
                raise BadMap(f"a sparse map with {length} bytes at {place} of {self.size}, {len(data)} are there")
            whole[place : place + length] = data[at : at + length]
            at, end = at + length, place + length
        return bytes(whole)


def old_map(header: bytes, block: Callable[[], bytes]) -> Sparse:
    """The map in a GNU tar header of type S.

    Parameters
    ----------
    header : bytes
        The header's 512 bytes.
    block : callable
        Reads the archive's next 512 bytes, where a long map goes on.

    Raises
    ------
    BadMap
        If a number in it is none, or it has more than MOST_PIECES pieces.
    """
    pieces = _numbers(header, _OLD_FIRST, _OLD_COUNT)
    more = header[482]
    while more:
        if len(pieces) > MOST_PIECES:
            raise BadMap(f"a sparse map of more than {MOST_PIECES} pieces")
        further = block()
        pieces += _numbers(further, 0, _MORE_COUNT)
        more = further[504]
    return Sparse(tuple(pieces), _field(header[483:495]))


def pax_map(records: Sequence[tuple[bytes, bytes]]) -> Sparse | None:
    """The map that pax records 0.0 or 0.1 hold; None if they hold none.

    Parameters
    ----------
    records : sequence of (bytes, bytes)
        Keyword and value, in the order in which they are written.

    Raises
    ------
    BadMap
        If a number in it is none, or its numbers are no pairs.
    """
    known = dict(records)
    if b"GNU.sparse.size" not in known:
        return None
    if b"GNU.sparse.map" in known:
        numbers = [_decimal(each) for each in known[b"GNU.sparse.map"].split(b",")]
    else:
        wanted = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
        numbers = [_decimal(value) for keyword, value in records if keyword in wanted]
    return Sparse(_pairs(numbers), _decimal(known[b"GNU.sparse.size"]))


def data_map(data: bytes, size: bytes) -> tuple[Sparse, bytes]:
    """The map of pax 1.0, which stands before the data in lines of their own.

    Parameters
    ----------
    data : bytes
        The member as the archive holds it.
    size : bytes
        Of the file with its holes, in decimal digits.

    Returns
    -------
    map : Sparse
    data : bytes
        What stands behind the map: the pieces.

    Raises
    ------
    BadMap
        If a number in it is none or missing, or it has more than MOST_PIECES pieces.
    """
    count, at = _line(data, 0)
    if count > MOST_PIECES:
        raise BadMap(f"a sparse map of {count} pieces")
    numbers = []
    for _ in range(2 * count):
        number, at = _line(data, at)
        numbers.append(number)
    behind = -(-at // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    return Sparse(_pairs(numbers), _decimal(size)), data[behind:]


def _numbers(block: bytes, first: int, count: int) -> list[tuple[int, int]]:
    pieces = []
    for number in range(count):
        at = first + 2 * _NUMBER * number
        fields = block[at : at + _NUMBER], block[at + _NUMBER : at + 2 * _NUMBER]
        if any(field.strip(b"\0") for field in fields):
            pieces.append((_field(fields[0]), _field(fields[1])))
    return pieces


def _field(field: bytes) -> int:
    """A number as headers write it: octal digits, or 256-ary behind a byte 128."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.rstrip(b"\0 ").lstrip(b" ")
    if digits.strip(b"01234567"):
        raise BadMap(f"a sparse map with {field!r} for a number")
    return int(digits or b"0", 8)


def _line(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b"\n", at, at + 24)
    if end < 0:
        raise BadMap("a sparse map that ends before its last number")
    return _decimal(data[at:end]), end + 1


def _pairs(numbers: Sequence[int]) -> Map:
    if len(numbers) % 2 or len(numbers) > 2 * MOST_PIECES:
        raise BadMap(f"a sparse map of {len(numbers)} numbers")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise BadMap(f"a sparse map with {text[:24]!r} for a number")
    return int(text)
