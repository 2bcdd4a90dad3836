"""Jobs as processes of their own, so that a SIGKILL is a SIGKILL; whatever a job started is found by its session."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
BAD_MODULES = ROOT / "tests" / "science_modules_bad"
JOB_TIMEOUT_S = 600.0
# Small and quick to start: a night of a hundred alerts needs neither a big heap nor the best compiler.
QUICK_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


class Job:
    """A running `strix` verb.

    Parameters
    ----------
    arguments : sequence of str
        Verb and options.
    scratch : Path
        Working directory, temporary files and log.
    environment : dict
        Variables on top of this process's.
    program : sequence of str
        What Python runs.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        scratch: Path,
        environment: dict[str, str],
        program: Sequence[str] = ("-m", "jobs.cli.main"),
    ) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self.log = scratch / f"{len(list(scratch.glob('*.log'))):03d}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=scratch,
                env=_environment(scratch) | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait(self, timeout: float = JOB_TIMEOUT_S) -> int:
        """The exit code, negative for a signal."""
        return self.process.wait(timeout)

    def wait_until(self, happened: Callable[[], bool], timeout: float = JOB_TIMEOUT_S) -> None:
        """Wait for something that this job is to bring about."""
        deadline = time.monotonic() + timeout
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.said()}"
            assert time.monotonic() < deadline, f"not within {timeout} s: {self.said()}"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL the driver, and nothing else."""
        self.process.send_signal(signal.SIGKILL)

    def members(self) -> list[psutil.Process]:
        """Every living process that this job started: driver, JVM, Python workers, executors."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def workers(self) -> list[psutil.Process]:
        """The Python workers, without the daemon that forks them."""
        members = self.members()
        # The JVM is told the daemon's name, too.
        pythons = {each.pid for each in members if "daemon" in _command(each)} - {each.pid for each in self.jvms()}
        return [each for each in members if each.pid in pythons and _parent(each) in pythons]

    def jvms(self) -> list[psutil.Process]:
        """The Java processes."""
        return [each for each in self.members() if "java" in _command(each).split(" ")[0]]

    def left(self, timeout: float = 20.0) -> list[str]:
        """Commands of processes that outlive the driver by more than the time; they are ended."""
        deadline = time.monotonic() + timeout
        while (members := self.members()) and time.monotonic() < deadline:
            time.sleep(0.1)
        told = [f"{each.pid}: {_command(each)[:200]}" for each in members]
        for each in members:
            each.kill()
        return told

    def said(self) -> str:
        """The end of what the job wrote to the terminal."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]


def _environment(scratch: Path) -> dict[str, str]:
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("STRIX_", "SPARK_", "PYSPARK_"))}
    return ours | {
        "PYTHONPATH": str(ROOT),
        "STRIX_MODULE_PATH": str(BAD_MODULES),
        "TMPDIR": str(scratch),
        "JAVA_TOOL_OPTIONS": f"{QUICK_JAVA} -Djava.io.tmpdir={scratch}",
    }


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0
