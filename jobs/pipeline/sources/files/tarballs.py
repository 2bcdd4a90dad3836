"""Tar archives, read once and sequentially, without unpacking to disk.

Only headers are parsed here; `tarfile` parses each one. `tarfile`'s own iteration ends silently at a damaged header in
mid-archive, and at the zero blocks between archives that were put one behind another; here those are read on, and what
cannot be read is returned as a rest, so that it is counted.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from jobs.packets.rejections import Refusal
from jobs.pipeline.sources.files.compressed import Behind, Damaged
from jobs.pipeline.sources.files.sparse import BadMap, Sparse, data_map, old_map, pax_map

BLOCK = 512
_DIGITS = 20  # of 64 bits; Python refuses to read thousands of them
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENDED = (tarfile.GNUTYPE_LONGNAME, *_PAX)


@dataclass(frozen=True)
class Member:
    """A regular file in an archive: its name, bytes, and where its headers begin and its data ends.

    Attributes
    ----------
    rest : bool
        Whether this is what could not be read on; it may be whole when the file has grown.
    """

    name: str
    data: bytes
    offset: int
    end: int
    refusal: Refusal | None = None
    rest: bool = False


class _Cut(Exception):
    """The archive ends, or cannot be read on, inside a member; with the bytes that there are of it."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


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

    Yields
    ------
    Member
        Links, folders and devices are left out.
    """
    at, first, closed = offset, offset, False
    more = _Extended()
    while True:
        header = b""
        try:
            header = stream.read(BLOCK)
            if len(header) == BLOCK and not header.strip(b"\0"):
                at, first, closed = at + BLOCK, at + BLOCK, True
                continue
            if not header and closed:
                return
            info = _header(header)
            map_, mapped = _old_sparse(stream, info, header)
            size = _size(info, more)
            padded = -(-size // BLOCK) * BLOCK
            data = _exactly(stream, padded, keep=min(size, limit))
        except tarfile.HeaderError as error:
            yield _rest(header + _bounded(stream, limit), first, at, f"no tar header at byte {at}: {error}")
            return
        except (_Cut, Damaged) as error:
            left = error.data if isinstance(error, _Cut) else error.rest
            reason = "trailing_bytes" if isinstance(error, Behind) and closed else "truncated"
            yield _rest(header + left, first, at, f"the archive cannot be read on after byte {at}: {error}", reason)
            return
        at, closed = at + BLOCK + mapped + padded, False
        if info.type in _EXTENDED:
            more = more.also(info, data)
        else:
            if info.isreg():
                yield _filled(_member(more.name or info.name, size, data, first, at, limit), map_, more, limit)
            first, more = at, _Extended()


@dataclass(frozen=True)
class _Extended:
    """What the headers before a member's own say of it: a name that is too long for that one, a size, its holes."""

    name: str = ""
    size: int | None = None
    sparse: tuple[tuple[bytes, bytes], ...] = ()

    def also(self, info: tarfile.TarInfo, data: bytes) -> "_Extended":
        """With what one more such header says."""
        if info.type not in _PAX:
            return _Extended(_text(data.rstrip(b"\0")), self.size)
        written = tuple(_pax_records(data))
        records = dict(written)
        size = records.get(b"size", b"")
        name = records.get(b"GNU.sparse.name") or records.get(b"path")
        sparse = tuple(each for each in written if each[0].startswith(b"GNU.sparse."))
        return _Extended(
            _text(name) if name is not None else self.name,
            int(size) if size.isdigit() and len(size) < _DIGITS else self.size,
            sparse,
        )


def _pax_records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and value of each record `<length> <keyword>=<value>\\n`; a value may hold line ends."""
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or len(length) > _DIGITS or not len(length) < int(length) <= len(data):
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


def _old_sparse(stream: BinaryIO, info: tarfile.TarInfo, header: bytes) -> tuple[Sparse | BadMap | None, int]:
    """The map in a sparse member's old header, or what is wrong with it, and how many bytes of it follow the header."""
    if info.type != tarfile.GNUTYPE_SPARSE:
        return None, 0
    blocks = []

    def block() -> bytes:
        blocks.append(_exactly(stream, BLOCK, BLOCK))
        return blocks[-1]

    try:
        return old_map(header, block), BLOCK * len(blocks)
    except BadMap as error:
        return error, BLOCK * len(blocks)


def _filled(member: Member, map_: Sparse | BadMap | None, more: _Extended, limit: int) -> Member:
    """The member with its holes; as it lies in the archive, with a refusal, where the map is not sound."""
    if member.refusal is not None or (map_ is None and not more.sparse):
        return member
    try:
        if isinstance(map_, BadMap):
            raise map_
        data, map_ = member.data, map_ or pax_map(more.sparse)
        if map_ is None:
            map_, data = data_map(member.data, dict(more.sparse).get(b"GNU.sparse.realsize", b""))
        return replace(member, data=map_.filled(data, limit))
    except BadMap as error:
        return replace(
            member, refusal=Refusal("truncated", f"{error}; the member is kept as it lies there", "container")
        )


def _rest(data: bytes, first: int, at: int, message: str, reason: str = "truncated") -> Member:
    # It ends behind its beginning even if nothing of it could be read, or its range would be empty.
    end = max(at + len(data), first + 1)
    return Member("", data, first, end, Refusal(reason, message, "container"), rest=True)


def _exactly(stream: BinaryIO, size: int, keep: int) -> bytes:
    """Read `size` bytes and keep the first `keep` of them."""
    data, left = b"", size
    try:
        data = stream.read(keep)
        left -= len(data)
        while len(data) == keep and left > 0:
            chunk = stream.read(min(left, 1 << 20))
            if not chunk:
                break
            left -= len(chunk)
        if len(data) < keep:
            stream.read(1)  # which says why, if it is not the end
    except Damaged as error:
        raise _Cut(str(error), data + error.rest) from None
    if left > 0:
        raise _Cut(f"a member of {size} bytes is cut off", data)
    return data


def _bounded(stream: BinaryIO, limit: int) -> bytes:
    data = b""
    try:
        data = stream.read(limit)
        return data if len(data) == limit else data + stream.read(1)
    except Damaged as error:
        return data + error.rest


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
