"""Packets to measure with: simulated ZTF alerts, each re-issued under new ids, positions and times as often as needed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.simulation.reissue import reissued

SEED = 20_240
# Simulating an alert takes some 11 ms; this many stand for a night's variety of cutouts and histories.
DISTINCT = 1000
PER_FILE = 100
WHAT = (
    f"simulated ZTF 3.3 packets of all classes (SIMULATED; {DISTINCT} distinct stamps and histories,"
    " ids and positions all different)"
)
_WRITTEN = "_packets.json"


def packets_in(directory: Path, n: int) -> list[Path]:
    """Containers of the first n packets, written into a directory unless they are there already.

    Packet i is the same whatever n is.

    Parameters
    ----------
    directory : pathlib.Path
        Made if it is not there.
    n : int
        Alerts.
    """
    files = [directory / f"bench_{first:07d}.avro" for first in range(0, n, PER_FILE)]
    noted = directory / _WRITTEN
    if not _holds(noted, n):
        directory.mkdir(parents=True, exist_ok=True)
        for file, records in zip(files, _in_files(n), strict=True):
            file.write_bytes(container(records))
        noted.write_text(json.dumps({"packets": n, "what": WHAT}))
    return files


def _holds(noted: Path, n: int) -> bool:
    """Whether so many of these packets are there already."""
    found: dict[str, Any] = json.loads(noted.read_text()) if noted.exists() else {"packets": -1, "what": WHAT}
    return bool(found["packets"] >= n and found["what"] == WHAT)


def _in_files(n: int) -> Iterator[list[dict[str, Any]]]:
    templates: list[dict[str, Any]] = []
    for first in range(0, n, PER_FILE):
        numbers = range(first, min(first + PER_FILE, n))
        for number in numbers:
            if number < DISTINCT:
                templates.append(packet(SEED, number)[0])
        yield [reissued(templates[number % DISTINCT], number // DISTINCT) for number in numbers]
