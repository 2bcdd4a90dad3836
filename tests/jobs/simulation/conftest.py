"""One simulated night that the tests of the simulator share."""

from pathlib import Path

import pytest

from jobs.simulation import simulate


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with 400 simulated alerts in containers."""
    output = tmp_path_factory.mktemp("simulated") / "night"
    simulate(output, 400, seed=7)
    return output
