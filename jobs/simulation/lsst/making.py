"""The alerts of a class in a night, encoded, with what is true of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.choosing import chosen
from jobs.simulation.lsst.ids import source_ids
from jobs.simulation.lsst.packets import History, packets, triggers
from jobs.simulation.maker import Made
from jobs.simulation.populating import object_ids
from jobs.simulation.visits.lsst import SURVEY
from jobs.simulation.visits.survey import Survey

_NUMBERS = ("redshift", "t0", "period", "mean_mag", "peak_mag")


def alerts_of_class(
    seed: int, place: int, wanted: int, night: float, points: int | None = None, survey: Survey = SURVEY
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
        Its beginning at noon [MJD TAI].
    points : int, optional
        For objects of deep fields with histories of so many detections at most, one alert each.
    survey : Survey
        LSST, or as it would be with other images and visits.
    """
    left, history = wanted, History(days=np.inf, most=points) if points else History()
    for curves in chosen(seed, place, CLASSES[place], night, bool(points), survey) if wanted else ():
        alerts = triggers(curves, night, night + 1)
        alerts = (_with_history(curves, alerts, points) if points else alerts)[:left]
        yield from alerts_of_visits(curves, alerts, history)
        left -= len(alerts)
        if not left:
            return


def alerts_of_visits(
    curves: LightCurves, alerts: Ints, history: History | None = None, cutouts: bool = True
) -> Iterator[Made]:
    """The alerts of some detections of a block's objects.

    Parameters
    ----------
    curves, alerts, history, cutouts
        As of `packets`.
    """
    rows = _truth(curves, alerts)
    for row, epoch, data in zip(rows, alerts.tolist(), packets(curves, alerts, history, cutouts), strict=True):
        yield Made(float(curves.epochs.mjd[epoch]), row["alert_id"], data, row)


def _with_history(curves: LightCurves, alerts: Ints, points: int) -> Ints:
    """The first of each object's alerts that has so many detections before it."""
    owner = curves.epochs.object[alerts]
    so_far = np.concatenate([[0], np.cumsum(curves.detected)])
    before = so_far[alerts] - so_far[curves.epochs.start[owner]]
    enough = before >= points
    first = np.unique(owner[enough], return_index=True)[1]
    return np.asarray(alerts[enough][first])


def _truth(curves: LightCurves, alerts: Ints) -> list[dict[str, Any]]:
    objects, owner = curves.population, curves.epochs.object[alerts]
    ids = object_ids(objects, "lsst")[owner]
    columns: dict[str, Any] = {
        "alert_id": source_ids(objects.block.seed, objects.number[owner], curves.epochs.mjd[alerts]),
        "object_id": [_name(curves, one, int(number)) for one, number in zip(owner.tolist(), ids, strict=True)],
        "true_flux": curves.true[alerts],
        "snr": curves.flux[alerts] / curves.flux_err[alerts],
        "ebv": objects.ebv[owner],
        **{name: np.asarray(objects.parameters[name], float)[owner] for name in _NUMBERS if name in objects.parameters},
    }
    fixed = {"class": objects.kind.name, "stamp_class": objects.kind.stamp_class, "leaf": objects.kind.leaf}
    lists = {name: column.tolist() if isinstance(column, np.ndarray) else column for name, column in columns.items()}
    rows = zip(*lists.values(), strict=True)
    return [dict.fromkeys(_NUMBERS) | fixed | dict(zip(lists, row, strict=True)) for row in rows]


def _name(curves: LightCurves, one: int, number: int) -> str:
    """As the common view names it."""
    moving = curves.population.kind.branch == "moving"
    return f"sso:{number}" if moving and curves.population.parameters["known"][one] else str(number)
