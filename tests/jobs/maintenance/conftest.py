"""One output of many small batches for all tests of maintenance; each works on a copy."""

import shutil
import sys
from pathlib import Path

import pytest

# The helpers beside this file, in whatever way pytest imports tests.
sys.path.insert(0, str(Path(__file__).parent))

from small_outputs import gaps, run_night, write_packets

from jobs.maintenance import maintenance as house


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads while these tests write, but where they say so."""
    monkeypatch.setattr(house, "GRACE_S", 0.0)


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
