"""One output of many small batches for all tests of maintenance; each works on a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from maintenance_runs import Runs, killing_server
from small_outputs import gaps, run_night, write_packets

from jobs.maintenance import maintenance


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads while these tests write, but where they say so."""
    monkeypatch.setattr(maintenance, "GRACE_S", 0.0)


@pytest.fixture(scope="session")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated packets of two nights."""
    return write_packets(tmp_path_factory.mktemp("many_small") / "packets")


@pytest.fixture(scope="session")
def many_small(packets: Path) -> Path:
    """Their output in half a dozen batches, quarantine too. Nobody may change it."""
    output = packets.parent / "out"
    run_night(output, packets)
    assert gaps(output) == []
    return output


@pytest.fixture
def output(many_small: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(many_small, tmp_path / "out"))


@pytest.fixture(scope="module")
def killed_runs() -> Iterator[Runs]:
    """Runs a verb with a fault; gives the exit code."""
    yield from killing_server()
