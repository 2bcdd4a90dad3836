"""What is wrong before a job starts is said in words, with both sides and the way out; nothing is left in the output."""

import errno
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.cli.frame import exit_code
from jobs.cli.main import main
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage import lock

Start = Callable[..., tuple[int, str]]


@pytest.fixture
def start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Start:
    """Start a night over a sound input with some options more; its exit code and what it says."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.avro").write_bytes(container([packet(0, 0)[0]]))
    sound = ("--input", str(tmp_path / "in"), "--modules", "stetson_k", "--output", str(tmp_path / "out"))

    def start_(*more: str, job: str = "night", options: tuple[str, ...] = sound) -> tuple[int, str]:
        code = main([job, *options, *more])
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("strix: ")
        assert "Traceback" not in err
        return code, err

    return start_


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_an_unknown_key_is_named_with_the_known_ones(start: Start, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("max_alert_per_batch: 3\n")
    code, said = start("--config", str(tmp_path / "job.yaml"))
    assert code == 2
    assert "unknown key 'max_alert_per_batch' (did you mean max_alerts_per_batch?)" in said
    assert "known keys: append, " in said


def test_an_unknown_module_is_named_with_the_nearest(start: Start) -> None:
    code, said = start("--modules", "stetson_j")
    assert code == 2
    assert "no science module 'stetson_j' (did you mean stetson_k?); there are [" in said


def test_a_missing_artefact_is_named_with_where_and_how(start: Start, tmp_path: Path) -> None:
    code, said = start("--modules", "braai", "--models", str(tmp_path / "models"))
    assert code == 3
    for word in ("braai", str(tmp_path / "models"), "strix models add braai"):
        assert word in said


def test_a_missing_artefact_names_the_sources_that_were_tried(start: Start, tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    code, said = start(
        *("--modules", "braai", "--models", str(tmp_path / "models")),
        *("--model-sources", str(tmp_path / "published")),
    )
    assert code == 3
    assert str(tmp_path / "published") in said


def test_an_output_below_a_file_cannot_be_written(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, said = start("--output", str(tmp_path / "file" / "out"))
    assert (code, said) == (3, f"strix: output {tmp_path / 'file' / 'out'} cannot be written: Not a directory\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_an_output_on_a_read_only_disk_cannot_be_written(start: Start, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, said = start("--output", str(small_disk / "out"))
    assert (code, said) == (3, f"strix: output {small_disk / 'out'} cannot be written: Read-only file system\n")


def test_a_disk_that_is_nearly_full_is_named_with_its_share(start: Start, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(1004 * 1024))
    code, said = start("--output", str(small_disk / "out"))
    assert code == 3
    assert f"the disk of {small_disk / 'out'} has " in said
    assert "% free, a job needs 5 %" in said
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_disk_with_less_than_the_twentieth_part_free_is_refused(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without a file system of one's own."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000, 951, 49))
    code, said = start()
    assert code == 3
    assert "has 4.9 % free, a job needs 5 %" in said


HOLD = """
import sys, time
from pathlib import Path
from jobs.storage.lock import OutputLock
with OutputLock(Path(sys.argv[1]), "ingest"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_an_output_in_use_is_refused_with_its_holder(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "GRACE_S", 0.2)
    output = tmp_path / "used"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(output / "_lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    code, said = start("--output", str(output))
    holder.kill()
    holder.wait()
    holder.stdout.close()
    assert code == 4
    assert f"{output} is in use by job 'ingest', process {holder.pid} on " in said
    assert [path.name for path in output.iterdir()] == ["_lock"]


def fake_java(directory: Path, version: str) -> None:
    directory.mkdir(parents=True)
    java = directory / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
    java.chmod(0o755)


@pytest.mark.parametrize(("version", "major"), [("11.0.2", 11), ("1.8.0_292", 8), ("25.0.1", 25)])
def test_a_java_that_spark_cannot_use_is_named(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, major: int
) -> None:
    fake_java(tmp_path / "bin", version)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    code, said = start()
    assert code == 3
    assert f"{tmp_path / 'bin' / 'java'} is Java {major}, Spark 4.3 needs 17 or 21; install OpenJDK 17" in said


def test_java_home_wins_over_the_path(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "jdk" / "bin", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert f"{tmp_path / 'jdk' / 'bin' / 'java'} is Java 11" in start()[1]
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    assert "no java found (in JAVA_HOME); install OpenJDK 17" in start()[1]


def test_no_java_is_said_with_how_to_get_one(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = start()
    assert code == 3
    assert "no java found (on the PATH); install OpenJDK 17 or 21 (Debian: apt-get install " in said


def test_enrich_wants_the_output_of_ingest(start: Start, tmp_path: Path) -> None:
    code, said = start(job="enrich")
    assert code == 2
    assert f"enrich reads the output of `strix ingest`; {tmp_path / 'in'} has no ledger/ folder" in said


def test_a_job_without_input_says_what_it_can_read(start: Start, tmp_path: Path) -> None:
    for job in ("night", "ingest", "enrich"):
        code, said = start(job=job, options=("--modules", "stetson_k", "--output", str(tmp_path / "out")))
        assert code == 2
        assert f"{job} needs --input: files, directories, globs, .tar or .tar.gz archives" in said


def test_an_input_that_is_not_there_is_named(start: Start, tmp_path: Path) -> None:
    code, said = start("--input", str(tmp_path / "inn"))
    assert (code, said) == (2, f"strix: input {tmp_path / 'inn'} does not exist\n")


def test_a_disk_that_fills_up_later_is_no_traceback_either(capsys: pytest.CaptureFixture[str]) -> None:
    def fills_up() -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/ledger/x.json")

    assert exit_code(fills_up) == 3
    assert capsys.readouterr().err == "strix: [Errno 28] No space left on device: '/data/ledger/x.json'\n"


def test_the_command_itself_ends_without_a_traceback(tmp_path: Path) -> None:
    """The same as a process: its exit code, nothing on stdout, one line on stderr."""
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--output", str(tmp_path / "out")]
    command += ["--models", str(tmp_path / "none")]  # what is missing first is said first
    ended = subprocess.run([*command, "--input", str(tmp_path / "inn")], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"strix: input {tmp_path / 'inn'} does not exist\n"
