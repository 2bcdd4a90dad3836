"""ZTF's alerts for a stream to begin with."""

import io
from collections.abc import Iterator
from typing import Any

import fastavro

from jobs.simulation.classes import CLASSES
from jobs.simulation.mix import turn
from jobs.simulation.packet_form import Record
from jobs.simulation.settings import AS_IT_IS, Settings
from jobs.simulation.sky_night import first_observed
from jobs.simulation.visits.altered import altered
from jobs.simulation.visits.ztf import SURVEY
from jobs.simulation.ztf.maker import maker_of
from jobs.simulation.ztf.schemas import SCHEMAS

_PARSED = fastavro.parse_schema(SCHEMAS["3.3"])


def templates(seed: int, n: int, settings: Settings = AS_IT_IS) -> Iterator[Record]:
    """Alerts of a night in the order of their numbers, decoded.

    Parameters
    ----------
    seed : int
    n : int
        How many; fewer where a class has hardly any that are seen.
    settings : Settings
        Mix, depth and cadence.
    """
    maker = maker_of(survey=altered(SURVEY, settings.depth, settings.cadence))
    night = maker.begin(first_observed(maker, seed))
    alerts = {place: maker.alerts_of_class(seed, place, n, night) for place in range(len(CLASSES))}
    for number in range(n):
        made = next(alerts[turn(number, settings.mix)[0]], None)
        if made is not None:
            packet: Any = fastavro.schemaless_reader(io.BytesIO(made.data), _PARSED, None)
            yield packet
