"""Containers of ZTF's packets."""

import io
from collections.abc import Sequence
from functools import lru_cache

import fastavro

from jobs.simulation import avro_datums
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
    return avro_datums.container(_header(version), data)


@lru_cache
def _header(version: Version) -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, fastavro.parse_schema(SCHEMAS[version]), [], sync_marker=avro_datums.SYNC_MARKER)
    return buffer.getvalue()
