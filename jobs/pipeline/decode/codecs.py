"""What a container's blocks are packed with; nothing unpacks further than it is told."""

import bz2
import lzma
import zlib
from collections.abc import Callable

import pyarrow as pa
from isal import isal_zlib
from isal.igzip_lib import IsalError

from jobs.pipeline.decode.compiled.varint import read_long
from jobs.pipeline.decode.fault import Fault

# Content, and the bytes that stand behind it in the block without belonging to it.
Unpacked = tuple[bytes, bytes]
_CRC_SIZE = 4
# Snappy's densest element: three bytes for 64.
_SNAPPY_RATIO = 22
# xz says in its header what memory it wants; its highest preset wants 65 MiB.
_XZ_MEMORY = 128 << 20
_ZSTD_CHUNK = 1 << 20


def unpack(codec: str, payload: bytes, limit: int) -> Unpacked:
    """A packed block's content and the bytes behind it.

    Parameters
    ----------
    codec : str
        A name of CODECS.
    payload : bytes
        The block as stored.
    limit : int
        Bytes that it may hold; no more than about that are ever unpacked.

    Returns
    -------
    content, behind : bytes
        What the block holds, and the bytes that stand behind it without belonging there.

    Raises
    ------
    Fault
        bad_datum if it is not packed so or its checksum is another, truncated if its end is missing, too_large if there
        is more than `limit` bytes in it.
    """
    return _UNPACK[codec](payload, limit)


def _null(payload: bytes, limit: int) -> Unpacked:
    return payload, b""


def inflate(payload: bytes, limit: int) -> Unpacked:
    """A deflated block's content and the bytes that stand behind the deflate stream without belonging there.

    fastavro cuts a zlib stream's two bytes of header and one of its four bytes of Adler-32: the other three stand
    behind nearly every deflated block of Python origin. They are no left-over bytes if they are the right ones.

    Parameters
    ----------
    payload : bytes
        The block as stored.
    limit : int
        Most [bytes] that it may hold.

    Returns
    -------
    content, behind : bytes
        The latter empty where it is what is left of the right checksum.

    Raises
    ------
    Fault
        As `unpack`.
    """
    sound = _inflate_sound(payload, limit)
    if sound is not None:
        return sound, b""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(payload, limit + 1)
    except zlib.error as error:
        raise _damaged("deflated", payload, error) from None
    if len(content) > limit:
        raise _too_large(payload, limit)
    if not inflater.eof:
        raise _cut("deflated", payload)
    behind = inflater.unused_data
    checksum = zlib.adler32(content).to_bytes(4, "big")
    return content, b"" if checksum.startswith(behind) else behind


def _inflate_sound(payload: bytes, limit: int) -> bytes | None:
    """The content of a deflated block that ends where its stream does, three times as fast; None for any other."""
    inflater = isal_zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        content = bytes(inflater.decompress(payload, limit + 1))
    except IsalError:  # type: ignore[misc]  # isal declares it as a value
        return None
    if len(content) > limit or not inflater.eof:
        return None
    behind = inflater.unused_data
    return content if not behind or isal_zlib.adler32(content).to_bytes(4, "big").startswith(behind) else None


def _bzip2(payload: bytes, limit: int) -> Unpacked:
    return _streamed("bzip2", bz2.BZ2Decompressor(), payload, limit)


def _xz(payload: bytes, limit: int) -> Unpacked:
    return _streamed("xz", lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), payload, limit)


def _streamed(
    codec: str, decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor, payload: bytes, limit: int
) -> Unpacked:
    try:
        content = decompressor.decompress(payload, limit + 1)
    except (OSError, lzma.LZMAError) as error:
        raise _damaged(codec, payload, error) from None
    if len(content) > limit:
        raise _too_large(payload, limit)
    if not decompressor.eof:
        raise _cut(codec, payload)
    return content, decompressor.unused_data


def _snappy(payload: bytes, limit: int) -> Unpacked:
    """Raw snappy, which begins with the content's length, and behind it the content's CRC-32, big-endian."""
    if len(payload) <= _CRC_SIZE:
        raise Fault(
            "truncated", f"wants a snappy block with a checksum of {_CRC_SIZE} bytes, found {len(payload)} bytes"
        )
    packed, checksum = payload[:-_CRC_SIZE], int.from_bytes(payload[-_CRC_SIZE:], "big")
    size = _snappy_size(packed)
    if size > limit:
        raise _too_large(payload, limit)
    try:
        content: bytes = pa.decompress(packed, decompressed_size=size, codec="snappy", asbytes=True)
    except (OSError, ValueError) as error:
        raise _damaged("snappy", payload, error) from None
    if zlib.crc32(content) != checksum:
        found = f"found {zlib.crc32(content):08x}"
        raise Fault("bad_datum", f"wants a snappy block with the checksum {checksum:08x}, {found}")
    return content, b""


def _snappy_size(packed: bytes) -> int:
    """The length of the content as the block says it, if as much can be in it."""
    zigzag, _ = read_long(packed, 0)
    size = (zigzag << 1) ^ (zigzag >> 63)  # snappy's varint is not zigzag
    if not 0 <= size <= _SNAPPY_RATIO * len(packed):
        raise Fault("bad_datum", f"wants a snappy block, found {len(packed)} bytes that announce {size}")
    return size


def _zstandard(payload: bytes, limit: int) -> Unpacked:
    """Frames need not say how much is in them: they are read as a stream, which asks for at most 128 MiB of window."""
    content = bytearray()
    try:
        with pa.CompressedInputStream(pa.BufferReader(payload), "zstd") as stream:
            while chunk := stream.read(min(limit + 1 - len(content), _ZSTD_CHUNK)):
                content += chunk
    except (OSError, ValueError) as error:
        reason = "truncated" if "Truncated" in str(error) else "bad_datum"
        raise Fault(reason, f"wants a zstandard block, found {len(payload)} bytes: {error}") from None
    if len(content) > limit:
        raise _too_large(payload, limit)
    return bytes(content), b""


def _damaged(codec: str, payload: bytes, error: Exception) -> Fault:
    return Fault("bad_datum", f"wants a {codec} block, found {len(payload)} bytes: {error}")


def _cut(codec: str, payload: bytes) -> Fault:
    return Fault("truncated", f"wants the end of a {codec} block, {len(payload)} bytes do not have it")


def _too_large(payload: bytes, limit: int) -> Fault:
    return Fault("too_large", f"wants a block of at most {limit} bytes, {len(payload)} bytes inflate to more")


_UNPACK: dict[str, Callable[[bytes, int], Unpacked]] = {
    "null": _null,
    "deflate": inflate,
    "snappy": _snappy,
    "zstandard": _zstandard,
    "bzip2": _bzip2,
    "xz": _xz,
}
CODECS = tuple(_UNPACK)
