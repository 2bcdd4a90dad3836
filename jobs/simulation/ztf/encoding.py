"""Avro containers of packets that are encoded already, so that their order can be settled at the end."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import fastavro

from jobs.simulation.ztf.schemas import SCHEMAS, Version

SYNC_MARKER = b"STRIX SIMULATION"  # fixed, so that files are the same bytes every time


def datum(schema: Any, record: dict[str, Any]) -> bytes:
    """A packet as Avro, without a header.

    Parameters
    ----------
    schema : dict
        As `fastavro.parse_schema` gives it.
    record : dict
    """
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, record)
    return buffer.getvalue()


def container(version: Version, data: Sequence[bytes]) -> bytes:
    """A container of packets in one block, uncompressed as the survey's are.

    Parameters
    ----------
    version : str
        Of the packets' layout.
    data : sequence of bytes
        Packets as `datum` gives them.
    """
    body = b"".join(data)
    return _header(version) + _long(len(data)) + _long(len(body)) + body + SYNC_MARKER


@lru_cache
def _header(version: Version) -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, fastavro.parse_schema(SCHEMAS[version]), [], sync_marker=SYNC_MARKER)
    return buffer.getvalue()


def _long(value: int) -> bytes:
    """A count that is not negative: zigzag, seven bits a byte."""
    value, out = value << 1, bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
