"""Tar archives, read once and sequentially, without unpacking to disk.

Only headers are parsed here; `tarfile` parses each one. `tarfile`'s own iteration ends silently at a damaged header in
mid-archive, and at the zero blocks between archives that were put one behind another; here those are read on, and what
cannot be read is returned as a rest, so that it is counted.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from isal.igzip_lib import IsalError

from jobs.corridor.refusals import Refusal

BLOCK = 512
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENDED = (tarfile.GNUTYPE_LONGNAME, *_PAX)
# isal: EOFError for a cut, OSError (BadGzipFile) for a wrong head or checksum, IsalError for damaged deflate data.
_READ_ERRORS: tuple[type[Exception], ...] = (EOFError, OSError, cast(type[Exception], IsalError))


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
    at, first, closed = offset, offset, False
    more = _Extended()
    while True:
        try:
            header = stream.read(BLOCK)
            if len(header) == BLOCK and not header.strip(b"\0"):
                at, first, closed = at + BLOCK, at + BLOCK, True
                continue
            if not header and closed:
                return
            info = _header(header)
            size = _size(info, more)
            padded = -(-size // BLOCK) * BLOCK
            data = _exactly(stream, padded, keep=min(size, limit))
        except tarfile.HeaderError as error:
            yield _rest(header + _bounded(stream, limit), first, at, f"no tar header at byte {at}: {error}")
            return
        except _READ_ERRORS as error:
            yield _rest(b"", first, at, f"the archive cannot be read on after byte {at}: {error}")
            return
        at, closed = at + BLOCK + padded, False
        if info.type in _EXTENDED:
            more = more.also(info, data)
        else:
            if info.isreg():
                yield _member(more.name or info.name, size, data, first, at, limit)
            first, more = at, _Extended()


@dataclass(frozen=True)
class _Extended:
    """What the headers before a member's own say of it: a name that is too long for that one, a size."""

    name: str = ""
    size: int | None = None

    def also(self, info: tarfile.TarInfo, data: bytes) -> "_Extended":
        """With what one more such header says."""
        if info.type not in _PAX:
            return _Extended(_text(data.rstrip(b"\0")), self.size)
        records = dict(_pax_records(data))
        size = records.get(b"size", b"")
        return _Extended(
            _text(records[b"path"]) if b"path" in records else self.name, int(size) if size.isdigit() else self.size
        )


def _pax_records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and value of each record `<length> <keyword>=<value>\\n`; a value may hold line ends."""
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(data):
            return
        keyword, _, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        yield keyword, value
        data = data[int(length) :]


def _header(block: bytes) -> tarfile.TarInfo:
    if not block:
        raise tarfile.HeaderError("the archive ends without its closing blocks")
    info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    if info.size < 0:
        raise tarfile.HeaderError(f"a member of {info.size} bytes")
    return info


def _size(info: tarfile.TarInfo, more: _Extended) -> int:
    """Bytes behind a header: none for links, folders and devices, whatever it claims."""
    if info.isreg():
        return info.size if more.size is None else more.size
    has_data = info.type not in tarfile.SUPPORTED_TYPES or info.type in tarfile.GNU_TYPES
    return info.size if has_data else 0


def _member(name: str, size: int, data: bytes, first: int, end: int, limit: int) -> Member:
    refusal = None
    if size > limit:
        message = f"a member of {size} bytes, the limit is {limit}; the archive still holds it"
        refusal = Refusal("too_large", message, "container")
    return Member(name, data, first, end, refusal)


def _rest(data: bytes, first: int, at: int, message: str) -> Member:
    # It ends behind its beginning even if nothing of it could be read, or its range would be empty.
    return Member("", data, first, max(at + len(data), first + 1), Refusal("truncated", message, "container"))


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


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
