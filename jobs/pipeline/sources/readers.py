"""Reading planned ranges on the executors: each kind of range becomes messages with their origin."""

import mmap
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.quarantine import read_entries
from jobs.ledger.spans import open_moved
from jobs.packets.messages import Message
from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage
from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.container import MAGIC, Header
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.unreadable import bisected
from jobs.pipeline.sources.files.archives import archived
from jobs.pipeline.sources.files.opened import OpenFile, checked
from jobs.pipeline.sources.files.spool import read_spool
from jobs.pipeline.sources.files.tarballs import Member
from jobs.pipeline.sources.files.units import RAW_COLUMNS, count_member, file_header, sound_blocks
from jobs.storage.data_files import night_of
from jobs.storage.repeated_text import COLUMNS, texts_of

# Blocks of a container go to the decoder together up to about this many bytes.
MESSAGE_BYTES = 4 * 1024 * 1024
MAX_PACKET_BYTES = 64 * 1024 * 1024


def read_ranges(ranges: Sequence[Range]) -> Iterator[SourceMessage]:
    """The messages of these ranges, in order.

    Parameters
    ----------
    ranges : sequence of Range
        Of files, raw tables or quarantine; empty ones are passed over.

    Yields
    ------
    SourceMessage
        With its refusal where the source itself cannot read on.

    Raises
    ------
    InputChanged
        If a file is not, before or after it was read, what it was when it was planned.
    InputUnreadable
        If one cannot be opened here.
    """
    readers = {"container": _container, "tar": _tar, "targz": _spooled, "raw": _raw, "quarantine": _quarantine}
    for each in ranges:
        if len(each):
            yield from readers[each.kind](each)


def _origin(file: str, index: int) -> dict[str, Any]:
    """Provenance of a packet in a file; a name that is not UTF-8 is told with its bytes escaped."""
    return {"file": file.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), "index": index}


def _container(planned: Range) -> Iterator[SourceMessage]:
    with checked(planned) as opened:
        found = _blocks(planned, opened) if opened.size else None
        if found is None:
            yield _whole_file(planned, opened)
        else:
            yield from found


