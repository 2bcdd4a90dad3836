"""Real Rubin packets and the schemas that they were written with."""

from pathlib import Path
from typing import Any

import fastavro
import pytest

Packet = dict[str, Any]


@pytest.fixture(scope="module")
def lsst_alerts(real_alerts: Path) -> Path:
    """Directory with the Rubin packets; the test skips where it is absent."""
    directory = real_alerts / "lsst_alerts"
    if not directory.is_dir():
        pytest.skip(f"no real Rubin alerts: {directory} is absent")
    return directory


def packet_of(packet: Any) -> Packet:
    """A packet as its reader gave it."""
    assert isinstance(packet, dict)
    return packet


def alert_schema(directory: Path, version: str) -> Packet:
    """The schema of alerts of a version, resolved."""
    path = directory / "schemas" / version / f"lsst.v{version.replace('.', '_')}.alert.avsc"
    return packet_of(fastavro.schema.load_schema(str(path)))
