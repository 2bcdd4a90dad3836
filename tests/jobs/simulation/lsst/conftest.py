"""Light curves of each class as Rubin sees them, and the packets of some nights."""

import io
from dataclasses import dataclass, replace
from typing import Any

import fastavro
import pytest

from jobs.simulation.blocks import Block
from jobs.simulation.classes import CLASSES
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.packets import packets, triggers
from jobs.simulation.lsst.schema import SCHEMA
from jobs.simulation.measuring import measure
from jobs.simulation.populating import populate
from jobs.simulation.reach import LSST_REACH
from jobs.simulation.visits import SURVEYS

FIRST, LAST = 61430.0, 61448.0
PARSED = fastavro.parse_schema(SCHEMA)


@dataclass(frozen=True)
class Sent:
    """Packets of one class: the light curves, where in them each packet's detection is, and the decoded packets."""

    curves: LightCurves
    epochs: list[int]
    packets: list[dict[str, Any]]


def decoded(datum: bytes) -> dict[str, Any]:
    """A packet, of which no byte is left over."""
    file = io.BytesIO(datum)
    record = fastavro.schemaless_reader(file, PARSED)
    assert not file.read(1)
    return record


def curves_of(name: str, n: int = 60, last: float = LAST) -> LightCurves:
    """Light curves of one class, 400 days up to a time."""
    place, kind = next((place, kind) for place, kind in enumerate(CLASSES) if kind.name == name)
    spans = {"transient": (FIRST - 60, LAST), "moving": (FIRST, LAST)}
    first, end = spans.get(kind.branch, (LSST_REACH.first, LSST_REACH.last))
    objects = populate(Block(5, name, place, 0, n), kind, replace(LSST_REACH, first=first, last=end))
    return measure(objects, SURVEYS["lsst"], FIRST - 400, last)


@pytest.fixture(scope="session")
def sent() -> dict[str, Sent]:
    """The packets of eighteen nights, by class."""
    found = {}
    for name in ("rr_lyrae_ab", "sn_ia", "qso", "asteroid"):
        curves = curves_of(name, 200 if name == "asteroid" else 60)
        alerts = triggers(curves, FIRST, LAST)
        found[name] = Sent(curves, alerts.tolist(), [decoded(datum) for datum in packets(curves, alerts)])
    return found
