"""A few named kills: SIGKILL of the driver along the life of a batch, workers that die by chance."""

import json
import shutil
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
def test_a_checkpoint_of_spark_s_that_is_gone_or_tells_something_else_changes_nothing(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    output = tmp_path / "out"
    checkpoint = output / "_checkpoints" / "night" / "query"
    job = start(night.arguments(output), STRIX_FAULT="before_seal@1")
    assert job.wait() == KILLED, job.said()
    assert sorted(path.name for path in (checkpoint / "offsets").glob("[0-9]*")) == ["0", "1"]
    shutil.rmtree(checkpoint)
    job = start(night.arguments(output), STRIX_FAULT="after_close@2")
    assert job.wait() == KILLED, job.said()
    assert "thrown away" not in job.said()
    # Spark numbers its micro-batches from 0 again; this one says that nothing of batch 2 was begun.
    last = max((checkpoint / "offsets").glob("[0-9]*"), key=lambda path: int(path.name))
    *head, end = last.read_text().splitlines()
    assert json.loads(end) == {"plan": 3}
    last.write_text("\n".join([*head, '{"plan": 1}']))
    (last.parent / f".{last.name}.crc").unlink(missing_ok=True)
    job = start(night.arguments(output))
    assert job.wait() == 0, job.said()
    said = " ".join(job.said().split())
    assert "is thrown away, the ledger holds: it is at batch 0, the ledger's first open batch is 3" in said
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
