"""The full matrix of kills: every point of the life of a batch, random moments, workers, the JVM. Run by `.ci/soak`."""

import os
import random
import time
from pathlib import Path

import psutil
import pytest
from comparing import differences, gaps
from job_process import Job
from kill_points import KILLED, called_points
from night_job import Matrix, Night, Start

FIRST, LATER = 0, 3
OUTPUTS, KILLS_EACH = 5, 7
SEED = int(os.environ.get("STRIX_SOAK_SEED", random.randrange(10**6)))

pytestmark = [pytest.mark.soak, pytest.mark.spark, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("point", sorted(called_points()))
def test_a_driver_killed_at_a_point_of_the_first_and_of_a_later_batch(
    point: str, night: Night, undisturbed: Path, tmp_path: Path, start: Start, matrix: Matrix
) -> None:
    output = tmp_path / "out"
    for batch in (FIRST, LATER):
        job = start(night.arguments(output), STRIX_FAULT=f"{point}@{batch}")
        assert job.wait() == KILLED, f"{point}@{batch} was not reached: {job.said()}"
    finish(start(night.arguments(output)))
    matrix.note(point, f"{FIRST}, {LATER}", 2, 2, differences(undisturbed, output), gaps(output))


@pytest.mark.parametrize("number", range(OUTPUTS))
def test_a_driver_killed_at_random_moments(
    number: int, night: Night, undisturbed: Path, tmp_path: Path, start: Start, matrix: Matrix
) -> None:
    chance = random.Random(f"{SEED}/{number}")
    output = tmp_path / "out"
    killed, batches = 0, []
    while killed < KILLS_EACH:
        job = start(night.arguments(output))
        batches.append(_kill_at_random(job, output, chance))
        if job.wait() == 0:
            break
        killed += 1
    finish(start(night.arguments(output)))
    where = " ".join(batches)
    matrix.note(f"random, seed {SEED}/{number}", where, killed, killed, differences(undisturbed, output), gaps(output))


def _kill_at_random(job: Job, output: Path, chance: random.Random) -> str:
    """Kill a driver within a second and a half of its planning one more batch; one in six while it starts."""
    if chance.random() < 1 / 6:
        time.sleep(chance.uniform(0.5, 6.0))
    else:
        before = _plans(output)
        while _plans(output) <= before and job.process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 1.5))
    job.kill()
    return str(_plans(output) - 1)


def _plans(output: Path) -> int:
    return len(list(output.glob("ledger/*/*.plan.json")))


@pytest.mark.parametrize("number", range(3))
def test_python_workers_killed_while_they_work(
    number: int, night: Night, undisturbed: Path, tmp_path: Path, start: Start, matrix: Matrix
) -> None:
    chance = random.Random(f"{SEED}/worker/{number}")
    output = tmp_path / "out"
    job = start(night.arguments(output))
    killed: list[str] = []
    while job.process.poll() is None:
        time.sleep(chance.uniform(0.2, 0.8))
        # Not more often than a task may fail: four attempts at each of two tasks of a batch.
        workers, batch = job.workers(), str(_plans(output) - 1)
        if workers and killed.count(batch) < 2 and batch != "-1":
            _kill(chance.choice(workers))
            killed.append(batch)
    finish(job)
    assert killed
    told = differences(undisturbed, output)
    matrix.note(f"worker, seed {SEED}/{number}", " ".join(killed), len(killed), 0, told, gaps(output))


def test_a_jvm_killed_under_its_driver(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start, matrix: Matrix
) -> None:
    output = tmp_path / "out"
    for number in range(3):
        job = start(night.arguments(output))
        job.wait_until(lambda number=number: _plans(output) > 2 * number)
        for jvm in job.jvms():
            _kill(jvm)
        assert job.wait() != 0
    finish(start(night.arguments(output)))
    matrix.note("JVM", "0, 2, 4", 3, 3, differences(undisturbed, output), gaps(output))


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def finish(job: Job) -> None:
    """The job ends well."""
    assert job.wait() == 0, job.said()
