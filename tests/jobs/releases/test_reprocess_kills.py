"""SIGKILL while a partition is written or before it is recorded: the next run goes on there, and the tables are the same."""

import os
from pathlib import Path

import pytest
from releases import row, run, sky, stars_of, write

from jobs.common import faults
from jobs.releases.records import DONE, QUARANTINED, Run


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Three hundred stars."""
    write(tmp_path / "release" / "a.parquet", [row(n, ra, dec) for n, (ra, dec) in enumerate(sky(300))])
    return tmp_path / "release"


def killed(point: str, output: Path, release: Path) -> int:
    """The exit code of a run in a process of its own that dies at a point."""
    child = os.fork()
    if child == 0:
        faults._ARMED = point
        try:
            run(output, release, partition_points=2000)
        finally:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("point", faults.REPROCESSING)
def test_a_killed_run_goes_on_at_the_partition_where_it_was(point: str, release: Path, tmp_path: Path) -> None:
    undisturbed = run(tmp_path / "whole", release, partition_points=2000)
    output, n = tmp_path / "out", len(undisturbed.plan.partitions)
    assert n > 5
    assert killed(f"{point}@3", output, release) == -9
    assert sorted(Run.at(output).records()) == [0, 1, 2]
    times = {number: Run.at(output).table(number).stat().st_mtime_ns for number in range(3)}
    outcome = run(output, release, partition_points=2000)
    assert (outcome.done_before, len(outcome.records)) == (3, n)
    assert {number: Run.at(output).table(number).stat().st_mtime_ns for number in range(3)} == times
    assert stars_of(output).equals(stars_of(tmp_path / "whole"))
    assert list(output.rglob(".*.tmp")) == []


def test_a_partition_that_raises_is_quarantined_with_its_reason_and_read_again_on_request(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    with monkeypatch.context() as patched:
        numbers = iter(range(100))

        def sometimes(*given: object) -> None:
            if next(numbers) == 2:
                raise MemoryError("no room")

        patched.setattr("jobs.releases.reading._check_same", sometimes)
        outcome = run(output, release, partition_points=2000)
    bad = [number for number, each in outcome.records.items() if each["state"] == QUARANTINED]
    assert bad == [2]
    assert outcome.records[2]["message"] == "MemoryError: no room"
    assert run(output, release, partition_points=2000).records[2]["state"] == QUARANTINED
    again = run(output, release, partition_points=2000, retry=True)
    assert {each["state"] for each in again.records.values()} == {DONE}
    assert stars_of(output).num_rows == 300


def test_a_file_that_changed_since_the_plan_is_refused(release: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert killed("before_publish@3", output, release) == -9
    os.utime(release / "a.parquet", (1, 1))
    outcome = run(output, release, partition_points=2000)
    assert outcome.records[3]["refused"] == {"unreadable": 1}
    assert outcome.records[2]["refused"] == {}