def _blocks(planned: Range, opened: OpenFile) -> Iterator[SourceMessage] | None:
    """The blocks of a container as messages; None if it is none, or its header cannot be used."""
    data = mmap.mmap(opened.file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return _messages(planned, data, file_header(data)) if data[: len(MAGIC)] == MAGIC else None
    except Fault:
        return None


def _messages(planned: Range, data: mmap.mmap, header: Header) -> Iterator[SourceMessage]:
    head, at, index = data[: header.end], max(planned.offset, header.end), planned.start
    for end, count, fault in _cuts(data, header, at, planned.end):
        origin = _origin(planned.path, index)
        yield (
            _rest(head, data, at, end, origin, fault) if fault else SourceMessage(Message(head + data[at:end]), origin)
        )
        at, index = end, index + count
    planned.check_count(index)


def _cuts(data: mmap.mmap, header: Header, at: int, end: int) -> Iterator[tuple[int, int, Fault | None]]:
    """Where to cut blocks at:end into messages: the end of each, number of packets, and what is wrong with a rest."""
    count = 0
    last = at
    try:
        for block in sound_blocks(data, header, at):
            if block.at >= end:
                break
            if last > at and (block.end - at > MESSAGE_BYTES or count + block.count > DEFAULT.max_records):
                yield last, count, None
                at, count = last, 0
            last, count = block.end, count + block.count
        if last > at:
            yield last, count, None
    except Fault as fault:
        if last > at:
            yield last, count, None
        if last < end:
            yield end, 1, fault


def _rest(head: bytes, data: mmap.mmap, at: int, end: int, origin: dict[str, Any], fault: Fault) -> SourceMessage:
    """The unreadable rest of a container as one message for the decoder to refuse; of a very long one the beginning."""
    if end - at <= MAX_PACKET_BYTES:
        return SourceMessage(Message(head + data[at:end]), origin)
    kept = Fault(fault.reason, f"{fault.message}; a rest of {end - at} bytes, its beginning is kept", fault.byte)
    return SourceMessage(Message(head + data[at : at + MAX_PACKET_BYTES]), origin, refusal_of(kept, "container"))


def _whole_file(planned: Range, opened: OpenFile) -> SourceMessage:
    opened.file.seek(0)
    value = opened.file.read(MAX_PACKET_BYTES)
    refusal = None
    if opened.size > MAX_PACKET_BYTES:
        message = (
            f"a file of {opened.size} bytes that is no sound container, the limit is {MAX_PACKET_BYTES};"
            " its beginning is kept"
        )
        refusal = Refusal("too_large", message, "container")
    return SourceMessage(Message(value), _origin(planned.path, planned.start), refusal)


def _tar(planned: Range) -> Iterator[SourceMessage]:
    index = planned.start
    with checked(planned) as opened:
        opened.file.seek(planned.offset)
        for member in archived(opened.file, planned.offset):
            if member.offset >= planned.end:
                break
            yield _member(planned.path, member, index)
            index += count_member(member)
    planned.check_count(index)


def _spooled(planned: Range) -> Iterator[SourceMessage]:
    for index, member in read_spool(planned.spool):
        yield _member(planned.path, member, index)


def _member(archive: str, member: Member, index: int) -> SourceMessage:
    name = f"{archive}!{member.name}" if member.name else archive
    return SourceMessage(Message(member.data), _origin(name, index), member.refusal)


def _raw(planned: Range) -> Iterator[SourceMessage]:
    """Packets of a raw table, with the origin that they had; a row that Python cannot hold (the year 58534) is one."""
    index = planned.start
    for batch in _raw_batches(planned):
        for rows, outcome in bisected(partial(_raw_rows, batch), range(batch.num_rows)):
            if isinstance(outcome, Fault):
                origin = _origin(planned.path, index + rows.start)
                yield SourceMessage(Message(b""), origin, refusal_of(outcome, "container"))
            else:
                yield from outcome
        index += batch.num_rows


def _raw_rows(batch: pa.RecordBatch, rows: range) -> list[SourceMessage]:
    some = batch.slice(rows.start, len(rows))
    values, origins = some["value"].to_pylist(), some["provenance"].to_pylist()
    return [
        SourceMessage(Message(value or b"", schema), origin)
        for value, schema, origin in zip(values, texts_of(some["schema"]), origins, strict=True)
    ]


def _raw_batches(planned: Range) -> Iterator[pa.RecordBatch]:
    """The rows of a range, from where they are now if the file was merged into another since it was planned."""
    try:
        file = pq.ParquetFile(planned.path, read_dictionary=list(COLUMNS))
    except FileNotFoundError:
        for part in open_moved(Path(planned.path), planned.start, planned.stop):
            yield from part.iter_batches(256, columns=RAW_COLUMNS)
        return
    groups = range(planned.offset, planned.end) if planned.end else range(file.num_row_groups)
    yield from file.iter_batches(256, row_groups=list(groups), columns=list(RAW_COLUMNS))


def _quarantine(planned: Range) -> Iterator[SourceMessage]:
    """Entries of a quarantine file; their origin says so, and a record's topic, offset and time stay with it."""
    night = night_of(Path(planned.path))
    columns = ["reason", "message", "failed_at", "value", "schema", "night_from", "provenance"]
    for row in read_entries(Path(planned.path), planned.end, planned.entries, columns):
        kept = {name: row["provenance"][name] for name in ("topic", "partition", "offset", "timestamp")}
        origin = {**kept, **_origin(f"quarantine:{row['quarantine_id']}", 0), "night": (night, row["night_from"])}
        # The rest of a container has lost the head that would say how to read it; it is no datum of its schema either.
        rest = row["failed_at"] == "container" and row["schema"] is not None
        refusal = Refusal(row["reason"], row["message"], "container") if rest else None
        yield SourceMessage(Message(row["value"] or b"", row["schema"]), origin, refusal)
