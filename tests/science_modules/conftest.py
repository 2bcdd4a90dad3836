"""Fixtures of the science modules' tests: real packets and published weights, where they are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from weights import needs_weights

from science_modules.common import artefacts
from science_modules.common.contract import ScienceModule

ROOT = Path(__file__).resolve().parents[2]
CANDIDATE_TYPES = {"double": pa.float64(), "float": pa.float32(), "int": pa.int32(), "long": pa.int64()}


def packets(directory: Path, pattern: str) -> Iterator[Mapping[str, Any]]:
    """Every packet of the Avro files that match, in the order of their names."""
    for path in sorted(directory.glob(pattern)):
        with path.open("rb") as stream:
            yield from fastavro.reader(stream)  # type: ignore[misc]


@pytest.fixture(scope="session")
def state_of(request: pytest.FixtureRequest) -> Any:
    """`state_of(module)`: its loaded state; the test skips where weights are absent."""

    def load(module: ScienceModule) -> Any:
        if module.load is None:
            return None
        where = request.getfixturevalue("models_directory") if needs_weights(module) else ROOT / "models"
        return module.load(artefacts.find(module, where))

    return load


@pytest.fixture(scope="session")
def ztf_packets(real_alerts: Path) -> list[Mapping[str, Any]]:
    """All real ZTF packets with stamps."""
    return list(packets(real_alerts, "ztf_alerts/*.avro"))


@pytest.fixture(scope="session")
def ztf_table(ztf_packets: list[Mapping[str, Any]]) -> pa.Table:
    """What acai and braai read of the real ZTF packets, read by fastavro, without Strix's own adapter."""
    fields = [name for name, value in ztf_packets[0]["candidate"].items() if not isinstance(value, str)]
    candidates = [{name: packet["candidate"][name] for name in fields} for packet in ztf_packets]
    columns: dict[str, Any] = {
        "survey": ["ztf"] * len(ztf_packets),
        "alert_id": [packet["candid"] for packet in ztf_packets],
        "object_id": [packet["objectId"] for packet in ztf_packets],
        "candidate": candidates,
    }
    for stamp in ("science", "template", "difference"):
        columns[f"cutout_{stamp}"] = [packet[f"cutout{stamp.title()}"]["stampData"] for packet in ztf_packets]
    return pa.table(columns)
