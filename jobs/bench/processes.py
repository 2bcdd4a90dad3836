"""CPU time and memory of this process and all that descend from it: driver, JVM, Python workers."""

import threading
from dataclasses import dataclass, field
from types import TracebackType

import psutil

MIB = 2**20


@dataclass
class Use:
    """What the processes used.

    Attributes
    ----------
    cpu_s : dict of str to float
        By kind (driver, jvm, workers): seconds of CPU, user and system.
    peak_mib : float
        Proportional set size of all together, at most.
    peak_by_kind : dict of str to float
        What it consisted of [MiB].
    """

    cpu_s: dict[str, float] = field(default_factory=dict)
    peak_mib: float = 0.0
    peak_by_kind: dict[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all of them."""
        return sum(self.cpu_s.values())


class Watch:
    """Samples the processes from a thread while a `with` block runs; `use` has the result.

    Parameters
    ----------
    memory : bool
        Whether to sample the memory too, four times a second; it costs some CPU of its own.
    """

    def __init__(self, memory: bool = False) -> None:
        self.use = Use()
        self._memory = memory
        self._before: dict[tuple[int, float], float] = {}
        self._now: dict[tuple[int, float], tuple[str, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample_on, daemon=True)

    def __enter__(self) -> "Watch":
        self._sample()
        self._before = {key: cpu for key, (_, cpu) in self._now.items()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()
        for key, (name, cpu) in self._now.items():
            self.use.cpu_s[name] = self.use.cpu_s.get(name, 0.0) + cpu - self._before.get(key, 0.0)

    def _sample_on(self) -> None:
        while not self._stop.wait(0.25 if self._memory else 1.0):
            self._sample()

    def _sample(self) -> None:
        held: dict[str, float] = {}
        for process in _family():
            try:
                with process.oneshot():
                    kind, times = _kind(process), process.cpu_times()
                    self._now[process.pid, process.create_time()] = kind, times.user + times.system
                    if self._memory:
                        held[kind] = held.get(kind, 0.0) + process.memory_full_info().pss / MIB
            except psutil.Error:
                continue  # it has ended; what it had used at the last look counts
        if sum(held.values()) > self.use.peak_mib:
            self.use.peak_mib, self.use.peak_by_kind = sum(held.values()), held


def _family() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _kind(process: psutil.Process) -> str:
    if process.pid == psutil.Process().pid:
        return "driver"
    return "jvm" if "java" in process.name() else "workers"
