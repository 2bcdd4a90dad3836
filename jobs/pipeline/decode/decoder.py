"""Messages of any mixture of surveys and schema versions to Arrow, with every datum accounted for."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.packets.messages import Message
from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.compiled import RowFault
from jobs.pipeline.decode.container import announced
from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.decode.messages import Decoded, Group, Refused
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.decode.schemas import SchemaDirectory
from jobs.pipeline.decode.splitting import Piece, Splitter
from jobs.pipeline.decode.unreadable import bisected, only_faults
from jobs.pipeline.decode.writer_schema import WriterSchema
from jobs.pipeline.surveys.survey import Survey

GROUP_BYTES = 1 << 30  # Arrow's binary columns end at 2 GiB


@dataclass(frozen=True, slots=True)
class _Entry:
    """A piece of a message, and the survey whose packet it is."""

    message: int
    piece: Piece
    survey: Survey | None


class Decoder:
    """Decodes messages for a set of surveys.

    Parameters
    ----------
    surveys : sequence of Survey
        The first whose `matches` accepts the writer schema takes the packet. `matches` is given the schema's JSON with
        the short name in `name` and the namespace in `namespace`, however they were written.
    schema_directory : path or None
        Where the writer schemas of wire messages are; see SchemaDirectory.
    limits : Limits
        What one message may cost.
    fast : bool or None
        Whether compiled code makes packets where it can; the answers are the same. None: yes, unless STRIX_DECODE is
        slow.
    registry : Registry, optional
        Asked for the schema ids that the directory lacks.
    """

    def __init__(
        self,
        surveys: Sequence[Survey],
        schema_directory: Path | None,
        limits: Limits = DEFAULT,
        fast: bool | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._surveys = tuple(surveys)
        chosen = os.environ.get("STRIX_DECODE") != "slow" if fast is None else fast
        self._datums = lru_cache(maxsize=32)(lambda writer: Datums(writer, limits, chosen))
        self._survey = lru_cache(maxsize=32)(self._match)
        of_surveys = [survey.schemas for survey in surveys if survey.schemas is not None]
        known = SchemaDirectory(schema_directory, limits, registry, of_surveys)
        self._splitter = Splitter(known, limits, self._datums)

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """The datums of the messages, one group or more per survey.

        Nothing raises for what is in a message: each of its datums is either in a group or refused, with the reason.

        Parameters
        ----------
        messages : sequence of Message
            Of any surveys and schema versions.

        Returns
        -------
        Decoded
            Every datum, in the order of the messages.

        Notes
        -----
        A survey has more than one group only where its datums have more than 1 GiB together.
        """
        entries = self._entries(messages)
        refusals = self._refused_unread(entries)
        groups = []
        for survey in self._surveys:
            rows = [row for row, entry in enumerate(entries) if entry.survey is survey]
            groups += [self._group(survey, entries, part, refusals) for part in _portions(rows, entries)]
        return _decoded(entries, [group for group in groups if len(group.rows)], refusals)

    def _entries(self, messages: Sequence[Message]) -> list[_Entry]:
        """The entries of all messages; message by message only where one of them raises."""
        try:
            with only_faults():
                return [
                    _Entry(number, piece, self._survey(piece.writer) if piece.writer else None)
                    for number, message in enumerate(messages)
                    for piece in self._splitter.split(message)
                ]
        except Fault:
            return [
                self._entry(number, piece) for number, message in enumerate(messages) for piece in self._pieces(message)
            ]

    def _pieces(self, message: Message) -> list[Piece]:
        """The entries of a message: as many as it announces, however its splitting ends."""
        pieces: list[Piece] = []
        try:
            with only_faults():
                pieces.extend(self._splitter.split(message))
        except Fault as fault:
            pieces += _unsplit(message, len(pieces), refusal_of(fault, "decode"))
        return pieces

    def _entry(self, number: int, piece: Piece) -> _Entry:
        try:
            return _Entry(number, piece, self._survey(piece.writer) if piece.writer else None)
        except Fault as fault:
            return _Entry(
                number, Piece(piece.index, piece.value, piece.schema, refusal=refusal_of(fault, "decode")), None
            )

    @only_faults()
    def _match(self, writer: WriterSchema) -> Survey | None:
        declared = writer.declared
        return next((survey for survey in self._surveys if declared and survey.matches(declared)), None)

    def _refused_unread(self, entries: Sequence[_Entry]) -> dict[int, Refusal]:
        """Refusals by entry: those of the splitter, and datums of no known survey."""
        refusals = {}
        for row, entry in enumerate(entries):
            if entry.piece.refusal:
                refusals[row] = entry.piece.refusal
            elif entry.piece.writer and not entry.survey:
                refusals[row] = self._unknown(entry.piece.writer)
        return refusals

    def _unknown(self, writer: WriterSchema) -> Refusal:
        known = ", ".join(survey.name for survey in self._surveys)
        message = f"wants a packet of {known}, found writer schema {writer.name} {writer.version}".rstrip()
        return Refusal("unknown_survey", message, "decode")

    def _group(
        self, survey: Survey, entries: Sequence[_Entry], rows: Sequence[int], refusals: dict[int, Refusal]
    ) -> Group:
        """Decode entries of one survey, writer schema by writer schema; adds to refusals what cannot be decoded.

        The rows of the group count the entries, refused ones included.
        """
        parts: dict[WriterSchema, list[int]] = {}
        for row in rows:
            parts.setdefault(_writer(entries[row]), []).append(row)
        packets = []
        for writer, part in parts.items():
            datums = [entries[row].piece.datum for row in part]
            decoded, faults = self._decoded(writer, datums, survey.packet_type)
            refusals.update({part[each.row]: refusal_of(each.fault, "decode") for each in faults})
            packets.append(decoded)
        order = np.concatenate([np.array(part, dtype=np.int64) for part in parts.values()])
        kept = np.flatnonzero([row not in refusals for row in order])
        kept = kept[np.argsort(order[kept])]
        versions = [_writer(entries[row]).version for row in order[kept]]
        return Group(survey, order[kept], _take(packets, kept), versions)

    def _decoded(
        self, writer: WriterSchema, datums: Sequence[bytes], target: pa.StructType
    ) -> tuple[pa.StructArray, list[RowFault]]:
        """As `Datums.decode`; a datum at which that raises is refused alone."""
        packets: list[pa.StructArray] = []
        faults: list[RowFault] = []
        for rows, outcome in bisected(lambda some: self._some(writer, datums, some, target), range(len(datums))):
            if isinstance(outcome, Fault):
                packets.append(pa.nulls(len(rows), target))
                faults += [RowFault(row, outcome) for row in rows]
            else:
                packets.append(outcome[0])
                faults += [RowFault(rows.start + each.row, each.fault) for each in outcome[1]]
        return packets[0] if len(packets) == 1 else pa.concat_arrays(packets), faults

    def _some(
        self, writer: WriterSchema, datums: Sequence[bytes], rows: range, target: pa.StructType
    ) -> tuple[pa.StructArray, list[RowFault]]:
        return self._datums(writer).decode(datums[rows.start : rows.stop], target)


def _unsplit(message: Message, first: int, refusal: Refusal) -> Iterator[Piece]:
    """The entries of a message from the one on at which splitting it raised; that one has the whole message."""
    for number in range(first, 1 if message.schema is not None else announced(message.value, DEFAULT)):
        yield Piece(number, message.value if number == first else b"", message.schema, refusal=refusal)


def _writer(entry: _Entry) -> WriterSchema:
    if entry.piece.writer is None:
        raise ValueError(f"entry {entry.piece.index} of message {entry.message} has no writer schema")
    return entry.piece.writer


def _portions(rows: Sequence[int], entries: Sequence[_Entry]) -> Iterator[list[int]]:
    """The rows in lists of at most GROUP_BYTES of datums each."""
    portion: list[int] = []
    size = 0
    for row in rows:
        length = len(entries[row].piece.datum)
        if portion and size + length > GROUP_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += length
    if portion:
        yield portion


def _take(packets: Sequence[pa.StructArray], rows: NDArray[np.int64]) -> pa.StructArray:
    whole = packets[0] if len(packets) == 1 else pa.concat_arrays(packets)
    return whole if np.array_equal(rows, np.arange(len(whole))) else whole.take(pa.array(rows))


def _decoded(entries: Sequence[_Entry], groups: Sequence[Group], refusals: Mapping[int, Refusal]) -> Decoded:
    """The result: entries without a refusal are its datums, and the groups' rows count those."""
    kept = [entry for row, entry in enumerate(entries) if row not in refusals]
    number = np.cumsum([row not in refusals for row in range(len(entries))], dtype=np.int64) - 1
    return Decoded(
        values=[entry.piece.value for entry in kept],
        schemas=[entry.piece.schema for entry in kept],
        message=np.array([entry.message for entry in kept], dtype=np.int64),
        index=np.array([entry.piece.index for entry in kept], dtype=np.int64),
        groups=[replace(group, rows=number[group.rows]) for group in groups],
        refused=[
            Refused(entry.message, entry.piece.index, entry.piece.value, entry.piece.schema, refusals[row])
            for row, entry in enumerate(entries)
            if row in refusals
        ],
    )
