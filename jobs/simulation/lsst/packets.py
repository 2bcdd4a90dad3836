"""Rubin packets of the detections of light curves."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.avro_datums import array, integer
from jobs.simulation.avro_rows import Columns, encode
from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst import encoding as avro
from jobs.simulation.lsst import solar_system
from jobs.simulation.lsst.points import Points
from jobs.simulation.lsst.scenes import Scene, scene, template_fluxes, template_seeing
from jobs.simulation.lsst.schema import DIA_FORCED_SOURCE, DIA_OBJECT, DIA_SOURCE, MPC_ORBITS, SS_SOURCE
from jobs.simulation.lsst.sources import forced_columns, source_columns
from jobs.simulation.lsst.stamps import Stamps
from jobs.simulation.lsst.summaries import Spans, object_columns
from jobs.simulation.measuring import TRIGGER
from jobs.simulation.object_class import Floats
from jobs.simulation.populating import object_ids

_OBJECT_STRIDE = 1e6  # [d]: more than any time, so that object and time are one sorted key
_NO_CUTOUTS = (avro.optional(None),) * 3
_MARK = 2 * avro.text("simulated")  # observation_reason and target_name


@dataclass(frozen=True)
class History:
    """What of an object's past a packet holds.

    Attributes
    ----------
    days : float
        How far back [d]; the survey's is a year.
    most : int or None
        The last so many detections at most; None for all.
    """

    days: float = 365.0
    most: int | None = None


def triggers(curves: LightCurves, first: float, last: float) -> Ints:
    """The detections that make an alert: places in the curves' flat epochs, ascending.

    Parameters
    ----------
    curves : LightCurves
    first, last : float
        [MJD TAI]; the last is excluded.
    """
    mjd, loud = curves.epochs.mjd, np.abs(curves.flux) >= TRIGGER * curves.flux_err
    return np.flatnonzero(curves.detected & loud & (mjd >= first) & (mjd < last))


def packets(curves: LightCurves, alerts: Ints, history: History | None = None, cutouts: bool = True) -> Iterator[bytes]:
    """A packet for each of some detections, with the object's past.

    Parameters
    ----------
    curves : LightCurves
        Of one block, from the survey's start for complete histories.
    alerts : numpy.ndarray of int64, shape (n,)
        As `triggers` gives them.
    history : History, optional
        A year if not given.
    cutouts : bool
        Whether the packets have any.

    Yields
    ------
    bytes
        An Avro datum of schema.SCHEMA.
    """
    if len(alerts):
        yield from _Writer(curves, alerts, history or History(), cutouts).packets()


@dataclass(frozen=True)
class _Writer:
    """Makes the packets of some triggers; what they share is made once."""

    curves: LightCurves
    triggers: Ints
    history: History
    cutouts: bool

    def packets(self) -> Iterator[bytes]:
        """The packets, in the order of the triggers."""
        points, spans = self._detections
        columns = source_columns(points, self._ids(points))
        sources = encode(DIA_SOURCE, columns, len(points))
        forced, before = self._forced()
        objects, orbiting, elements = self._objects(), *self._solar_system()
        stamps = Stamps(self._alerts, *self._surroundings[:2], columns["bboxSize"][spans.last].tolist())
        for one, last in enumerate(spans.last.tolist()):
            known = bool(self._known[one])
            history, visits = sources[spans.first[one] : last], forced[before.first[one] : before.last[one]]
            parts = (
                integer(int(self._alerts.id[one])),
                _MARK,
                sources[last],
                avro.optional(array(history) if history else None),
                avro.optional(None if known else array(visits)),
                avro.optional(None if known else objects[one]),
                avro.optional(orbiting.get(one)),
                avro.optional(elements.get(one)),
                *(map(avro.content, stamps.triplet(one)) if self.cutouts else _NO_CUTOUTS),
            )
            yield b"".join(parts)

    @cached_property
    def _surroundings(self) -> tuple[Scene, Floats, Floats]:
        """What stands around the objects, their templates' seeing, and their fluxes there."""
        around, seeing = scene(self.curves), template_seeing(self.curves.population)
        return around, seeing, template_fluxes(around, seeing)

    @cached_property
    def _alerts(self) -> Points:
        return Points(self.curves, self.triggers, self._surroundings[2])

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        return solar_system.is_known(self._alerts)

    @cached_property
    def _object_id(self) -> Ints:
        return np.asarray(object_ids(self.curves.population, "lsst"))

    @cached_property
    def _detections(self) -> tuple[Points, Spans]:
        """The detections of all packets, and each alert's."""
        return self._history(np.flatnonzero(self.curves.detected))

    def _ids(self, points: Points) -> Columns:
        known, ids = solar_system.is_known(points), self._object_id[points.object]
        return {"diaObjectId": np.where(known, 0, ids), "ssObjectId": np.where(known, ids, 0)}

    def _forced(self) -> tuple[list[bytes], Spans]:
        """All visits from the objects' first detections on, and each alert's, itself last (and not to be sent)."""
        epochs = self.curves.epochs
        since = epochs.mjd >= first_detections(self.curves)[epochs.object]
        points, spans = self._history(np.flatnonzero(since))
        columns = forced_columns(points, self._object_id[points.object])
        return encode(DIA_FORCED_SOURCE, columns, len(points)), spans

    def _objects(self) -> list[bytes]:
        columns = object_columns(*self._detections, self._object_id[self._alerts.object])
        return encode(DIA_OBJECT, columns, len(self.triggers))

    def _solar_system(self) -> tuple[dict[int, bytes], dict[int, bytes]]:
        """Records of the alerts whose object is known, by alert."""
        where = np.flatnonzero(self._known)
        known = self._alerts.take(where)
        if not len(where):
            return {}, {}
        sources = solar_system.source_columns(known, self._object_id[known.object])
        encoded = (
            encode(SS_SOURCE, sources, len(where)),
            encode(MPC_ORBITS, solar_system.orbit_columns(known), len(where)),
        )
        by_alert = [dict(zip(where.tolist(), records, strict=True)) for records in encoded]
        return by_alert[0], by_alert[1]

    def _history(self, among: Ints) -> tuple[Points, Spans]:
        """Those of some epochs that are in any alert's year, and each alert's range of them, its own epoch last."""
        owner, mjd = self.curves.epochs.object, self.curves.epochs.mjd
        key, begins = owner[among] * _OBJECT_STRIDE + mjd[among], owner[self.triggers] * _OBJECT_STRIDE
        last, begin = np.searchsorted(among, self.triggers), np.searchsorted(key, begins)
        oldest = np.searchsorted(key, begins + mjd[self.triggers] - self.history.days)
        first = np.maximum(begin, oldest)
        if self.history.most is not None:
            first = np.maximum(first, last - self.history.most)
        edges = np.zeros(len(among) + 1, dtype=np.int64)
        np.add.at(edges, first, 1)
        np.add.at(edges, last + 1, -1)
        kept = np.cumsum(edges[:-1]) > 0
        place = np.cumsum(kept) - 1
        spans = Spans(place[first], place[last], first - begin)
        return Points(self.curves, among[kept], self._surroundings[2]), spans


def first_detections(curves: LightCurves) -> Floats:
    """When each object was first detected [MJD TAI], shape (n,); infinity where it never was.

    Parameters
    ----------
    curves : LightCurves
    """
    begin = np.full(len(curves.population.number), np.inf)
    np.minimum.at(begin, curves.epochs.object[curves.detected], curves.epochs.mjd[curves.detected])
    return begin
