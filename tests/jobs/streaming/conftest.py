"""A small awkward night, the same night undisturbed, and jobs that leave no process behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from awkward_night import write_night
from comparing import gaps
from job_process import Job
from night_job import Matrix, Night, Start


@pytest.fixture(scope="session")
def real_packets(request: pytest.FixtureRequest) -> Path | None:
    """The directory of real packets, None where there is none: the night is then simulated only."""
    try:
        directory: Path = request.getfixturevalue("real_alerts")
    except pytest.skip.Exception:
        return None
    return directory


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory, real_packets: Path | None) -> Night:
    """A small night with several surveys where real packets are there."""
    directory = tmp_path_factory.mktemp("night") / "packets"
    directory.mkdir()
    write_night(directory, real_packets)
    schemas = ("--schemas", str(real_packets / "lsst_alerts" / "schemas")) if real_packets else ()
    return Night(directory, schemas)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, night: Night) -> Path:
    """The output of a job over the night that nothing disturbed."""
    scratch = tmp_path_factory.mktemp("undisturbed")
    job = Job(night.arguments(scratch / "out"), scratch, {})
    assert job.wait() == 0, job.said()
    assert gaps(scratch / "out") == []
    assert job.left() == []
    return scratch / "out"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a job; when the test is over, nothing that it started may live."""
    started: list[Job] = []

    def begin(arguments: list[str], **environment: str) -> Job:
        started.append(Job(arguments, tmp_path / "scratch", environment))
        return started[-1]

    yield begin
    for job in started:
        if job.process.poll() is None:
            job.kill()
            job.wait()
    assert [told for job in started for told in job.left()] == []


MATRIX = pytest.StashKey[Matrix]()


@pytest.fixture(scope="session")
def matrix(pytestconfig: pytest.Config) -> Matrix:
    """The result table of this session."""
    return pytestconfig.stash.setdefault(MATRIX, Matrix())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the result table to the file that $STRIX_SOAK_RESULT names, or to the terminal."""
    found = config.stash.get(MATRIX, None)
    if found is None:
        return
    named = os.environ.get("STRIX_SOAK_RESULT")
    if named:
        Path(named).write_text(found.table(), encoding="utf-8")
    else:
        terminalreporter.write("\n" + found.table())
