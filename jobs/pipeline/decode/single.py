"""Packets one by one, as brokers carry them: ZTF's as a container each, Rubin's in Confluent wire format."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from jobs.packets.messages import Message
from jobs.pipeline.decode.container import MAGIC, SYNC_SIZE, is_container
from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.schemas import SchemaDirectory
from jobs.pipeline.decode.splitting import Piece, Splitter
from jobs.pipeline.decode.writer_schema import writer_schema
from jobs.pipeline.surveys import SURVEYS


def container_of(schema: str, datum: bytes) -> bytes:
    """An Avro object container that holds one datum, not compressed; the same bytes every time.

    Parameters
    ----------
    schema : str
        Writer schema (JSON), complete in itself.
    datum : bytes
        Bare, as Avro writes it.
    """
    head = _head(schema)
    return head + b"\x02" + _long(len(datum)) + datum + head[-SYNC_SIZE:]


def wire_of(schema: str, datum: bytes) -> bytes:
    """A message in Confluent wire format, under the id that the survey's registry gives to the schema.

    Parameters
    ----------
    schema : str
        Writer schema (JSON).
    datum : bytes
        Bare, as Avro writes it.

    Raises
    ------
    Fault
        unknown_schema if no survey says an id for it.
    """
    return b"\0" + _wire_id(schema).to_bytes(4, "big") + datum


class Singles:
    """Makes messages of one packet each.

    Parameters
    ----------
    wire : bool
        In wire format, where a packet is not in it already; else as a container.
    """

    def __init__(self, wire: bool = False) -> None:
        self._form = wire_of if wire else container_of
        self._wire = wire
        datums = lru_cache(maxsize=32)(lambda writer: Datums(writer, DEFAULT))
        self._splitter = Splitter(SchemaDirectory(None, DEFAULT), DEFAULT, datums)

    def of(self, message: Message) -> Iterator[bytes | Fault]:
        """The packets of a message: what is in wire format, and a container of one packet, as it came.

        A Fault stands for what cannot be read; in a message of wire format the packet is not looked at, as its schema
        is elsewhere.

        Parameters
        ----------
        message : Message
            Of any form.

        Yields
        ------
        bytes or Fault
        """
        if message.schema is None and message.value[:1] == b"\0":
            yield message.value
            return
        pieces = list(self._splitter.split(message))
        alone = len(pieces) == 1 and is_container(message.value) and not self._wire
        for piece in pieces:
            yield message.value if alone and not piece.refusal else self._single(piece)

    def _single(self, piece: Piece) -> bytes | Fault:
        if piece.refusal is not None:
            return Fault(piece.refusal.reason, piece.refusal.message)
        assert piece.writer is not None
        try:
            return self._form(piece.schema or piece.writer.text, piece.datum)
        except Fault as fault:
            return fault


@lru_cache(maxsize=32)
def _head(schema: str) -> bytes:
    text = schema.encode()
    entries = {b"avro.schema": text, b"avro.codec": b"null"}
    metadata = b"".join(_long(len(part)) + part for entry in entries.items() for part in entry)
    return MAGIC + _long(len(entries)) + metadata + b"\0" + hashlib.sha256(text).digest()[:SYNC_SIZE]


@lru_cache(maxsize=32)
def _wire_id(schema: str) -> int:
    name = writer_schema(schema, DEFAULT.max_schema_bytes).name
    ids = [number for survey in SURVEYS if (number := survey.wire_id(name)) is not None]
    if not ids:
        raise Fault("unknown_schema", f"wants a schema that a survey sends in wire format, found {name}")
    return ids[0]


def _long(value: int) -> bytes:
    """Avro's variable-length zig-zag integer, of a size."""
    rest, out = value << 1, bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])
