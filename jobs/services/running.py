"""Which services run on this machine, and how they come and go: a folder each, gone when the service is."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.common.java import EnvironmentProblem
from jobs.services.jars import cache
from jobs.services.kafka import DEFAULT_PORT, start_kafka
from jobs.services.process import alive, created, free_port, stop


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
    return service.addresses["bootstrap"] if service is not None and service.up else f"localhost:{DEFAULT_PORT}"


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
        If it cannot be started, or runs on another port than the one asked for.
    """
    known = find(name)
    if known is not None and known.up:
        if port is not None and not known.addresses["bootstrap"].endswith(f":{port}"):
            raise EnvironmentProblem(f"{name} runs at {known.addresses['bootstrap']}, port {port} was asked for")
        return known
    down(name)
    directory = home() / name
    addresses, pids = SERVICES[name](directory, port)
    content: dict[str, Any] = {"addresses": addresses, "pids": {pid: created(pid) for pid in pids}}
    (directory / "service.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Running(name, directory, addresses, content["pids"])


def down(name: str) -> bool:
    """Stop a service and remove its folder with its data; whether there was one.

    Parameters
    ----------
    name : str
        A key of SERVICES.
    """
    known = find(name)
    for pid, since in known.pids.items() if known else ():
        if alive(pid, since):
            stop(pid)
    directory = home() / name
    there = directory.exists()
    shutil.rmtree(directory, ignore_errors=True)
    return there


def _kafka(directory: Path, port: int | None) -> tuple[dict[str, str], list[int]]:
    broker = start_kafka(directory, port or free_port(DEFAULT_PORT))
    return {"bootstrap": broker.bootstrap, "scram": broker.scram}, [broker.pid]


SERVICES: dict[str, Callable[[Path, int | None], tuple[dict[str, str], list[int]]]] = {"kafka": _kafka}
