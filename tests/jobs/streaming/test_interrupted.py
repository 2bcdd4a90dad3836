"""Signals to every process of the job's group, driver and JVM alike: Ctrl-C of a terminal, SIGTERM of `timeout`."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from comparing import differences, gaps
from job_process import Job
from night_job import Night, Start

from jobs.ledger.streams import records
from jobs.storage.layout import Layout
from jobs.streaming.stopping import ENDED_BY_SIGINT

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def interrupt(job: Job, signum: int = signal.SIGINT) -> None:
    os.killpg(job.process.pid, signum)


def planned(output: Path, batch: int) -> bool:
    return any(output.glob(f"ledger/stream=*/{batch:09d}.plan.json"))


def status(output: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((output / "status.json").read_text())
    return content


def quiet(job: Job) -> bool:
    """Whether nothing of a traceback, Java's or Python's, was said."""
    said = job.log.read_text(errors="replace")
    return not any(word in said for word in ("\tat ", "Traceback", "Exception", "ERROR"))


def test_ctrl_c_finishes_the_batch_in_hand_a_second_one_ends_at_once_and_nothing_is_changed(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    output = tmp_path / "out"
    job = start(night.arguments(output))
    job.wait_until(lambda: planned(output, 1))
    interrupt(job)
    assert job.wait() == 0, job.said()
    states = [record.state for record in records(Layout(output))]
    assert states == ["closed"] * len(states)
    assert 2 <= len(states) < len(list(records(Layout(undisturbed))))
    assert (status(output)["state"], status(output)["last_error"]) == ("stopped", None)
    assert quiet(job), job.said()

    again = start(night.arguments(output))
    again.wait_until(lambda: planned(output, len(states)))
    interrupt(again)
    time.sleep(0.5)
    interrupt(again)
    began = time.monotonic()
    assert again.wait() == ENDED_BY_SIGINT, again.said()
    assert time.monotonic() - began < 5.0
    assert status(output)["state"] == "interrupted"
    assert f"batch {len(states)} is not sealed" in status(output)["last_error"]["message"]
    assert f"strix: ended at once: batch {len(states)} is not sealed, the next start reads it again" in again.said()
    assert quiet(again), again.said()

    last = start(night.arguments(output))
    assert last.wait() == 0, last.said()
    assert differences(undisturbed, output) == []
    assert gaps(output) == []


def test_sigterm_finishes_the_batch_in_hand_and_leaves_no_stack(night: Night, tmp_path: Path, start: Start) -> None:
    output = tmp_path / "out"
    job = start(night.arguments(output, "--trigger", "continuous", "--interval-s", "30"))
    job.wait_until(lambda: planned(output, 1))
    interrupt(job, signal.SIGTERM)
    assert job.wait() == 0, job.said()
    assert [record.state for record in records(Layout(output))][:2] == ["closed", "closed"]
    assert (status(output)["state"], status(output)["last_error"]) == ("stopped", None)
    assert quiet(job), job.said()
    assert gaps(output) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_spark_starts_ends_without_a_traceback(
    night: Night, tmp_path: Path, start: Start, signum: int
) -> None:
    output = tmp_path / "out"
    job = start(night.arguments(output))
    job.wait_until(lambda: bool(job.jvms()))
    interrupt(job, signum)
    assert job.wait() == 0, job.said()
    assert quiet(job), job.said()
    assert status(output)["state"] == "stopped"
    assert list(records(Layout(output))) == []
