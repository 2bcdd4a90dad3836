"""Compressed files as streams: gzip, bzip2, xz and zstd, told by their first bytes.

What can be unpacked is given before the error for what cannot: a byte behind a gzip stream, a wrong checksum or a
download that broke off cost nothing of what is sound. Several streams one behind another are one file, as every
unpacking program has it; zeros between and behind them are padding.
"""

import bz2
import lzma
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Protocol, cast

import pyarrow as pa
from isal import isal_zlib
from isal.igzip_lib import IsalError

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
# Compressed bytes that are unpacked at a time: as much is lost to a damaged byte, which costs a packet and not a night.
PIECE = 8 * 1024
# Bytes of what cannot be unpacked that are kept.
KEPT = 1024 * 1024

_HEADER_CRC, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_BROKEN = (OSError, EOFError, cast(type[Exception], IsalError), lzma.LZMAError)


class Damaged(OSError):
    """A compressed stream cannot be read on.

    Parameters
    ----------
    message : str
        What is wrong, for a person.
    rest : bytes
        The compressed bytes from there on, or their beginning.

    Attributes
    ----------
    rest : bytes
        The compressed bytes from there on, or their beginning.
    """

    def __init__(self, message: str, rest: bytes = b"") -> None:
        super().__init__(message)
        self.rest = rest


class Behind(Damaged):
    """All is well but for bytes of something else behind the compressed data."""


class CutOff(Damaged):
    """The file ends before the compressed data do."""


class _Unpacker(Protocol):
    """What the decompressors of bz2, lzma and isal have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What lies behind its end."""

    def decompress(self, data: bytes, /) -> bytes:
        """What these bytes unpack to."""


class _Packed:
    """The compressed bytes of a file, piece by piece; what was read too far can be given back."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._back = b""

    def piece(self) -> bytes:
        """The next bytes, empty at the end."""
        data, self._back = self._back, b""
        return data or self._file.read(PIECE)

    def give_back(self, data: bytes) -> None:
        """These bytes come next."""
        self._back = data + self._back

    def exactly(self, size: int) -> bytes:
        """So many bytes; raises EOFError if there are fewer."""
        data = b""
        while len(data) < size:
            piece = self.piece()
            if not piece:
                raise EOFError("ends in the head or the checksum of a compressed stream")
            data += piece
        self.give_back(data[size:])
        return data[:size]

    def text(self) -> None:
        """Pass over bytes up to a zero."""
        while self.exactly(1) != b"\0":
            pass

    def behind_padding(self, size: int) -> bytes:
        """The next `size` bytes that are not zeros before them, fewer at the end; they come again."""
        data = b""
        while len(data) < size and (piece := self.piece()):
            data = (data + piece).lstrip(b"\0")
        self.give_back(data)
        return data[:size]

    def rest(self) -> bytes:
        """All that is left, or its beginning."""
        return self._back + self._file.read(KEPT)


def is_compressed(head: bytes) -> bool:
    """Whether a file begins as a compressed one does.

    Parameters
    ----------
    head : bytes
        Its first bytes, 6 or more.
    """
    return head.startswith((GZIP, BZIP2, XZ, ZSTD))


class Unpacked:
    """What a compressed file holds, as a binary stream. What ends it early is raised once all before it was read.

    Parameters
    ----------
    file : binary file
        At the beginning of the compressed bytes.
    head : bytes
        The first of them, for which `is_compressed` holds.
    """

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self._pieces = _pieces(file, head)
        self._held = bytearray()
        self._error: Damaged | None = None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end or before what cannot be read.

        Parameters
        ----------
        size : int
            Unpacked [bytes].

        Raises
        ------
        Damaged
            If nothing is left but what cannot be read.
        """
        while len(self._held) < size and self._error is None:
            try:
                piece = next(self._pieces, None)
            except _BROKEN as error:
                self._error = _damage(error)
                break
            if piece is None:
                break
            self._held += piece
        if not self._held and size and self._error is not None:
            raise self._error
        data = bytes(self._held[:size])
        del self._held[:size]
        return data

    def give_back(self, data: bytes) -> None:
        """These bytes, which were read, come next once more.

        Parameters
        ----------
        data : bytes
            The last that `read` gave.
        """
        self._held[:0] = data


def _damage(error: Exception) -> Damaged:
    if isinstance(error, Damaged):
        return error
    return CutOff(str(error)) if isinstance(error, EOFError) else Damaged(str(error))


def _pieces(file: BinaryIO, head: bytes) -> Iterator[bytes]:
    if head.startswith(GZIP):
        return _streams(_Packed(file), GZIP, _gzip_stream)
    if head.startswith(BZIP2):
        return _streams(_Packed(file), BZIP2, partial(_stream, bz2.BZ2Decompressor))
    if head.startswith(XZ):
        return _streams(_Packed(file), XZ, partial(_stream, lzma.LZMADecompressor))
    return _zstd(file)


def _streams(packed: _Packed, magic: bytes, stream: Callable[[_Packed], Iterator[bytes]]) -> Iterator[bytes]:
    """The pieces of one stream after the other."""
    found = magic
    while found == magic:
        yield from stream(packed)
        found = packed.behind_padding(len(magic))
    if found:
        rest = packed.rest()
        raise Behind(f"behind the compressed data are {len(rest)} bytes or more of something else", rest)


def _stream(make: Callable[[], _Unpacker], packed: _Packed) -> Iterator[bytes]:
    yield from _unpack(make(), packed)


def _unpack(unpacker: _Unpacker, packed: _Packed) -> Iterator[bytes]:
    while not unpacker.eof:
        data = packed.piece()
        if not data:
            raise EOFError("ends before the compressed data do")
        yield unpacker.decompress(data)
    packed.give_back(unpacker.unused_data)


def _gzip_stream(packed: _Packed) -> Iterator[bytes]:
    """One gzip stream. Its checksum is compared here: isal's own comparison would keep the last piece back."""
    _pass_gzip_head(packed)
    checksum, size = 0, 0
    for piece in _unpack(isal_zlib.decompressobj(-15), packed):
        checksum, size = isal_zlib.crc32(piece, checksum), size + len(piece)
        yield piece
    told = struct.unpack("<II", packed.exactly(8))
    if told != (checksum, size & 0xFFFFFFFF):
        raise Damaged("the checksum of the gzip data is another one")


def _pass_gzip_head(packed: _Packed) -> None:
    head = packed.exactly(10)
    if head[2] != 8:
        raise Damaged(f"gzip data of method {head[2]}, wants 8", head)
    flags = head[3]
    if flags & _EXTRA:
        packed.exactly(int.from_bytes(packed.exactly(2), "little"))
    for text in (_NAME, _COMMENT):
        if flags & text:
            packed.text()
    if flags & _HEADER_CRC:
        packed.exactly(2)


class _Borrowed:
    """A file that pyarrow may read and close: closing leaves it open."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave it open."""


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(_Borrowed(file), mode="r"), "zstd") as stream:
        while piece := stream.read(16 * PIECE):
            yield piece
