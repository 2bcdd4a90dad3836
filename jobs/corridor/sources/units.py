"""The least pieces that a file can be cut into: blocks of a container, members of an archive, row groups of raw Parquet.

A unit says how many packets it holds, counted as the decoder counts them, from headers alone.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip

from jobs.corridor.decode.container import MAGIC, Block, Header, announced, blocks, read_header
from jobs.corridor.decode.fault import Fault
from jobs.corridor.decode.limits import DEFAULT, Limits
from jobs.corridor.decode.varint import Bytes
from jobs.corridor.sources.tarballs import Member, members

# What is read of a raw table.
RAW_COLUMNS = ("value", "schema", "provenance")
# A file may hold any number of records; only what is decoded at once is bounded (see sound_blocks).
_FILE_LIMITS = Limits(max_records=1 << 62)


@dataclass(frozen=True)
class Unit:
    """A piece of a file: packets in it, its first byte and the byte behind it; members of compressed archives with data."""

    count: int
    offset: int
    end: int
    data: Member | None = None


def kind_of(path: str) -> str:
    """Which reader takes a file, by its name: container, tar, targz or raw."""
    name = path.lower()
    if name.endswith((".tar.gz", ".tgz")):
        return "targz"
    if name.endswith(".tar"):
        return "tar"
    return "raw" if name.endswith(".parquet") else "container"


def units(kind: str, path: str, start: int, offset: int) -> Iterator[Unit]:
    """The units of a file from packet `start`, which begins at byte `offset`."""
    if kind == "container":
        return _container_units(path, offset)
    if kind == "tar":
        return _tar_units(path, offset)
    return _targz_units(path, start) if kind == "targz" else _raw_units(path, start)


def count_in(data: Bytes) -> int:
    """Packets that the decoder makes of these bytes when it gets them as one message."""
    return announced(data)


def _container_units(path: str, offset: int) -> Iterator[Unit]:
    size = os.path.getsize(path)
    if size == 0:
        yield Unit(1, 0, 0)
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _blocks(data, offset)


def file_header(data: Bytes) -> Header:
    """The header of a container in a file; raises Fault."""
    return read_header(data, _FILE_LIMITS)


def sound_blocks(data: Bytes, header: Header, at: int) -> Iterator[Block]:
    """The sound blocks from byte `at` on, which is where one begins; raises Fault for what is behind them.

    A block that announces more records than the decoder takes at once is not sound.
    """
    for block in blocks(data, replace(header, end=at), _FILE_LIMITS):
        if block.count > DEFAULT.max_records:
            wanted = f"wants at most {DEFAULT.max_records} records in a block"
            raise Fault("too_large", f"{wanted}, found {block.count} announced", block.at)
        yield block


def _blocks(data: Bytes, offset: int) -> Iterator[Unit]:
    if data[: len(MAGIC)] != MAGIC:
        yield Unit(1, 0, len(data))
        return
    at = offset
    try:
        header = file_header(data)
        at = max(offset, header.end)
        for block in sound_blocks(data, header, at):
            yield Unit(block.count, block.at, block.end)
            at = block.end
    except Fault:
        yield Unit(1, at, len(data))


def _tar_units(path: str, offset: int) -> Iterator[Unit]:
    with open(path, "rb") as file:
        file.seek(offset)
        for member in members(file, offset):
            yield Unit(_count_member(member), member.offset, member.end)


def _targz_units(path: str, start: int) -> Iterator[Unit]:
    done = 0
    with igzip.IGzipFile(path, "rb") as file:  # type: ignore[no-untyped-call]
        for member in members(cast(BinaryIO, file)):
            unit = Unit(_count_member(member), member.offset, member.end, member)
            done += unit.count
            if done > start:
                yield unit


def _count_member(member: Member) -> int:
    return 1 if member.refusal is not None else count_in(member.data)


def _raw_units(path: str, start: int) -> Iterator[Unit]:
    metadata = _raw_metadata(path)
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if first >= start:
            yield Unit(rows, group, group + 1)
        first += rows


def _raw_metadata(path: str) -> pq.FileMetaData:
    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowException as error:
        raise ValueError(f"{path} should be a raw table of Strix, it is no Parquet file: {error}") from None
    found = metadata.schema.to_arrow_schema().names
    if not set(RAW_COLUMNS) <= set(found):
        raise ValueError(f"{path} should be a raw table of Strix with {', '.join(RAW_COLUMNS)}, it has {found}")
    return metadata
