"""A Java service as a process of its own: started, waited for, stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from jobs.common.java import EnvironmentProblem

STOP_S = 20.0


def free_port(preferred: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on: the preferred one if it is free, else any.

    Parameters
    ----------
    preferred : int, optional
        Tried first.

    Raises
    ------
    EnvironmentProblem
        If none is free.
    """
    for port in [preferred, 0] if preferred else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port or 0))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EnvironmentProblem("no free TCP port on 127.0.0.1")


def start(command: Sequence[str], log: Path, directory: Path) -> int:
    """Start a command in a session of its own, so that it outlives this process; its process id.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    log : pathlib.Path
        Its standard output and error are appended there.
    directory : pathlib.Path
        Where it runs.
    """
    with open(log, "ab") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            start_new_session=True,
        )
    return process.pid


@contextmanager
def ended_on_failure(pids: Sequence[int]) -> Iterator[None]:
    """End processes if what is done inside fails or is interrupted, so that a service that did not start leaves none.

    Parameters
    ----------
    pids : sequence of int
        Their ids.
    """
    with ExitStack() as started:
        for pid in pids:
            started.callback(kill, pid)
        yield
        started.pop_all()


def wait_ready(ready: Callable[[], bool], logs: Mapping[int, Path], patience_s: float, every_s: float = 0.1) -> None:
    """Wait until a service answers.

    Parameters
    ----------
    ready : callable
        Whether it answers now.
    logs : mapping of int to pathlib.Path
        The log of each of its processes, by process id; their ends are shown if the service does not answer.
    patience_s : float
        How long to wait [s].
    every_s : float
        The pause after an answer of no [s].

    Raises
    ------
    EnvironmentProblem
        If a process ends first or the service does not answer in time; with the end of the log.
    """
    deadline = time.monotonic() + patience_s
    while not ready():
        for pid, log in logs.items():
            if not alive(pid):
                raise EnvironmentProblem(f"process {pid} ended before it answered; the end of {log}:\n{tail(log)}")
        if time.monotonic() > deadline:
            said = "\n".join(f"the end of {log}:\n{tail(log)}" for log in logs.values())
            names = " and ".join(map(str, logs))
            raise EnvironmentProblem(f"process {names} did not answer in {patience_s:g} s; {said}")
        time.sleep(every_s)


def alive(pid: int, created: float | None = None) -> bool:
    """Whether a process runs, a zombie not counted.

    Parameters
    ----------
    pid : int
        Its id.
    created : float, optional
        When it was started [s since 1970]: another process that has got its id since then does not count.
    """
    try:
        process = psutil.Process(pid)
        same = created is None or abs(process.create_time() - created) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def created(pid: int) -> float:
    """When a process was started [s since 1970].

    Parameters
    ----------
    pid : int
        Its id; psutil.NoSuchProcess if it does not run.
    """
    return float(psutil.Process(pid).create_time())


def stop(pid: int, patience_s: float = STOP_S) -> None:
    """End a process: SIGTERM, and SIGKILL if it has not ended after a while.

    Parameters
    ----------
    pid : int
        Its id; one that does not run is no error.
    patience_s : float
        How long it may take to end by itself [s].
    """
    if not _ended(pid, signal.SIGTERM, patience_s):
        kill(pid)


def kill(pid: int) -> None:
    """End a process by SIGKILL.

    Parameters
    ----------
    pid : int
        Its id; one that does not run is no error.
    """
    _ended(pid, signal.SIGKILL, STOP_S)


def _ended(pid: int, number: signal.Signals, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    if alive(pid):
        return False
    _reap(pid)
    return True


def _reap(pid: int) -> None:
    """Take the exit status if it was our own child, so that no zombie is left."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log; "(no log)" if there is none.

    Parameters
    ----------
    log : pathlib.Path
    lines : int
        How many.
    """
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
