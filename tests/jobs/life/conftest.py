"""A small awkward night, the same night undisturbed, and jobs that leave no process behind."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# The helpers beside this file, in whatever way pytest imports tests.
sys.path.insert(0, str(Path(__file__).parent))

from comparing import gaps
from job_process import Job
from packets import write_night

MODULES = "stetson_k,rise,kills_worker,hangs_worker,raises,dies_by_chance"
LIMIT = 20


@dataclass(frozen=True)
class Night:
    """An input and what a job needs to read it."""

    directory: Path
    options: tuple[str, ...]

    def arguments(self, output: Path, *more: str, limit: int = LIMIT) -> list[str]:
        """Verb and options of a night over the input."""
        fixed = ["night", "--input", str(self.directory), "--output", str(output), "--modules", MODULES]
        return [*fixed, "--settle-s", "0", "--max-alerts-per-batch", str(limit), *self.options, *more]


Start = Callable[..., Job]


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


@dataclass
class Matrix:
    """The result table of the soak: one line per disturbed output."""

    lines: list[str] = field(default_factory=list)

    def note(self, point: str, batch: str, kills: int, restarts: int, different: list[str], gaps: list[str]) -> None:
        """Add a line; fails if the tables differ or the ledger has a gap."""
        equal, balanced = ("no" if told else "yes" for told in (different, gaps))
        self.lines.append(f"| {point} | {batch} | {kills} | {restarts} | {equal} | {balanced} |")
        assert different == []
        assert gaps == []

    def table(self) -> str:
        """All lines as a Markdown table."""
        head = ["| point | batch | kills | restarts | equal | balanced |", "|---|---|---|---|---|---|"]
        return "\n".join([*head, *self.lines, ""])


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
