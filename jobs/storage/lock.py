"""One writer per output: a lock file with host, process and heartbeat; the second writer is told who holds it."""

import fcntl
import json
import os
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

HEARTBEAT_S = 5.0
STALE_S = 60.0
# A killed driver's JVM and its Python workers live on for about 0.6 s; a successor gives them this long.
GRACE_S = 2.0


class OutputInUse(RuntimeError):
    """Another process writes to this output."""


class OutputLock:
    """Holds an output directory for one writing process; a context manager.

    On one host the kernel's file lock decides, so a killed writer never blocks its successor. Between hosts that share
    a file system the heartbeat decides: one older than a minute is taken as dead.

    Raises
    ------
    OutputInUse
        On entry, with the holder's job, process, host and the age of its heartbeat.
    """

    def __init__(self, path: Path, job: str) -> None:
        self.path = path
        self.job = job
        self._handle: IO[str] | None = None
        self._stop = threading.Event()
        self._beat = threading.Thread(target=self._keep_alive, daemon=True)

    def __enter__(self) -> "OutputLock":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = open(self.path, "a+", encoding="utf-8")
        deadline = time.monotonic() + GRACE_S
        while not self._try(handle):
            if time.monotonic() > deadline:
                holder = read_holder(self.path)
                handle.close()
                raise OutputInUse(f"{self.path.parent} is in use by {describe(holder)}; one writer per output")
            time.sleep(0.1)
        self._handle = handle
        self._write()
        self._beat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._beat.join()
        if self._handle is not None:
            self._handle.truncate(0)
            self._handle.close()

    def _try(self, handle: IO[str]) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        holder = read_holder(self.path)
        elsewhere = bool(holder) and holder["host"] != socket.gethostname()
        if elsewhere and time.time() - holder["heartbeat"] < STALE_S:
            fcntl.flock(handle, fcntl.LOCK_UN)
            return False
        return True

    def _write(self) -> None:
        assert self._handle is not None
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "job": self.job, "heartbeat": time.time()}
        self._handle.seek(0)
        self._handle.truncate()
        self._handle.write(json.dumps(holder))
        self._handle.flush()

    def _keep_alive(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            self._write()


def read_holder(path: Path) -> dict[str, Any]:
    """Who holds a lock file, as its writer said; empty if nobody does.

    Parameters
    ----------
    path : pathlib.Path
        Of the lock file; it need not exist.

    Returns
    -------
    dict
        `host`, `pid`, `job` and `heartbeat` [s since 1970].
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = isinstance(content, dict) and {"host", "pid", "job", "heartbeat"} <= content.keys()
    return content if known else {}


def describe(holder: dict[str, Any]) -> str:
    """The holder in words.

    Parameters
    ----------
    holder : dict
        As `read_holder` gives it; perhaps empty.
    """
    if not holder:
        return "a process that has not said its name yet"
    beat = datetime.fromtimestamp(holder["heartbeat"], UTC).isoformat(timespec="seconds")
    return f"job {holder['job']!r}, process {holder['pid']} on {holder['host']} (heartbeat {beat})"
