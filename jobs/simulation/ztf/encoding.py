"""Containers of ZTF's packets."""

import io
from collections.abc import Sequence
from functools import lru_cache

import fastavro

from jobs.simulation.avro_datums import SYNC_MARKER, block
from jobs.simulation.ztf.schemas import SCHEMAS, Version


def container(version: Version, data: Sequence[bytes]) -> bytes:
    """A container of packets in one block, uncompressed as the survey's are.

    Parameters
    ----------
    version : str
        Of the packets' layout.
    data : sequence of bytes
        Packets as Avro, without a header.
    """
    return _header(version) + block(data)


@lru_cache
def _header(version: Version) -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, fastavro.parse_schema(SCHEMAS[version]), [], sync_marker=SYNC_MARKER)
    return buffer.getvalue()
