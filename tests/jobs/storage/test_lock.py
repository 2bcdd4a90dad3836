"""One writer per output: told who holds it, never held by the dead."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.storage import lock
from jobs.storage.lock import OutputInUse, OutputLock, describe, read_holder

HOLD = """
import sys, time
from pathlib import Path
from jobs.storage.lock import OutputLock
with OutputLock(Path(sys.argv[1]), "night"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "GRACE_S", 0.2)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of tmp_path."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "_lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_writer_is_told_who_holds_the_output(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(OutputInUse) as caught, OutputLock(tmp_path / "_lock", "ingest"):
        pass
    told = str(caught.value)
    for word in (str(tmp_path), "job 'night'", f"process {holder.pid}", socket.gethostname(), "heartbeat 20"):
        assert word in told
    assert read_holder(tmp_path / "_lock")["pid"] == holder.pid  # and the holder's name stays


def test_a_killed_writer_does_not_block_its_successor(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with OutputLock(tmp_path / "_lock", "ingest"):
        assert read_holder(tmp_path / "_lock")["pid"] == os.getpid()


def test_a_released_lock_is_free_and_names_nobody(tmp_path: Path) -> None:
    for _ in range(3):
        with OutputLock(tmp_path / "_lock", "night"):
            pass
        assert read_holder(tmp_path / "_lock") == {}


def test_a_writer_that_is_about_to_end_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "GRACE_S", 20.0)
    code = HOLD.replace("time.sleep(60)", "time.sleep(1)")
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "_lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    with OutputLock(tmp_path / "_lock", "ingest"):
        assert read_holder(tmp_path / "_lock")["job"] == "ingest"
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize(("age_s", "free"), [(0.0, False), (3600.0, True)])
def test_between_hosts_the_heartbeat_decides(tmp_path: Path, age_s: float, free: bool) -> None:
    path = tmp_path / "_lock"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "job": "night", "heartbeat": time.time() - age_s}))
    if free:
        with OutputLock(path, "night"):
            assert read_holder(path)["host"] == socket.gethostname()
        return
    with pytest.raises(OutputInUse, match="process 1 on elsewhere"), OutputLock(path, "night"):
        pass


def test_the_heart_beats_while_the_lock_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_S", 0.02)
    path = tmp_path / "_lock"
    with OutputLock(path, "night"):
        first = read_holder(path)["heartbeat"]
        deadline = time.monotonic() + 10
        while read_holder(path).get("heartbeat", first) <= first:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"host": 3}'])
def test_a_lock_file_that_says_nothing_useful_is_free(tmp_path: Path, content: str) -> None:
    path = tmp_path / "_lock"
    path.write_text(content)
    with OutputLock(path, "night"):
        assert read_holder(path)["job"] == "night"


def test_a_holder_that_has_not_said_its_name_is_said_so() -> None:
    assert describe({}) == "a process that has not said its name yet"
