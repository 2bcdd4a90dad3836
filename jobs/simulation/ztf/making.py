"""The alerts of a class in a night, encoded, with what is true of them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import Epochs, Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.maker import Made
from jobs.simulation.parts import ALERTS, in_part, parts
from jobs.simulation.visits.survey import Survey
from jobs.simulation.visits.ztf import SURVEY
from jobs.simulation.ztf.alerted import Alerted
from jobs.simulation.ztf.choosing import alerting, chosen, with_looks
from jobs.simulation.ztf.observing import observed
from jobs.simulation.ztf.packets import packets
from jobs.simulation.ztf.schemas import Version

# Alerts of a class are made so many at a time: who wants a few has them soon.
_AT_FIRST = (32, 64, 128)
_NUMBERS = ("redshift", "t0", "period", "mean_mag", "peak_mag")


def alerts_of_class(
    seed: int, place: int, wanted: int, night: float, version: Version = "3.3", survey: Survey = SURVEY
) -> Iterator[Made]:
    """The first alerts of a class: block after block, object after object.

    Parameters
    ----------
    seed : int
    place : int
        Of the class in CLASSES.
    wanted : int
        How many; fewer if the class has hardly any that are seen.
    night : float
        [MJD UTC].
    version : str
        Of the packets' layout.
    survey : Survey
        ZTF, or as it would be with other images and visits.
    """
    return islice(_of_class(seed, place, night, version, survey), wanted)


def _of_class(seed: int, place: int, night: float, version: Version, survey: Survey) -> Iterator[Made]:
    sizes = chain(_AT_FIRST, repeat(ALERTS))
    for curves, visits in chosen(seed, place, CLASSES[place], night, survey):
        curves, visits = _looked_at(curves, visits, (night, night + 1))
        for part, some in enumerate(parts(visits, curves.epochs.object[visits], sizes)):
            yield from _encoded(in_part(curves, part), some, version)


def alerts_of_visits(
    curves: LightCurves, visits: Ints, span: tuple[float, float], version: Version = "3.3", cutouts: bool = True
) -> Iterator[Made]:
    """The alerts of some visits of a block's objects.

    Parameters
    ----------
    curves : LightCurves
    visits : numpy.ndarray of int64
        Ascending; of what was there once, all that make an alert.
    span : tuple of float
        First and last time of the visits [MJD].
    version : str
        Of the packets' layout.
    cutouts : bool
        Whether the packets have any.
    """
    if len(visits):
        yield from _encoded(*_looked_at(curves, visits, span), version, cutouts)


def _looked_at(curves: LightCurves, visits: Ints, span: tuple[float, float]) -> tuple[LightCurves, Ints]:
    """What was there once has the visits before, too."""
    if not curves.population.kind.once or not len(visits):
        return curves, visits
    curves = with_looks(curves, *span)
    return curves, alerting(curves, span[0])


def _encoded(curves: LightCurves, visits: Ints, version: Version, cutouts: bool = True) -> Iterator[Made]:
    curves, visits = _of_alerts(curves, visits)
    alerted = observed(curves, visits)
    truth = _truth(alerted)
    for packet, row in zip(packets(alerted, version, cutouts), truth, strict=True):
        own = {"alert_id": packet.candid, "object_id": packet.object_id, **row}
        yield Made(packet.jd, packet.candid, packet.data, own)


def _of_alerts(curves: LightCurves, visits: np.ndarray) -> tuple[LightCurves, np.ndarray]:
    """The light curves without the visits of objects that have no alert."""
    owner = curves.epochs.object
    kept = np.isin(owner, owner[visits])
    many = np.bincount(owner[kept], minlength=len(curves.epochs.start) - 1)
    epochs = Epochs(
        np.concatenate([[0], np.cumsum(many)]).astype(np.int64), curves.epochs.mjd[kept], curves.epochs.band[kept]
    )
    conditions = replace(curves.conditions, **{name: values[kept] for name, values in vars(curves.conditions).items()})
    columns = {name: getattr(curves, name)[kept] for name in ("true", "flux", "flux_err", "detected")}
    return replace(curves, epochs=epochs, conditions=conditions, **columns), np.cumsum(kept)[visits] - 1


def _truth(alerted: Alerted) -> list[dict[str, Any]]:
    population, curves = alerted.curves.population, alerted.curves
    columns: dict[str, list[Any]] = {
        "true_flux": alerted.of_visits(curves.true).tolist(),
        "snr": (alerted.of_visits(curves.flux) / alerted.of_visits(curves.flux_err)).tolist(),
        "ebv": population.ebv[alerted.object].tolist(),
    }
    for name in _NUMBERS:
        values = population.parameters.get(name)
        columns[name] = [None] * len(alerted) if values is None else np.asarray(values, float)[alerted.object].tolist()
    kind = population.kind
    fixed = {"class": kind.name, "stamp_class": kind.stamp_class, "leaf": kind.leaf}
    return [fixed | dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
