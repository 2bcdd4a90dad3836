"""The least pieces that a file can be cut into: blocks of a container, members of an archive, row groups of raw Parquet.

A unit says how many packets it holds, counted as the decoder counts them, from headers alone.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pyarrow.parquet as pq
from isal import igzip

from jobs.corridor.decode.container import MAGIC, blocks, read_header
from jobs.corridor.decode.fault import Fault
from jobs.corridor.decode.limits import Limits
from jobs.corridor.decode.varint import Bytes
from jobs.corridor.sources.tarballs import Member, members

# A file may hold any number of records; only what is decoded at once is bounded.
FILE_LIMITS = Limits(max_records=1 << 62)


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
    """Packets that the decoder makes of these bytes."""
    return sum(unit.count for unit in _blocks(data, 0))


def _container_units(path: str, offset: int) -> Iterator[Unit]:
    size = os.path.getsize(path)
    if size == 0:
        yield Unit(1, 0, 0)
        return
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _blocks(data, offset)


def _blocks(data: Bytes, offset: int) -> Iterator[Unit]:
    if data[: len(MAGIC)] != MAGIC:
        yield Unit(1, 0, len(data))
        return
    at = offset
    try:
        header = read_header(data, FILE_LIMITS)
        at = max(offset, header.end)
        for block in blocks(data, replace(header, end=at), FILE_LIMITS):
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
    metadata = pq.read_metadata(path)
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if first >= start:
            yield Unit(rows, group, group + 1)
        first += rows
