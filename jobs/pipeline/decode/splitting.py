"""From messages to single datums: one way each for containers, wire messages and bare datums."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from jobs.packets.messages import Message
from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.codecs import unpack
from jobs.pipeline.decode.container import MAGIC, Block, Header, blocks, is_container, read_header
from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.limits import Limits
from jobs.pipeline.decode.schemas import SchemaDirectory
from jobs.pipeline.decode.writer_schema import WriterSchema, writer_schema

WIRE_HEAD = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of a message: a datum, or something refused.

    Attributes
    ----------
    index : int
        Number of the entry in its message.
    value : bytes
        What is kept of it: for a wire message the message as received.
    schema : str or None
        Writer schema (JSON), unless the value carries or names it.
    datum : bytes
        What is to be decoded; empty if refused.
    writer : WriterSchema or None
        None if refused.
    refusal : Refusal or None
        None if it is a datum.
    """

    index: int
    value: bytes
    schema: str | None
    datum: bytes = b""
    writer: WriterSchema | None = None
    refusal: Refusal | None = None


class Splitter:
    """Splits messages into their entries.

    Parameters
    ----------
    schemas : SchemaDirectory
        For wire messages.
    limits : Limits
        What one message may cost.
    datums : callable
        The splitter and decoder of a writer schema's datums.
    """

    def __init__(self, schemas: SchemaDirectory, limits: Limits, datums: Callable[[WriterSchema], Datums]) -> None:
        self._schemas = schemas
        self._limits = limits
        self._datums = datums

    def split(self, message: Message) -> Iterator[Piece]:
        """The entries of a message, by their number; see `container` for the rule.

        Parameters
        ----------
        message : Message
            Of any form.

        Yields
        ------
        Piece
            One at least, but for a container without records.
        """
        if message.schema is not None:
            yield self._bare(message.value, message.schema)
        elif is_container(message.value):
            yield from self._container(message.value)
        else:
            yield self._wire(message.value)

    def _bare(self, value: bytes, schema: str) -> Piece:
        try:
            return Piece(0, value, schema, value, writer_schema(schema, self._limits.max_schema_bytes))
        except Fault as fault:
            return Piece(0, value, schema, refusal=refusal_of(fault, "decode"))

    def _wire(self, value: bytes) -> Piece:
        try:
            _check_wire(value)
            writer = self._schemas(int.from_bytes(value[1:WIRE_HEAD], "big"))
            return Piece(0, value, None, value[WIRE_HEAD:], writer)
        except Fault as fault:
            return Piece(0, value, None, refusal=refusal_of(fault, "wire"))

    def _container(self, value: bytes) -> Iterator[Piece]:
        try:
            header = read_header(value, self._limits)
        except Fault as fault:
            yield Piece(0, value, None, refusal=refusal_of(fault, "container"))
            return
        room = max(self._limits.max_container_bytes, 4 * len(value))
        number, at = 0, header.end
        try:
            for block in blocks(value, header, self._limits):
                if block.count:
                    room -= yield from self._block(value[block.start : block.stop], header, block, room)
                number, at = block.first + block.count, block.end
        except Fault as fault:
            yield Piece(number, value[at:], header.writer.text, refusal=refusal_of(fault, "container"))

    def _block(self, stored: bytes, header: Header, block: Block, room: int) -> Generator[Piece, None, int]:
        """The entries of a sound block; gives back how many bytes were inflated for it."""
        limit = min(self._limits.inflated(len(stored)), room)
        try:
            content, rest = unpack(header.codec, stored, limit)
        except Fault as fault:
            yield from _lost(block.first, block.count, stored, header, refusal_of(fault, "container"))
            return limit if fault.reason == "too_large" else 0  # a file of bombs must not cost their number
        yield from self._records(content, rest, header, block)
        return len(content)

    def _records(self, content: bytes, rest: bytes, header: Header, block: Block) -> Iterator[Piece]:
        """A block's datums; `rest` is what stands behind the packed stream and belongs, with any other left-over
        bytes, to the last one, which is refused for it when it is decoded."""
        bounds, fault = self._bounds(content, header, block)
        ends = [*bounds[1:-1], len(content)] if fault is None else bounds[1:]
        for number, (start, end) in enumerate(zip(bounds, ends, strict=False), 1):
            datum = content[start:end] + (rest if number == block.count else b"")
            yield Piece(block.first + number - 1, datum, header.writer.text, datum, header.writer)
        if fault is not None:
            done, bad = len(bounds) - 1, content[bounds[-1] :] + rest
            yield from _lost(block.first + done, block.count - done, bad, header, refusal_of(fault, "decode"))

    def _bounds(self, content: bytes, header: Header, block: Block) -> tuple[Sequence[int], Fault | None]:
        """Where the datums lie; a single one needs no walk to be found."""
        if block.count == 1:
            return [0, len(content)], None
        return self._datums(header.writer).split(content, block.count)


def _lost(first: int, count: int, value: bytes, header: Header, refusal: Refusal) -> Iterator[Piece]:
    """Entries of a block from the one on that cannot be read: it has all the bytes, those behind it have none."""
    behind = Refusal(refusal.reason, f"behind a bad record in the same block: {refusal.message}", refusal.where)
    for number in range(first, first + count):
        at_fault = number == first
        yield Piece(number, value if at_fault else b"", header.writer.text, refusal=refusal if at_fault else behind)


def _check_wire(value: bytes) -> None:
    if value and MAGIC.startswith(value):
        raise Fault("truncated", f"wants an Avro container, found its first {len(value)} bytes")
    if not value or value[0] != 0:
        raise Fault("not_avro", f"wants an Avro container (Obj 1) or a wire message (0 byte), found {value[:8]!r}")
    if len(value) < WIRE_HEAD:
        raise Fault("truncated", f"wants a wire message of a 0 byte and 4 bytes of schema id, found {len(value)} bytes")
