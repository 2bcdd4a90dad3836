"""Checksums of data files: pages carry their own (any Parquet reader can check them), the ledger keeps one of the file.

A page's checksum is made before it is written and names the column chunk that changed. Page headers and footer have none in
Parquet: they are covered by the file's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

# For every Parquet writer of an output: 0.5 ms per MB.
CHECKED: dict[str, Any] = {"write_page_checksum": True}
_AT_ONCE = 1 << 20
_HEADER_BYTES = 64
_I32 = 5  # Thrift's compact protocol
_CRC_FIELD = 4  # of a PageHeader


@dataclass
class Verified:
    """What a deep check read.

    Attributes
    ----------
    files, bytes : int
        Files that were read, and their size.
    unverified : list of str
        Files without any checksum: written by an earlier version. That they can be read is all that is known of them.
    """

    files: int = 0
    bytes: int = 0
    unverified: list[str] = field(default_factory=list)


def size_and_crc(path: Path) -> dict[str, int]:
    """`bytes` and `crc` of a file that was just written, as the ledger keeps them.

    Parameters
    ----------
    path : pathlib.Path
        Of the file; all of it is read.
    """
    return {"bytes": path.stat().st_size, "crc": crc_of(path)}


def crc_of(path: Path) -> int:
    """CRC-32 of a file: 8 GB/s.

    Parameters
    ----------
    path : pathlib.Path
        Of the file, read 1 MiB at a time.
    """
    value, room = 0, memoryview(bytearray(_AT_ONCE))
    with open(path, "rb", buffering=0) as handle:
        while count := handle.readinto(room):
            value = isal_zlib.crc32(room[:count], value)
    return int(value)


def verify(path: Path, crc: int | None, verified: Verified) -> Iterator[str]:
    """Read every page of a file with its checksum, and the whole file with the ledger's: what is wrong.

    Parameters
    ----------
    path : pathlib.Path
        Of a Parquet file.
    crc : int or None
        What the ledger says of the file; None if it says nothing.
    verified : Verified
        The file, its bytes and whether it lacks checksums are counted there.
    """
    verified.files += 1
    verified.bytes += path.stat().st_size
    problems = list(_pages(path))
    changed = crc is not None and crc_of(path) != crc
    yield from problems
    if changed and not problems:
        yield "its footer or a page header is not what was written: its pages are sound, its checksum is not the ledger's"
    elif crc is None and not problems and not all(checked for _, checked in _chunks(path)):
        verified.unverified.append(path.name)


def _pages(path: Path) -> Iterator[str]:
    """Column chunks with a page that is not what was written."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError, MemoryError) as error:
        yield f"its footer cannot be read: {error}"
        return
    with file:
        for group in range(file.metadata.num_row_groups):
            if _problem(file, group, None):
                yield from _columns(file, group)


def _columns(file: pq.ParquetFile, group: int) -> Iterator[str]:
    named = False
    for place in range(file.metadata.num_columns):
        column = file.metadata.schema.column(place).path
        if problem := _problem(file, group, [column]):
            named = True
            yield f"column chunk {column} of row group {group} is not what was written: {problem}"
    if not named:
        yield f"row group {group} cannot be read as a whole: {_problem(file, group, None)}"


def _problem(file: pq.ParquetFile, group: int, columns: list[str] | None) -> str:
    try:
        file.read_row_group(group, columns=columns)
    except (pa.ArrowException, OSError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def _chunks(path: Path) -> Iterator[tuple[str, bool]]:
    """Every column chunk, and whether its first page has a checksum."""
    metadata = pq.read_metadata(path)
    with open(path, "rb") as handle:
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(place)
                handle.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
                yield chunk.path_in_schema, has_checksum(handle.read(_HEADER_BYTES))


def has_checksum(header: bytes) -> bool:
    """Whether a page header has a checksum: type, two sizes and, if it is there, `crc` are its first fields, all i32.

    Parameters
    ----------
    header : bytes
        Thrift's compact protocol; its first bytes are enough.
    """
    at = number = 0
    while at < len(header):
        number, kind = number + (header[at] >> 4), header[at] & 15
        if number >= _CRC_FIELD or kind != _I32:
            return number == _CRC_FIELD and kind == _I32
        at += 1
        while at < len(header) and header[at] & 0x80:
            at += 1
        at += 1
    return False
