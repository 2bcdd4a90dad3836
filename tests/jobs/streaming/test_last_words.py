"""Whatever ends a job is in status.json, with its reason, unless another job holds the output."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.packets.problems import InputChanged, ServiceUnavailable
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock
from jobs.streaming.last_words import reason_of, told_in_status
from jobs.streaming.status import Status

WORKER = """An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/x/stage.py", line 90, in __call__
    yield from self._run()
  File "/x/ranges.py", line 91, in check_unchanged
    raise InputChanged(
jobs.packets.ranges.InputChanged: /in/a.avro was planned with 10 bytes and has 12; put it back

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:581)
\tat org.apache.spark.sql.execution.python.PythonArrowOutput$$anon$1.read(PythonArrowOutput.scala:117)
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "ledger").mkdir()
    return Layout(tmp_path)


def status_of(layout: Layout) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(layout.status.read_text())
    return content


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    "error", [ServiceUnavailable("broker away for 301 s"), ValueError("no module x"), MemoryError(), SystemExit(3)]
)
def test_any_exception_is_told_with_its_reason_and_time(layout: Layout, held: bool, error: BaseException) -> None:
    with pytest.raises(type(error)), told_in_status(Status(layout, "night", "s"), held):
        raise error
    told = status_of(layout)
    assert told["state"] == "failed"
    assert told["last_error"]["message"] == f"{type(error).__name__}: {error}".rstrip(": ")
    assert told["last_error"]["at"] <= told["at"]


def test_a_failure_that_is_told_is_not_told_again_by_who_is_further_out(layout: Layout) -> None:
    status = Status(layout, "night", "s")
    with pytest.raises(ValueError, match="first"), told_in_status(status, False), told_in_status(status, True):
        raise ValueError("first")
    assert status_of(layout)["last_error"]["message"] == "ValueError: first"


def test_the_status_of_a_running_job_is_not_touched_by_one_that_fails_beside_it(layout: Layout) -> None:
    layout.status.write_text('{"state": "running"}')
    with OutputLock(layout.lock, "night"), pytest.raises(ValueError), told_in_status(Status(layout, "night"), False):
        raise ValueError("no module x")
    assert status_of(layout) == {"state": "running"}


def test_where_no_job_has_written_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ValueError), told_in_status(Status(Layout(tmp_path / "new"), "night"), False):
        raise ValueError("no module x")
    assert not (tmp_path / "new").exists()


def test_a_full_disk_hides_no_failure(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Status, "write", full)
    with pytest.raises(InputChanged), told_in_status(Status(layout, "night", "s"), True):
        raise InputChanged("a.avro is gone")


def test_of_a_failure_in_a_worker_its_own_words_are_told() -> None:
    wanted = "InputChanged: /in/a.avro was planned with 10 bytes and has 12; put it back"
    assert reason_of(RuntimeError(WORKER)) == wanted
    java = "Job aborted due to stage failure: Task 0 failed 4 times\n\tat org.apache.spark.Scheduler.run(S.scala:1)\n\tat b"
    assert reason_of(RuntimeError(java)) == "RuntimeError: Job aborted due to stage failure: Task 0 failed 4 times"
