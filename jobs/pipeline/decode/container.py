"""Avro object containers: the header, the walk over the blocks, and how many datums a file announces.

The rule by which datums are counted, here and in the decoder alike
-------------------------------------------------------------------
The structure of a container is its header and, per block, the announced number of records, the size and the sync
marker. One walk checks it (`read_header`, `blocks`), which looks at no record, and block by block, so that a walk
from the middle of a file says the same:

- a header that cannot be used (cut, no schema, a schema that cannot be read, another codec) makes the whole message
  one refused entry;
- a block whose structure is not sound makes everything from its first byte on one refused entry, the unreadable rest;
  so does one that announces more records than it can hold (see `_check_count`);
- a sound block that announces k records gives k entries, whatever is in it: datums or refused ones. Behind a record
  that cannot be walked the others cannot be found: the first is refused with the rest of the block, the others with
  no bytes. Bytes behind the k-th record refuse the k-th, with them.

So `count_datums` of a file is what the decoder yields for its bytes, refused entries included.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.pipeline.decode.codecs import CODECS, unpack
from jobs.pipeline.decode.compiled.varint import Bytes, read_long
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import WriterSchema, writer_schema

MAGIC = b"Obj\x01"
SYNC_SIZE = 16


@dataclass(frozen=True)
class Header:
    """The header of a container.

    Attributes
    ----------
    writer : WriterSchema
    codec : str
        One of CODECS.
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
    """Whether the data begin as a container does.

    Parameters
    ----------
    data : bytes or mmap
        From the beginning.
    """
    return data[: len(MAGIC)] == MAGIC


@only_faults()
def read_header(data: Bytes, limits: Limits) -> Header:
    """The header of a container.

    Parameters
    ----------
    data : bytes or mmap
        From the container's beginning.
    limits : Limits
        Of these `max_schema_bytes`.

    Raises
    ------
    Fault
        truncated, not_avro, wrong_codec, unknown_schema, too_large or unreadable: the whole container is refused.
    """
    metadata, at = _metadata(data, len(MAGIC), limits)
    if len(data) < at + SYNC_SIZE:
        raise Fault("truncated", f"wants a sync marker of {SYNC_SIZE} bytes, {len(data) - at} are left", at)
    codec = metadata.get(b"avro.codec", b"null").decode("latin-1")
    if codec not in CODECS:
        raise Fault("wrong_codec", f"wants codec {', '.join(CODECS)}, found {codec[:20]!r}")
    if b"avro.schema" not in metadata:
        raise Fault("unknown_schema", f"wants avro.schema in the header, found {sorted(metadata)[:10]}")
    try:
        text = metadata[b"avro.schema"].decode()
    except UnicodeDecodeError as error:
        raise Fault("unknown_schema", f"wants a writer schema in UTF-8, found {error}") from None
    writer = writer_schema(text, limits.max_schema_bytes)
    return Header(writer, codec, data[at : at + SYNC_SIZE], at + SYNC_SIZE)


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

    Parameters
    ----------
    data : bytes or mmap
        From the container's beginning.
    header : Header
        With another `end`, the walk begins there and counts records from there.
    limits : Limits
        On records, and on what a block may inflate to.

    Yields
    ------
    Block
        One with no records, too.

    Raises
    ------
    Fault
        truncated, not_avro, bad_datum, trailing_bytes or too_large, for the block that is not sound; it begins where
        the last one ended.
    """
    at, number = header.end, 0
    while at < len(data):
        block = _sound_block(data, at, number, header, limits)
        yield block
        at, number = block.end, number + block.count


@only_faults()
def _sound_block(data: Bytes, at: int, number: int, header: Header, limits: Limits) -> Block:
    block = _block(data, at, number, header)
    _check_count(data, block, header, limits)
    return block


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
    """An announced number that the block cannot hold is a lie, which would cost an entry per record.

    A packed block is opened for it only if the records, at their least, take more bytes than are stored; those of real
    alerts never do. Nor is an alert ever stored in a few bytes (see `Limits.min_stored_bytes`).
    """
    if block.first + block.count > limits.max_records:
        most = f"at most {limits.max_records} records in a container"
        raise Fault("too_large", f"wants {most}, found {block.count} announced behind {block.first}", block.at)
    size = block.stop - block.start
    if block.count == 0 and size > 0:
        _check_empty(data, block, header)
    least = header.writer.least_size
    if not _holds(data, block, header, limits):
        announced = f"{block.count} records of at least {least} bytes"
        reason = "bad_datum" if header.codec == "null" else "too_large"
        raise Fault(reason, f"announces {announced} in a {header.codec} block of {size} bytes", block.at)


def _holds(data: Bytes, block: Block, header: Header, limits: Limits) -> bool:
    """Whether a block has room for the records that it announces."""
    size = block.stop - block.start
    room, needed = limits.inflated(size), block.count * header.writer.least_size
    if block.count > limits.free_records and block.count * limits.min_stored_bytes > size:
        return False
    if needed <= size:
        return True
    if header.codec == "null" or needed > room:
        return False
    try:
        content, _ = unpack(header.codec, data[block.start : block.stop], room)
    except Fault as fault:
        return fault.reason == "too_large"
    return len(content) >= needed


def _check_empty(data: Bytes, block: Block, header: Header) -> None:
    """A block of no records must hold nothing: bytes that no entry stands for would be lost."""
    payload = data[block.start : block.stop]
    try:
        content, rest = unpack(header.codec, payload, 1)
    except Fault:
        content, rest = payload, b""
    if content + rest:
        raise Fault("trailing_bytes", f"announces no records, holds {len(content + rest)} bytes", block.at)


def count_datums(path: str | Path, limits: Limits = DEFAULT) -> int:
    """How many entries the decoder makes of a file, from its header and block headers alone.

    Parameters
    ----------
    path : path
        Of the file.
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
            return 1  # an empty file cannot be mapped
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return announced(data, limits)


def announced(data: Bytes, limits: Limits = DEFAULT) -> int:
    """How many entries the decoder makes of these bytes when it gets them as one message; see `count_datums`.

    Parameters
    ----------
    data : bytes or mmap
        From the message's beginning.
    limits : Limits
        Those of the decoder.
    """
    if data[: len(MAGIC)] != MAGIC:
        return 1
    count = 0
    try:
        for block in blocks(data, read_header(data, limits), limits):
            count += block.count
    except Fault:
        count += 1
    return count
