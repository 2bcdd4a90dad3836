"""A real standalone Spark, master and one worker, on this machine."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

SPARK = Path(pyspark.__file__).parent
READY_S = 240.0  # a minute is not enough beside a full test run


@contextmanager
def standalone(directory: Path, cores: int = 2) -> Iterator[str]:
    """The URL of a master with one worker of `cores` cores, on free ports of the loopback; both are gone at the end."""
    environment = {
        **os.environ,
        "SPARK_HOME": str(SPARK),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_WORKER_DIR": str(directory / "work"),
    }
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(
            _start(directory, environment, "master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        )
        url = _logged(directory / "master.log", r"Starting Spark master at (spark://\S+)")
        options = ("--host", "127.0.0.1", "--cores", str(cores), "--memory", "3g", "--webui-port", "0", url)
        started.append(_start(directory, environment, "worker", *options))
        _logged(directory / "worker.log", r"Successfully registered with master (\S+)")
        yield url
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def _start(directory: Path, environment: dict[str, str], role: str, *options: str) -> "subprocess.Popen[bytes]":
    command = [str(SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{role}.{role.title()}", *options]
    with (directory / f"{role}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=directory)


def _logged(path: Path, pattern: str) -> str:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        found = re.search(pattern, path.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise TimeoutError(f"no {pattern!r} in {path}:\n{path.read_text(errors='replace')}")
