"""Avro object containers: the header, the walk over the blocks, and how many datums a file announces.

The rule by which datums are counted, here and in the decoder alike
-------------------------------------------------------------------
The structure of a container is its header and, per block, the announced number of records, the size and the sync
marker. It is judged by one walk (`read_header`, `blocks`), which looks at no record:

- a header that cannot be used (cut, no schema, a schema that cannot be read, another codec) makes the whole message
  one refused entry;
- a block whose structure is not sound makes everything from its first byte on one refused entry, the unreadable rest;
- a sound block that announces k records gives k entries, whatever is in it: datums or refused ones. Behind a record
  that cannot be walked the others cannot be found: the first is refused with the rest of the block, the others with
  no bytes. Bytes behind the k-th record refuse the k-th, with them.

So `count_datums` of a file is what the decoder yields for its bytes, refused entries included.
"""

import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib
from isal.igzip_lib import IsalError

from jobs.corridor.decode.fault import Fault
from jobs.corridor.decode.limits import DEFAULT, Limits
from jobs.corridor.decode.varint import Bytes, read_long
from jobs.corridor.decode.writer_schema import WriterSchema, writer_schema

MAGIC = b"Obj\x01"
SYNC_SIZE = 16


@dataclass(frozen=True)
class Header:
    """The header of a container.

    Attributes
    ----------
    writer : WriterSchema
    codec : str
        null or deflate.
    sync : bytes
        The 16 bytes that end the header and every block.
    end : int
        The byte behind the header.
    """

    writer: WriterSchema
    codec: str
    sync: bytes
    end: int


@dataclass(frozen=True)
class Block:
    """A structurally sound block.

    Attributes
    ----------
    count : int
        Records that it announces.
    first : int
        Number of the first of them in the container.
    at, end : int
        The block's first byte and the byte behind its sync marker.
    start, stop : int
        Where the records lie, as stored.
    """

    count: int
    first: int
    at: int
    end: int
    start: int
    stop: int


def is_container(data: Bytes) -> bool:
    """Whether the data begin as a container does."""
    return data[: len(MAGIC)] == MAGIC


def read_header(data: Bytes, limits: Limits) -> Header:
    """The header of a container.

    Raises
    ------
    Fault
        truncated, not_avro, wrong_codec, unknown_schema or too_large: the whole container is refused.
    """
    metadata, at = _metadata(data, len(MAGIC), limits)
    if len(data) < at + SYNC_SIZE:
        raise Fault("truncated", f"wants a sync marker of {SYNC_SIZE} bytes, {len(data) - at} are left", at)
    codec = metadata.get(b"avro.codec", b"null")
    if codec not in (b"null", b"deflate"):
        raise Fault("wrong_codec", f"wants codec null or deflate, found {codec[:20]!r}")
    if b"avro.schema" not in metadata:
        raise Fault("unknown_schema", f"wants avro.schema in the header, found {sorted(metadata)[:10]}")
    try:
        text = metadata[b"avro.schema"].decode()
    except UnicodeDecodeError as error:
        raise Fault("unknown_schema", f"wants a writer schema in UTF-8, found {error}") from None
    writer = writer_schema(text, limits.max_schema_bytes)
    return Header(writer, codec.decode(), data[at : at + SYNC_SIZE], at + SYNC_SIZE)


def _metadata(data: Bytes, at: int, limits: Limits) -> tuple[dict[bytes, bytes], int]:
    """The header's map of bytes, and the byte behind it."""
    metadata: dict[bytes, bytes] = {}
    while True:
        count, at = read_long(data, at)
        if count == 0:
            return metadata, at
        if count < 0:
            _, at = read_long(data, at)
        for _ in range(abs(count)):
            key, at = _chunk(data, at, limits)
            metadata[key], at = _chunk(data, at, limits)


def _chunk(data: Bytes, at: int, limits: Limits) -> tuple[bytes, int]:
    size, start = read_long(data, at)
    if size < 0:
        raise Fault("not_avro", f"wants the size of a header entry, found {size}", at)
    if size > limits.max_schema_bytes:
        raise Fault("too_large", f"wants header entries of at most {limits.max_schema_bytes} bytes, found {size}", at)
    if start + size > len(data):
        raise Fault("truncated", f"wants a header entry of {size} bytes, {len(data) - start} are left", start)
    return data[start : start + size], start + size


