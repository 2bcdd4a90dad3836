"""Rubin's packets as Avro: every value of them that could be null, and containers."""

import io
from collections.abc import Sequence
from functools import lru_cache

import fastavro

from jobs.simulation import avro_datums
from jobs.simulation.lsst.schema import SCHEMA

_PRESENT = b"\x02"  # the second branch of a union with null, as Avro writes it


def text(value: str) -> bytes:
    """A string that is present where it could be null.

    Parameters
    ----------
    value : str
    """
    return content(value.encode())


def content(value: bytes) -> bytes:
    """Bytes that are present where they could be null.

    Parameters
    ----------
    value : bytes
    """
    return optional(avro_datums.binary(value))


def optional(datum: bytes | None) -> bytes:
    """A datum that could be null.

    Parameters
    ----------
    datum : bytes or None
        None is null.
    """
    return b"\0" if datum is None else _PRESENT + datum


def container(data: Sequence[bytes]) -> bytes:
    """An Avro container of packets in one block, uncompressed as the survey's are; the same bytes every time.

    Parameters
    ----------
    data : sequence of bytes
        Datums of schema.SCHEMA.
    """
    return avro_datums.container(_header(), data)


@lru_cache
def _header() -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, fastavro.parse_schema(SCHEMA), [], sync_marker=avro_datums.SYNC_MARKER)
    return buffer.getvalue()
