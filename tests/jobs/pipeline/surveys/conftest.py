"""Fixtures for the tests of the surveys' adapters."""

from pathlib import Path
from typing import Any

import fastavro
import pytest

Packet = dict[str, Any]


@pytest.fixture(scope="session")
def ztf_packets(real_alerts: Path) -> list[Packet]:
    """Every real ZTF packet of the development set as fastavro gives it, but for schema 0's integer isdiffpos."""
    files = [
        path for folder in ("ztf_alerts", "ztf_native_old", "ztf_native_v4") for path in _avro(real_alerts / folder)
    ]
    packets: list[Packet] = []
    for path in files:
        with path.open("rb") as stream:
            packets.extend(_as_text(packet) for packet in fastavro.reader(stream) if isinstance(packet, dict))
    if not packets:
        pytest.skip(f"no ZTF packets under {real_alerts}")
    return packets


@pytest.fixture(scope="session")
def ztf_schemas(real_alerts: Path) -> dict[str, Packet]:
    """The writer schema of every file with real packets, by its path below the directory; ZTF's and Rubin's."""
    schemas = {}
    folders = ("ztf_alerts", "ztf_native_old", "ztf_native_v4", "lsst_alerts")
    for path in (path for folder in folders for path in _avro(real_alerts / folder)):
        with path.open("rb") as stream:
            schemas[str(path.relative_to(real_alerts))] = fastavro.reader(stream).writer_schema
    return schemas


def _avro(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.avro"))


def _as_text(packet: Packet) -> Packet:
    for row in [packet["candidate"], *(packet["prv_candidates"] or [])]:
        if isinstance(row.get("isdiffpos"), int):
            row["isdiffpos"] = str(row["isdiffpos"])
    return packet
