"""One simulated night that the tests of the simulator share."""

import io
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest

from jobs.simulation import simulate


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with 400 simulated alerts in containers."""
    output = tmp_path_factory.mktemp("simulated") / "night"
    simulate(output, 400, seed=7)
    return output


@pytest.fixture(scope="session")
def packets(night: Path) -> list[dict[str, Any]]:
    """Its packets, in the order of their numbers."""
    return [one for path in sorted(night.glob("*.avro")) for one in fastavro.reader(io.BytesIO(path.read_bytes()))]


@pytest.fixture(scope="session")
def kinds(night: Path) -> list[str]:
    """Their true classes, in the same order."""
    return list(pq.read_table(night / "_truth" / "truth.parquet")["class"].to_pylist())
