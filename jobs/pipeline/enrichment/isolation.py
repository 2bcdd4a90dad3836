"""What keeps a batch going when a module kills or hangs its worker.

In the first two attempts at a task a watchdog ends the worker if a step takes too long; Spark starts the task again.
From the third attempt on, the work is done in small pieces in child processes with time and memory limits; a piece that
kills its process is halved until the one item that does is alone.
"""

import faulthandler
import gc
import mmap
import os
import pickle
import resource
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_HEADER = struct.Struct("ddH")
_STEP_BYTES = 256
_STDERR = 2

LOADING = 5  # steps that loading a model may last: it compiles where no cache is, and no alert can make it slow


@dataclass(frozen=True)
class Limits:
    """What one step may take: seconds for a chunk of alerts, MiB on top of what the worker holds."""

    step_s: float = 120.0
    memory_mb: int = 2048


@dataclass(frozen=True)
class WorkerCrash:
    """How the process that worked on an item ended, and in which step."""

    step: str
    how: str


@dataclass(frozen=True)
class Step:
    """What a worker is at: its name, when it began (monotonic clock) and how many seconds it may last."""

    name: str
    started: float
    seconds: float


class Watchdog:
    """Knows the step in hand; ends the process (status 1, traceback on stderr) when it outlasts its time.

    The step's name and start are kept in memory shared with the parent of a child process.

    Parameters
    ----------
    limits : Limits
        What a step may take.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._shared = mmap.mmap(-1, _STEP_BYTES)
        self._exits = True

    def step(self, name: str, times: float = 1) -> None:
        """Begin a step.

        Parameters
        ----------
        name : str
            Part of a refusal's message; cut after some 230 bytes.
        times : float
            How many times a step's usual limit it may last.
        """
        text = name.encode()[: _STEP_BYTES - _HEADER.size]
        seconds = times * self.limits.step_s
        self._shared[: _HEADER.size + len(text)] = _HEADER.pack(time.monotonic(), seconds, len(text)) + text
        if self._exits:
            faulthandler.dump_traceback_later(seconds, exit=True, file=_STDERR)

    def rest(self) -> None:
        """No step is in hand."""
        faulthandler.cancel_dump_traceback_later()

    def in_child(self) -> None:
        """Leave the time limit to the parent process."""
        faulthandler.cancel_dump_traceback_later()
        self._exits = False

    def current(self) -> "Step":
        """The step in hand, or the last one."""
        started, seconds, length = _HEADER.unpack(self._shared[: _HEADER.size])
        return Step(self._shared[_HEADER.size : _HEADER.size + length].decode(errors="replace"), started, seconds)


def bisect(
    work: Callable[[list[Item]], Result], items: Sequence[Item], watchdog: Watchdog, size: int = 32
) -> Iterator[Result | tuple[Item, WorkerCrash]]:
    """Run `work` over pieces of items in child processes; an item that kills its process comes back with its crash.

    Parameters
    ----------
    work : callable
        Takes a list of items; its result must pickle. Calls `watchdog.step` as it goes.
    items : sequence
        What `work` changes of them stays in the child.
    watchdog : Watchdog
        Says what a step may take.
    size : int
        Items per piece at first.

    Yields
    ------
    result, or (item, WorkerCrash)
        In the order of the items.

    Raises
    ------
    Exception
        What `work` itself raised in the child.
    """
    for start in range(0, len(items), size):
        yield from _halving(work, list(items[start : start + size]), watchdog)


def _halving(
    work: Callable[[list[Item]], Result], piece: list[Item], watchdog: Watchdog
) -> Iterator[Result | tuple[Item, WorkerCrash]]:
    outcome = _in_child(work, piece, watchdog)
    if not isinstance(outcome, WorkerCrash):
        yield outcome
    elif len(piece) == 1:
        yield piece[0], outcome
    else:
        half = len(piece) // 2
        yield from _halving(work, piece[:half], watchdog)
        yield from _halving(work, piece[half:], watchdog)


def _in_child(work: Callable[[list[Item]], Result], piece: list[Item], watchdog: Watchdog) -> Result | WorkerCrash:
    watchdog.step("start")
    watchdog.rest()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(work, piece, watchdog, writer)
    os.close(writer)
    answer, timed_out = _receive(reader, child, watchdog)
    _, status = os.waitpid(child, 0)
    if status == 0 and answer:
        raised, value = pickle.loads(answer)  # noqa: S301 - our own child's answer over our own pipe
        if raised:
            raise value
        return value  # type: ignore[no-any-return]
    step = watchdog.current()
    return WorkerCrash(step.name, _how(status, step.seconds if timed_out else None, watchdog.limits))


def _child(work: Callable[[list[Item]], Any], piece: list[Item], watchdog: Watchdog, writer: int) -> NoReturn:
    watchdog.in_child()
    gc.freeze()  # what the parent left to be collected may have threads, which are not here
    held = _virtual_bytes() + watchdog.limits.memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (held, held))
    try:
        answer = (False, work(piece))
    except MemoryError:
        os._exit(77)
    except Exception as error:  # noqa: BLE001 - carried to the parent as it is
        answer = (True, error)
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump(answer, pipe)
    os._exit(0)


def _receive(reader: int, child: int, watchdog: Watchdog) -> tuple[bytes, bool]:
    chunks: list[bytes] = []
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], 0.05)
            if ready:
                chunk = pipe.read(1 << 20)
                if not chunk:
                    return b"".join(chunks), False
                chunks.append(chunk)
            elif _overdue(watchdog.current()):
                os.kill(child, signal.SIGKILL)
                return b"", True


def _overdue(step: Step) -> bool:
    return time.monotonic() - step.started > step.seconds


def _how(status: int, seconds: float | None, limits: Limits) -> str:
    if seconds is not None:
        return f"took more than {seconds:g} s"
    if os.WIFSIGNALED(status):
        return f"was killed by signal {signal.Signals(os.WTERMSIG(status)).name}"
    if os.WEXITSTATUS(status) == 77:
        return f"took more than {limits.memory_mb} MiB of memory"
    return f"ended its process with status {os.WEXITSTATUS(status)}"


def _virtual_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as handle:
        return int(handle.read().split()[0]) * resource.getpagesize()
