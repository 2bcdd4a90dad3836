"""What `status.json` and its readers say after a failure, whichever way the job ended."""

import json
import os
import shutil
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from small_outputs import LocalQuery, LocalSpark

from jobs.cli.main import main
from jobs.cli.stream_table import read_stream
from jobs.packets.problems import AccessDenied, InputChanged, ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.pipeline.batch.spec import BatchSpec
from jobs.storage.layout import Layout
from jobs.storage.lock import STALE_S, OutputLock
from jobs.streaming.runner import Runner
from jobs.streaming.status import Status

RECIPE = BatchSpec(("raw",), ("ztf",), None, (), {}, dict)


class Failing:
    """A source that raises when it is asked for packets."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def check(self) -> None: ...
    def note(self, record: Any) -> None: ...
    def commit(self, ranges: Sequence[Range]) -> None: ...
    def stop(self) -> None: ...

    def plan(self, limit: int) -> list[Range]:
        raise self.error

    def share(self) -> None: ...


def status(layout: Layout) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(layout.status.read_text())
    return content


@pytest.mark.parametrize(
    "error",
    [
        ServiceUnavailable("broker 127.0.0.1:9092 does not answer"),
        AccessDenied("wrong password"),
        InputChanged("a.avro was planned with 10 bytes and has 12"),
        OSError(28, "No space left on device", "/out/x.parquet"),
        RuntimeError("anything"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_way_out_of_a_run_is_told_with_its_reason(tmp_path: Path, error: Exception) -> None:
    layout = Layout(tmp_path)
    runner = Runner(LocalSpark(), layout, "night", "s", Failing(error), RECIPE, 10, patience_s=-1.0, query=LocalQuery)  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        runner.run("available_now", 0.1)
    told = status(layout)
    assert (told["state"], told["stream"]) == ("failed", "s")
    assert told["last_error"]["message"].startswith(f"{type(error).__name__}: {error}")
    assert told["last_error"]["at"] <= told["at"]


@pytest.mark.spark
def test_a_configuration_that_cannot_be_is_told_in_the_output_it_was_meant_for(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    assert status(Layout(output))["state"] == "stopped"
    code = main(["night", "--input", str(tmp_path), "--output", str(output), "--modules", "stetson_j"])
    assert code == 2
    told = status(Layout(output))
    assert told["state"] == "failed"
    assert "no science module 'stetson_j'" in told["last_error"]["message"]
    assert main(["stream", "status", str(output)]) == 0
    assert "no science module 'stetson_j'" in " ".join(capsys.readouterr().out.split())


def holder(layout: Layout, **said: Any) -> None:
    here = {"host": socket.gethostname(), "pid": os.getpid(), "job": "night", "heartbeat": time.time()}
    layout.lock.write_text(json.dumps({**here, **said}))


def test_a_job_that_was_killed_is_said_to_have_died(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    Status(layout, "night", "s").write("running")
    assert read_stream(layout).state == "died"  # nobody holds the output
    with OutputLock(layout.lock, "night"):
        assert read_stream(layout).state == "running"
    holder(layout, host="elsewhere")
    assert read_stream(layout).state == "running"
    holder(layout, host="elsewhere", heartbeat=time.time() - STALE_S - 1)
    assert read_stream(layout).state == "died"
    holder(layout, heartbeat=time.time() - STALE_S - 1)  # its process id is another's by now
    assert read_stream(layout).state == "died"


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
def test_a_job_that_told_of_its_end_has_not_died(tmp_path: Path, state: str) -> None:
    Status(Layout(tmp_path), "night", "s").write(state)
    assert read_stream(Layout(tmp_path)).state == state
