"""Rubin's packets in a stream with faults, and its alerts to begin with."""

import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import fastavro
import numpy as np

from jobs.pipeline.decode.single import wire_of
from jobs.simulation.lsst.encoding import container
from jobs.simulation.lsst.ids import visit_ids
from jobs.simulation.lsst.maker import deep_maker, maker_of
from jobs.simulation.lsst.schema import SCHEMA
from jobs.simulation.packet_form import PacketForm, Record
from jobs.simulation.settings import AS_IT_IS, Settings
from jobs.simulation.sky_night import first_observed
from jobs.simulation.visits.altered import altered
from jobs.simulation.visits.lsst import SURVEY

_PARSED = fastavro.parse_schema(SCHEMA)
_HISTORIES = ("prvDiaSources", "prvDiaForcedSources")
_TEXT = json.dumps(SCHEMA)
_PLACES = 20_241
_ID_STEP, _ID_RANGE = 2**46, 2**63  # 4096 ticks of 30 s: no other template's
_OBJECT_STEP = 10**10  # more than any object's number within a seed
_MOST_ENCODED = 1000
_ENCODED: dict[tuple[int, ...], tuple[tuple[Any, ...], bytes]] = {}  # by the identity of a packet's two lists
_TIMES = ("midpointMjdTai", "timeProcessedMjdTai")


def templates(seed: int, n: int, points: int | None = None, settings: Settings = AS_IT_IS) -> Iterator[Record]:
    """Alerts of a night, decoded.

    Parameters
    ----------
    seed : int
    n : int
        How many; fewer where a class has hardly any that are seen.
    points : int, optional
        Detections of each before it, for full histories; these have a mix, depth and cadence of their own.
    settings : Settings
        Mix, depth and cadence.
    """
    maker = deep_maker(points) if points else maker_of(altered(SURVEY, settings.depth, settings.cadence))
    night = maker.begin(first_observed(maker, seed))
    for place, wanted in enumerate(maker.counts(n, settings.mix)):
        for made in islice(maker.alerts_of_class(seed, place, wanted, night), wanted):
            packet: Any = fastavro.schemaless_reader(io.BytesIO(made.data), _PARSED, None)
            yield packet


def encoded(packet: Record, wire: bool) -> bytes:
    """A packet as a message.

    Parameters
    ----------
    packet : dict
    wire : bool
        In Confluent wire format, as Rubin sends them; else an Avro container.
    """
    datum = _datum(packet, "head") + _history(packet) + _datum(packet, "tail")
    return wire_of(_TEXT, datum) if wire else container([datum])


def _parts() -> dict[str, Any]:
    """Schemas of the fields before the histories, of these, and of those behind: their datums together are the packet's."""
    fields = SCHEMA["fields"]
    source = fields[3]["type"]
    first = {**fields[4], "type": ["null", {"type": "array", "items": source}]}
    parts = {"head": fields[:4], "history": [first, fields[5]], "tail": fields[6:]}
    return {
        name: fastavro.parse_schema({"type": "record", "name": name, "fields": some}) for name, some in parts.items()
    }


_SCHEMAS = _parts()


def _datum(packet: Record, part: str) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, _SCHEMAS[part], packet)
    return buffer.getvalue()


def _history(packet: Record) -> bytes:
    """The histories' bytes; of a template they are made once, as packets issued again hold the very same lists."""
    lists = tuple(packet[name] for name in _HISTORIES)
    known = _ENCODED.get(tuple(map(id, lists)))
    if known is None:
        known = lists, _datum(packet, "history")
        if len(_ENCODED) >= _MOST_ENCODED:
            _ENCODED.clear()
        _ENCODED[tuple(map(id, lists))] = known  # holds the lists, too: nothing else gets their ids
    return known[1]


def _ids(packet: Record) -> tuple[int, str]:
    source = packet["diaSource"]
    return packet["diaSourceId"], str(source["diaObjectId"] or source["ssObjectId"])


def _brighter(packet: Record) -> Record:
    source = packet["diaSource"]
    return {**packet, "diaSource": {**source, "psfFlux": 1.6 * source["psfFlux"]}}


def _earlier(packet: Record, nights: int) -> Record:
    histories = {name: packet[name] for name in _HISTORIES}
    about = packet["diaObject"]
    names = ("validityStartMjdTai", "firstDiaSourceMjdTai", "lastDiaSourceMjdTai")
    moved = about and {name: about[name] - nights for name in names if about[name] is not None}
    return {
        **packet,
        "diaSource": _before(packet["diaSource"], nights),
        **{name: rows and [_before(row, nights) for row in rows] for name, rows in histories.items()},
        "diaObject": about and {**about, **moved},
    }


def _before(row: Record, nights: int) -> Record:
    times = {name: row[name] - nights for name in _TIMES}
    return {**row, **times, "visit": int(visit_ids(np.array([times["midpointMjdTai"]]))[0])}


def reissued(packet: Record, time: int) -> Record:
    """The packet as another object's: other ids, another place in the sky, as many seconds later; time 0 is itself.

    Parameters
    ----------
    packet : dict
        Its history is kept as it is, ids and all.
    time : int
        How many times it was issued before.
    """
    if time == 0:
        return packet
    source, about = packet["diaSource"], packet["diaObject"]
    alert = -1 - (-1 - packet["diaSourceId"] + time * _ID_STEP) % _ID_RANGE
    chance = np.random.default_rng([_PLACES, -alert])
    place = {"ra": float(chance.uniform(0, 360)), "dec": float(np.degrees(np.arcsin(chance.uniform(-1, 0.2))))}
    names: dict[str, Any] = {
        name: source[name] - time * _OBJECT_STEP for name in ("diaObjectId", "ssObjectId") if source[name]
    }
    moved = {**place, "diaSourceId": alert, "midpointMjdTai": source["midpointMjdTai"] + time / 86400}
    solar = packet["ssSource"]
    return {
        **packet,
        "diaSourceId": alert,
        "diaSource": {**source, **names, **moved},
        "diaObject": about and {**about, **place, "diaObjectId": names["diaObjectId"]},
        "ssSource": solar and {**solar, "diaSourceId": alert, "ssObjectId": names["ssObjectId"]},
    }


FORM = PacketForm(_ids, _brighter, _earlier, reissued)
