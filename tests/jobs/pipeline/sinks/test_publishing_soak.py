"""Kills while 25 filters are published: every fault hook, then random moments; run by `.ci/soak`."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from job_process import Job
from publishing import Published

from jobs.common.faults import POINTS
from jobs.services.kafka import KafkaBroker

KILLED = -9
FIRST, LATER = 0, 3
RANDOM_OUTPUTS, KILLS_EACH = 4, 6
SEED = int(os.environ.get("STRIX_SOAK_SEED", random.randrange(10**6)))

pytestmark = [pytest.mark.soak, pytest.mark.kafka, pytest.mark.spark, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_killed_at_a_point_of_the_first_and_of_a_later_batch(
    point: str, kafka: KafkaBroker, tmp_path: Path, start_job: Callable[..., Job]
) -> None:
    night = Published.prepare(tmp_path, kafka.bootstrap, f"hook-{point}")
    output = tmp_path / "out"
    for batch in (FIRST, LATER):
        job = start_job(night.arguments(output), STRIX_FAULT=f"{point}@{batch}")
        assert job.wait() == KILLED, f"{point}@{batch} was not reached: {job.said()}"
    job = start_job(night.arguments(output))
    assert job.wait() == 0, job.said()
    assert night.problems(output) == []


@pytest.mark.parametrize("number", range(RANDOM_OUTPUTS))
def test_a_sender_killed_at_random_moments(
    number: int, kafka: KafkaBroker, tmp_path: Path, start_job: Callable[..., Job]
) -> None:
    chance = random.Random(f"{SEED}/sent/{number}")
    night = Published.prepare(tmp_path, kafka.bootstrap, f"random{number}")
    output = tmp_path / "out"
    killed = 0
    while killed < KILLS_EACH:
        job = start_job(night.arguments(output))
        before = _sealed(output)
        while _sealed(output) <= before and job.process.poll() is None:
            time.sleep(0.002)
        # From the seal on: filters, state, transaction, close.
        time.sleep(chance.uniform(0.0, 1.2))
        job.kill()
        if job.wait() == 0:
            break
        killed += 1
    job = start_job(night.arguments(output))
    assert job.wait() == 0, job.said()
    assert night.problems(output) == [], f"seed {SEED}"


def _sealed(output: Path) -> int:
    return sum(path.stem.isdigit() for path in output.glob("ledger/*/*.json"))
