"""Maintenance in processes that are killed at a named step."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
Runs = Callable[..., int]


def killing_server() -> Iterator[Runs]:
    """Runs a verb with a fault; gives the exit code."""
    script = Path(__file__).parent / "killed_runs.py"
    server = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert server.stdin and server.stdout
    told, said = server.stdin, server.stdout

    def run(*arguments: str, fault: str = "", exchanges: bool = True) -> int:
        told.write(json.dumps({"arguments": arguments, "fault": fault, "exchanges": exchanges}) + "\n")
        told.flush()
        return int(said.readline())

    yield run
    told.close()
    server.wait(10)
