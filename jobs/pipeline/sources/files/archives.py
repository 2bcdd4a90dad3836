"""What archives and compressed files hold, as packets: companions are passed over, compressed packets unpacked."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, cast

from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.container import MAGIC, Header
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.sources.files.compressed import KEPT, Behind, CutOff, Damaged, Unpacked, is_compressed
from jobs.pipeline.sources.files.formats import HEAD_BYTES, is_tar
from jobs.pipeline.sources.files.names import is_companion
from jobs.pipeline.sources.files.tarballs import Member, members
from jobs.pipeline.sources.files.units import file_header, sound_blocks

# Bytes that one packet, or a piece of a compressed container, may unpack to.
MOST_BYTES = 64 * 1024 * 1024

PassedOver = Callable[[int, str], None]


def archived(stream: BinaryIO, offset: int = 0, passed_over: PassedOver | None = None) -> Iterator[Member]:
    """The members of an archive from a header on that are packets.

    Parameters
    ----------
    stream : binary file
        Positioned at `offset`; only `read` is used.
    offset : int
        Byte of the archive at which the stream stands: 0, or the `end` of a member.
    passed_over : callable, optional
        Told the place and name of each member that is not a packet: a README, a checksum.

    Yields
    ------
    Member
        Unpacked where it is compressed; with a refusal where it cannot be read.
    """
    for member in members(stream, offset):
        if member.refusal is None and is_companion(member.name) and not member.data.startswith(MAGIC):
            if passed_over:
                passed_over(member.offset, member.name)
        else:
            yield _unpacked(member) if member.refusal is None and is_compressed(member.data) else member


def compressed(file: BinaryIO, passed_over: PassedOver | None = None) -> Iterator[Member]:
    """What a compressed file holds: the packets of an archive, or one packet, or a container in pieces.

    Offsets are those of the unpacked bytes.

    Parameters
    ----------
    file : binary file
        Can seek; read from its beginning.
    passed_over : callable, optional
        Told the place and name of each archive member that is not a packet.

    Yields
    ------
    Member
        Without a name unless the file is an archive; with a refusal where it cannot be read, or unpacks to more than
        MOST_BYTES and is no container.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    stream = Unpacked(file, head)
    beginning, _ = _read(stream, HEAD_BYTES)
    if is_tar(beginning):
        stream.give_back(beginning)
        yield from archived(cast(BinaryIO, stream), 0, passed_over)
        return
    stream.give_back(beginning)
    data, problem = _read(stream, MOST_BYTES + 1)
    if len(data) <= MOST_BYTES:
        yield _single(Member("", data, 0, len(data)), problem, _original(file))
    elif data.startswith(MAGIC):
        yield from _pieces(data, stream)
    else:
        yield replace(_too_large(Member("", _original(file), 0, len(data))), rest=True)


def _unpacked(member: Member) -> Member:
    """A compressed member as what it holds; as it is, with a refusal, where it cannot be unpacked or is too large."""
    content, problem = _read(Unpacked(io.BytesIO(member.data), member.data[:HEAD_BYTES]), MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return _too_large(member)
    return replace(_single(replace(member, data=content), problem, member.data), rest=False)


def _single(member: Member, problem: Damaged | None, original: bytes) -> Member:
    """One unpacked packet.

    What lies behind the compressed data stays behind the packet, and a container that is cut is given as far as it
    goes: the decoder takes what is sound and refuses the rest with its bytes. Anything else is refused as it is.
    """
    if problem is None:
        return member
    if isinstance(problem, Behind) and member.data:
        return replace(member, data=member.data + problem.rest, rest=True)
    if isinstance(problem, CutOff) and member.data.startswith(MAGIC):
        return replace(member, rest=True)
    refusal = Refusal("truncated", f"the compressed data cannot be read: {problem}", "container")
    return replace(member, data=original, refusal=refusal, rest=True)


def _pieces(data: bytes, stream: Unpacked) -> Iterator[Member]:
    """A large container as containers of as many whole blocks as are in hand; what is no sound block ends it."""
    try:
        header = file_header(data)
    except Fault as fault:
        yield Member("", data[:KEPT], 0, len(data), refusal_of(fault, "container"), rest=True)
        return
    head, at, place = data[: header.end], header.end, 0
    while at < len(data):
        end, wrong = _last_sound(data, at, header)
        if end == at:
            refusal = refusal_of(wrong, "container") if wrong else None
            yield Member("", head + data[at:], place, place + len(data) - at, refusal, rest=True)
            return
        yield Member("", head + data[at:end], place, place + end - at)
        more, problem = _read(stream, MOST_BYTES)
        rest = problem.rest if isinstance(problem, Behind) else b""
        data, place, at = head + data[end:] + more + rest, place + end - at, len(head)


def _last_sound(data: bytes, at: int, header: Header) -> tuple[int, Fault | None]:
    """The end of the last sound block behind byte `at`, and what is wrong with the next."""
    try:
        for block in sound_blocks(data, header, at):
            at = block.end
    except Fault as fault:
        return at, fault
    return at, None


def _read(stream: Unpacked, size: int) -> tuple[bytes, Damaged | None]:
    """Up to `size` bytes, and what kept them from being more, if it is not the end."""
    data = b""
    try:
        data = stream.read(size)
        if len(data) < size:
            stream.read(1)
    except Damaged as problem:
        return data, problem
    return data, None


def _too_large(member: Member) -> Member:
    message = f"compressed data that unpack to more than {MOST_BYTES} bytes; unpack them and give the files"
    return replace(member, refusal=Refusal("too_large", message, "container"))


def _original(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(MOST_BYTES)