def blocks(data: Bytes, header: Header, limits: Limits) -> Iterator[Block]:
    """The sound blocks of a container, up to its end or to the first block that is not sound.

    Raises
    ------
    Fault
        truncated, not_avro, bad_datum, trailing_bytes or too_large, for the block that is not sound; it begins where
        the last one ended.
    """
    at, number = header.end, 0
    while at < len(data):
        block = _block(data, at, number, header)
        _check_count(data, block, header, limits)
        yield block
        at, number = block.end, number + block.count


def _block(data: Bytes, at: int, number: int, header: Header) -> Block:
    count, behind = _block_number(data, at, "number of records")
    size, start = _block_number(data, behind, "size")
    stop = start + size
    if stop + SYNC_SIZE > len(data):
        wanted = f"wants a block of {size} bytes and {SYNC_SIZE} of sync marker"
        raise Fault("truncated", f"{wanted}, {len(data) - start} are left", start)
    found = data[stop : stop + SYNC_SIZE]
    if found != header.sync:
        raise Fault(
            "not_avro", f"wants the sync marker {header.sync.hex()} behind the block, found {found.hex()}", stop
        )
    return Block(count, number, at, stop + SYNC_SIZE, start, stop)


def _block_number(data: Bytes, at: int, what: str) -> tuple[int, int]:
    try:
        value, end = read_long(data, at)
    except Fault as fault:
        reason = "truncated" if fault.reason == "truncated" else "trailing_bytes"
        raise Fault(reason, f"the {what} of a block: {fault.message}", at) from None
    if value < 0:
        raise Fault("trailing_bytes", f"wants a block or the end of the file, found {value} as a block's {what}", at)
    return value, end


def _check_count(data: Bytes, block: Block, header: Header, limits: Limits) -> None:
    """An announced number that no block of this size can hold would cost an entry per record."""
    if block.first + block.count > limits.max_records:
        most = f"at most {limits.max_records} records in a container"
        raise Fault("too_large", f"wants {most}, found {block.count} announced behind {block.first}", block.at)
    size = block.stop - block.start
    room = size if header.codec == "null" else limits.max_inflated_bytes
    least = header.writer.least_size
    if block.count * least > room:
        wanted = f"{block.count} records of at least {least} bytes"
        raise Fault("bad_datum", f"announces {wanted} in a block of {room} bytes at most", block.at)
    if block.count == 0 and size > 0:
        _check_empty(data, block, header)


def _check_empty(data: Bytes, block: Block, header: Header) -> None:
    """A block of no records must hold nothing: bytes that no entry stands for would be lost."""
    payload = data[block.start : block.stop]
    if header.codec == "deflate":
        try:
            content, rest = inflate(payload, 1)
        except Fault:
            content, rest = payload, b""
        payload = content + rest
    if payload:
        raise Fault("trailing_bytes", f"announces no records, holds {len(payload)} bytes", block.at)


def inflate(payload: bytes, limit: int) -> tuple[bytes, bytes]:
    """A deflated block's content and the bytes that stand behind the deflate stream without belonging there.

    fastavro cuts a zlib stream's two bytes of header and one of its four bytes of Adler-32: the other three stand
    behind nearly every deflated block of Python origin. They are no left-over bytes if they are the right ones.

    Raises
    ------
    Fault
        bad_datum if it is not deflated data, truncated if its end is missing, too_large if there is more than `limit`
        bytes in it (of which no more than that are ever inflated).
    """
    sound = _inflate_sound(payload, limit)
    if sound is not None:
        return sound, b""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(payload, limit + 1)
    except zlib.error as error:
        raise Fault("bad_datum", f"wants a deflated block, found {len(payload)} bytes: {error}") from None
    if len(content) > limit:
        raise Fault("too_large", f"wants a block of at most {limit} bytes, {len(payload)} bytes inflate to more")
    if not inflater.eof:
        raise Fault("truncated", f"wants the end of a deflated block, {len(payload)} bytes do not have it")
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


def count_datums(path: str | Path, limits: Limits = DEFAULT) -> int:
    """How many entries the decoder makes of a file, from its header and block headers alone.

    Parameters
    ----------
    path : path
    limits : Limits
        Those of the decoder.

    Returns
    -------
    int
        For a container: the records that its sound blocks announce, and one for an unreadable rest. For any other
        file, and for a container whose header cannot be used: 1. See the module's rule.
    """
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return 1
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _announced(data, limits)


def _announced(data: Bytes, limits: Limits) -> int:
    count = 0
    try:
        for block in blocks(data, read_header(data, limits), limits):
            count += block.count
    except Fault:
        count += 1
    return count
