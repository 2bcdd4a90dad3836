"""A few named kills: SIGKILL of the driver along the life of a batch, workers that die by chance."""

from pathlib import Path

import pytest
from comparing import differences, gaps
from kill_points import KILLED, called_points
from night_job import Night, Start

from jobs.common.faults import POINTS

NAMED = ("after_seal@0", "in_stage@1", "before_seal@2", "in_publish@3", "after_plan@4")


def test_every_fault_hook_has_a_name_that_can_be_armed() -> None:
    assert called_points() <= set(POINTS)
    assert {point.split("@")[0] for point in NAMED} <= called_points()


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_a_driver_killed_at_five_points_gives_the_tables_of_an_undisturbed_run(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    output = tmp_path / "out"
    for fault in NAMED:
        # Each successor begins at once, while the JVM of the one before it still lives.
        job = start(night.arguments(output), STRIX_FAULT=fault)
        assert job.wait() == KILLED, f"{fault} was not reached: {job.said()}"
    last = start(night.arguments(output))
    assert last.wait() == 0, last.said()
    assert differences(undisturbed, output) == []
    assert gaps(output) == []


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_workers_that_die_by_chance_change_nothing(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    # Four deaths in the two tasks of the first batch: one comes to its third attempt, in pieces in child processes.
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    for number in range(4):
        (deaths / str(number)).touch()
    job = start(night.arguments(tmp_path / "out"), STRIX_TEST_DEATHS=str(deaths))
    assert job.wait() == 0, job.said()
    assert list(deaths.iterdir()) == []
    assert differences(undisturbed, tmp_path / "out") == []
    assert gaps(tmp_path / "out") == []
