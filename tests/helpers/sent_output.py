"""Fixtures: an output whose matches are sent, and jobs as processes that leave nothing behind."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from job_process import Job
from sending import Output


@pytest.fixture
def output(small_output: Path, tmp_path: Path) -> Output:
    """Two batches with a filter that takes all, one that takes half, one that wants stamps."""
    choose = {
        "all": lambda row: True,
        "even": lambda row: row["alert_id"] % 2 == 0,
        "stamps": lambda row: row["alert_id"] % 5 == 0,
    }
    return Output.of(small_output, tmp_path / "out", choose)


@pytest.fixture
def start_job(tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """Starts a verb; when the test is over, nothing that it started may live."""
    started: list[Job] = []

    def begin(arguments: list[str], program: Sequence[str] = ("-m", "jobs.cli.main"), **environment: str) -> Job:
        started.append(Job(arguments, tmp_path / "scratch", environment, program))
        return started[-1]

    yield begin
    for job in started:
        if job.process.poll() is None:
            job.kill()
            job.wait()
    assert [told for job in started for told in job.left()] == []
