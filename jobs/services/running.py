"""Which services run on this machine, and how they come and go: a folder each, gone when the service is."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.common.java import EnvironmentProblem
from jobs.services.hbase import THRIFT_PORT, start_hbase, thrift_answers
from jobs.services.jars import cache
from jobs.services.kafka import DEFAULT_PORT, broker_answers, start_kafka
from jobs.services.process import STOP_S, alive, created, free_port, stop


@dataclass(frozen=True)
class Service:
    """A kind of service.

    Attributes
    ----------
    start : callable
        Starts one in a directory at a port; its addresses by name, its processes in the order in which they are ended.
    main : str
        Which of its addresses has the port that is asked for.
    usual_port : int
        Taken if none is asked for and it is free.
    answers : callable
        Whether the one at this main address does its work.
    """

    start: Callable[[Path, int], tuple[dict[str, str], list[int]]]
    main: str
    usual_port: int
    answers: Callable[[str], bool]


@dataclass(frozen=True)
class Running:
    """A service that was started.

    Attributes
    ----------
    addresses : dict
        What a client needs, by name.
    pids : dict
        When each of its processes was started (seconds since 1970), by process id.
    """

    name: str
    directory: Path
    addresses: dict[str, str]
    pids: dict[int, float]

    @property
    def up(self) -> bool:
        """Whether its processes are there."""
        return bool(self.pids) and all(alive(pid, since) for pid, since in self.pids.items())

    @property
    def main(self) -> str:
        """The address that most clients want, host:port."""
        return self.addresses[SERVICES[self.name].main]

    @property
    def state(self) -> str:
        """`up`; `died`, when a process is gone; `does not answer`, when they are there and it does not work."""
        if not self.up:
            return "died"
        return "up" if SERVICES[self.name].answers(self.main) else "does not answer"


def home() -> Path:
    """Where services keep their folders: $STRIX_SERVICES, else the user's cache."""
    return Path(os.environ.get("STRIX_SERVICES", cache() / "services"))


def find(name: str) -> Running | None:
    """A service that was started, whether or not it still runs; None if it was not started.

    Parameters
    ----------
    name : str
        A key of SERVICES.
    """
    path = home() / name / "service.json"
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    pids = {int(pid): since for pid, since in content["pids"].items()}
    return Running(name, path.parent, content["addresses"], pids)


def usual_bootstrap() -> str:
    """The broker that `strix services` started on this machine; else where one usually is."""
    service = find("kafka")
    return service.main if service is not None and service.up else f"localhost:{DEFAULT_PORT}"


def up(name: str, port: int | None = None) -> Running:
    """Start a service, unless it runs; what an earlier one left is removed first.

    Parameters
    ----------
    name : str
        A key of SERVICES.
    port : int, optional
        Otherwise the usual port if it is free, else any free one.

    Raises
    ------
    EnvironmentProblem
        If it cannot be started, runs on another port than the one asked for, or somebody else has that port.
    """
    known = find(name)
    if known is not None and known.up:
        if port is not None and not known.main.endswith(f":{port}"):
            raise EnvironmentProblem(f"{name} runs at {known.main}, port {port} was asked for")
        return known
    down(name)
    directory = home() / name
    addresses, pids = SERVICES[name].start(directory, _free(SERVICES[name], port))
    content: dict[str, Any] = {"addresses": addresses, "pids": {pid: created(pid) for pid in pids}}
    (directory / "service.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Running(name, directory, addresses, content["pids"])


def _free(service: Service, port: int | None) -> int:
    found = free_port(port or service.usual_port)
    if port is not None and found != port:
        raise EnvironmentProblem(f"port {port} was asked for, and another program has it; {found} is free")
    return found


def down(name: str) -> bool:
    """Stop a service and remove its folder with its data; whether there was one.

    Parameters
    ----------
    name : str
        A key of SERVICES.
    """
    known = find(name)
    pids = known.pids if known else {}
    for pid, since in pids.items():
        if alive(pid, since):
            # What it has not written when time is up is removed anyway.
            stop(pid, 0.9 * STOP_S / len(pids))
    directory = home() / name
    there = directory.exists()
    shutil.rmtree(directory, ignore_errors=True)
    return there


def _kafka(directory: Path, port: int) -> tuple[dict[str, str], list[int]]:
    broker = start_kafka(directory, port)
    return {"bootstrap": broker.bootstrap, "scram": broker.scram}, [broker.pid]


def _hbase(directory: Path, port: int) -> tuple[dict[str, str], list[int]]:
    server = start_hbase(directory, port)
    return {"thrift": server.thrift, "zookeeper": server.zookeeper}, [server.thrift_pid, server.master_pid]


SERVICES = {
    "kafka": Service(_kafka, "bootstrap", DEFAULT_PORT, broker_answers),
    "hbase": Service(_hbase, "thrift", THRIFT_PORT, thrift_answers),
}
