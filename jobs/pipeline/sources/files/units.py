"""The least pieces of a file: blocks of a container, members of an archive, row groups of raw Parquet.

A unit says how many packets it holds, counted as the decoder counts them, from headers alone. `opened` puts them
together.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.pipeline.decode.compiled.varint import Bytes
from jobs.pipeline.decode.container import MAGIC, Block, Header, announced, blocks, read_header
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.sources.files.tarballs import Member

# What is read of a raw table.
RAW_COLUMNS = ("value", "schema", "provenance")
# A file may hold any number of records; only what is decoded at once is bounded (see sound_blocks).
_FILE_LIMITS = Limits(max_records=1 << 62)


class NoRawTable(ValueError):
    """A Parquet file that is no raw table of Strix."""


@dataclass(frozen=True)
class Unit:
    """A piece of a file: packets in it, its first byte and the byte behind it; of compressed archives with its data.

    A piece that is not sound is an unreadable rest: it may become readable when the file grows.
    """

    count: int
    offset: int
    end: int
    data: Member | None = None
    sound: bool = True


def count_in(data: Bytes) -> int:
    """Packets that the decoder makes of these bytes when it gets them as one message.

    Parameters
    ----------
    data : bytes or mmap
        Of a whole message.
    """
    return announced(data)


def container_units(file: BinaryIO, offset: int) -> Iterator[Unit]:
    """The blocks of a container from byte `offset` on; whatever else a file holds is one packet.

    Parameters
    ----------
    file : binary file
        With a file descriptor: it is mapped into memory.
    offset : int
        0, or the `end` of a unit.

    Yields
    ------
    Unit
        The last is not sound where the file cannot be read on.
    """
    if os.fstat(file.fileno()).st_size == 0:
        yield Unit(1, 0, 0, sound=False)
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _blocks(data, offset)


def file_header(data: Bytes) -> Header:
    """The header of a container in a file.

    Parameters
    ----------
    data : bytes or mmap
        From the file's beginning.

    Raises
    ------
    Fault
        As `read_header`.
    """
    return read_header(data, _FILE_LIMITS)


def sound_blocks(data: Bytes, header: Header, at: int) -> Iterator[Block]:
    """The sound blocks from a byte on.

    A block that announces more records than the decoder takes at once is not sound.

    Parameters
    ----------
    data : bytes or mmap
        From the container's beginning.
    header : Header
        Of the container.
    at : int
        Byte at which a block begins.

    Yields
    ------
    Block
        In order.

    Raises
    ------
    Fault
        For what is behind the last of them.
    """
    for block in blocks(data, replace(header, end=at), _FILE_LIMITS):
        if block.count > DEFAULT.max_records:
            wanted = f"wants at most {DEFAULT.max_records} records in a block"
            raise Fault("too_large", f"{wanted}, found {block.count} announced", block.at)
        yield block


def _blocks(data: Bytes, offset: int) -> Iterator[Unit]:
    if data[: len(MAGIC)] != MAGIC:
        yield Unit(1, 0, len(data), sound=False)
        return
    at = offset
    try:
        header = file_header(data)
        at = max(offset, header.end)
        for block in sound_blocks(data, header, at):
            yield Unit(block.count, block.at, block.end)
            at = block.end
    except Fault:
        yield Unit(1, at, len(data), sound=False)


def count_member(member: Member) -> int:
    """Packets that the decoder makes of a member.

    Parameters
    ----------
    member : Member
        One with a refusal counts as one packet.
    """
    return 1 if member.refusal is not None else count_in(member.data)


def raw_units(path: str, offset: int) -> Iterator[Unit]:
    """The row groups of a raw table from number `offset` on.

    Parameters
    ----------
    path : str
        Of a Parquet file.
    offset : int
        Number of the first row group.

    Yields
    ------
    Unit
        In order.

    Raises
    ------
    NoRawTable
        If the file is no raw table.
    """
    metadata = _raw_metadata(path)
    for group in range(offset, metadata.num_row_groups):
        yield Unit(metadata.row_group(group).num_rows, group, group + 1)


def _raw_metadata(path: str) -> pq.FileMetaData:
    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowException as error:
        raise NoRawTable(f"{path} should be a raw table of Strix, it is no Parquet file: {error}") from None
    found = metadata.schema.to_arrow_schema().names
    if not set(RAW_COLUMNS) <= set(found):
        raise NoRawTable(f"{path} should be a raw table of Strix with {', '.join(RAW_COLUMNS)}, it has {found}")
    return metadata
