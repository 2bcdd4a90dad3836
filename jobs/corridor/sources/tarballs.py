"""Tar archives, read once and sequentially, without unpacking to disk.

Only headers are parsed here; `tarfile` parses each one. `tarfile`'s own iteration ends silently at a damaged header in
mid-archive; here what cannot be read is returned as a rest, so that it is counted.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from jobs.corridor.refusals import Refusal

BLOCK = 512
_LONG_NAME = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_READ_ERRORS = (EOFError, OSError)  # gzip and isal: EOFError for a cut, OSError (BadGzipFile) for damage


@dataclass(frozen=True)
class Member:
    """A regular file in an archive: its name, bytes, and where its headers begin and its data ends."""

    name: str
    data: bytes
    offset: int
    end: int
    refusal: Refusal | None = None


def members(stream: BinaryIO, offset: int = 0, limit: int = 64 * 1024 * 1024) -> Iterator[Member]:
    """Regular files of an archive from a header on; the last one may be the unreadable rest, with a refusal.

    Parameters
    ----------
    stream : binary file
        Positioned at `offset`; only `read` is used.
    offset : int
        Byte of the archive at which the stream stands: 0, or the `end` of a member.
    limit : int
        Bytes of a member that are kept; what is longer is refused as too_large.
    """
    at, first, name = offset, offset, ""
    while True:
        try:
            header = stream.read(BLOCK)
            if not header.strip(b"\0"):
                if len(header) < BLOCK:
                    yield _rest(header, first, at, "the archive ends without its closing blocks")
                return
            info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            padded = -(-info.size // BLOCK) * BLOCK
            data = _exactly(stream, padded, keep=min(info.size, limit))
        except tarfile.HeaderError as error:
            yield _rest(header + _bounded(stream, limit), first, at, f"no tar header at byte {at}: {error}")
            return
        except _READ_ERRORS as error:
            yield _rest(b"", first, at, f"the archive cannot be read on after byte {at}: {error}")
            return
        at += BLOCK + padded
        if info.type in _LONG_NAME:
            name = _long_name(info, data)
        else:
            if info.isreg():
                yield _member(name or info.name, info, data, first, at, limit)
            first, name = at, ""


def _member(name: str, info: tarfile.TarInfo, data: bytes, first: int, end: int, limit: int) -> Member:
    refusal = None
    if info.size > limit:
        message = f"a member of {info.size} bytes, the limit is {limit}; the archive still holds it"
        refusal = Refusal("too_large", message, "container")
    return Member(name, data, first, end, refusal)


def _rest(data: bytes, first: int, at: int, message: str) -> Member:
    return Member("", data, first, at + len(data), Refusal("truncated", message, "container"))


def _exactly(stream: BinaryIO, size: int, keep: int) -> bytes:
    """Read `size` bytes and keep the first `keep` of them."""
    data = stream.read(keep)
    left = size - len(data)
    while len(data) == keep and left > 0:
        chunk = stream.read(min(left, 1 << 20))
        if not chunk:
            break
        left -= len(chunk)
    if len(data) < keep or left > 0:
        raise EOFError(f"a member of {size} bytes is cut off")
    return data


def _bounded(stream: BinaryIO, limit: int) -> bytes:
    try:
        return stream.read(limit)
    except _READ_ERRORS:
        return b""


def _long_name(info: tarfile.TarInfo, data: bytes) -> str:
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")
    # pax: records "<length> <key>=<value>\n"
    for record in data.split(b"\n"):
        _, _, pair = record.partition(b" ")
        key, _, value = pair.partition(b"=")
        if key == b"path":
            return value.decode("utf-8", "surrogateescape")
    return ""
