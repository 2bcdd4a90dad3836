"""Containers of Rubin's packets."""

import io

import fastavro

from jobs.simulation.lsst import encoding
from jobs.simulation.lsst.schema import SCHEMA


def test_a_container_without_packets_is_read() -> None:
    reader = fastavro.reader(io.BytesIO(encoding.container([])))
    assert list(reader) == []
    assert reader.writer_schema["name"] == SCHEMA["name"]
