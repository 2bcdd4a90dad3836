"""Which objects of a class have an alert in a night."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice

import numpy as np

from jobs.simulation.blocks import Block
from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.packets import triggers
from jobs.simulation.measuring import measure
from jobs.simulation.object_class import ObjectClass
from jobs.simulation.populating import populate
from jobs.simulation.population import Population
from jobs.simulation.reach import LSST_REACH, Reach
from jobs.simulation.visits import chance
from jobs.simulation.visits.lsst import DEEP, START, SURVEY
from jobs.simulation.visits.survey import Survey

_MOST_BLOCKS = 4000  # tried for a class; the rarest has a few alerts in so many
_SEASON = 64.0  # [d]: transients are drawn in seasons of this length
_BLOCKS_OF_SEASON, _BLOCKS_OF_NIGHT = 15_000, 240
_BEFORE, _AFTER = 200.0, 32.0  # maxima of transients that a night can show, before and after it [d]
_AROUND = 6.0  # visits among which the nearest to a moment is looked for [d]
# Full histories are those of a survey that began so long before: else they would end in a job's future, which it refuses
_DEEP_EARLIER = 450.0  # [d]
_DEEP_RADIUS_DEG = 1.6
_DEEP_MAG = (19.5, 20.5)


def chosen(
    seed: int, place: int, kind: ObjectClass, night: float, deep: bool = False, survey: Survey = SURVEY
) -> Iterator[LightCurves]:
    """Light curves of a class's objects that have an alert in a night, block after block.

    Parameters
    ----------
    seed : int
    place : int
        Of the class in the list of classes.
    kind : ObjectClass
    night : float
        Its beginning at noon [MJD TAI]; it is a day long.
    deep : bool
        Whether the objects are put into deep fields that are observed in the night, and made bright enough to be
        detected nearly always. The survey of these began _DEEP_EARLIER before the other.
    survey : Survey
        LSST, or as it would be with other images and visits.

    Yields
    ------
    LightCurves
        From the survey's start to the night's end.

    Notes
    -----
    Transients are drawn by seasons, and what is seen once by nights, each with block numbers of its own: an object is
    the same in every night that shows it, and few are drawn in vain.
    """
    if not deep:
        yield from _chosen(seed, place, kind, night, deep, survey)
        return
    for curves in _chosen(seed, place, kind, night + _DEEP_EARLIER, deep, survey):
        yield replace(curves, epochs=replace(curves.epochs, mjd=curves.epochs.mjd - _DEEP_EARLIER))


def _chosen(
    seed: int, place: int, kind: ObjectClass, night: float, deep: bool, survey: Survey
) -> Iterator[LightCurves]:
    for index, reach in islice(_indices(kind, night), _MOST_BLOCKS):
        reach = replace(reach, faint=reach.faint + survey.deeper)
        objects = populate(Block(seed, kind.name, place, index), kind, reach)
        tonight = _visited(_in_deep_fields(objects, night) if deep else objects, night, survey)
        spans = {True: (night - _AROUND, night + _AROUND), False: (night, night + 1)}
        curves = measure(tonight, survey, *spans[kind.once])
        alerting = np.unique(curves.epochs.object[triggers(curves, night, night + 1)])
        if len(alerting):
            first, last = spans[True] if kind.once else (START, night + 1)
            yield measure(tonight.take(alerting), survey, first, last)


def is_deep_observed(seed: int, night: float) -> bool:
    """Whether the survey of full histories observes a deep field in a night.

    Parameters
    ----------
    seed : int
    night : float
        Its beginning [MJD TAI].
    """
    return bool(len(_deep_fields(seed, night + _DEEP_EARLIER)))


def _deep_fields(seed: int, night: float) -> Ints:
    """Those that are observed, as places in DEEP."""
    ra, dec = DEEP.T
    epochs, _ = SURVEY.visits(seed, ra, dec, night, night + 1)
    return np.flatnonzero(np.diff(epochs.start))


def _indices(kind: ObjectClass, night: float) -> Iterator[tuple[int, Reach]]:
    """Numbers of blocks, and within which reach each is drawn."""
    day = int(night - START)
    if kind.once:
        reach = replace(LSST_REACH, first=night, last=night + 1)
        yield from ((day * _BLOCKS_OF_NIGHT + k, reach) for k in range(_BLOCKS_OF_NIGHT))
    elif kind.branch == "transient":
        seasons = range(int(day // _SEASON), int((day + _AFTER + _BEFORE) // _SEASON) + 1)
        for k in range(_BLOCKS_OF_SEASON):
            for season in seasons:
                first = START - _BEFORE + season * _SEASON
                yield season * _BLOCKS_OF_SEASON + k, replace(LSST_REACH, first=first, last=first + _SEASON)
    else:
        yield from ((k, LSST_REACH) for k in count())


def _visited(objects: Population, night: float, survey: Survey) -> Population:
    """Those that are observed in the night; of what is seen once, all, because the nearest visit is asked for."""
    if objects.kind.once:
        return objects
    epochs, _ = survey.visits(objects.block.seed, objects.ra, objects.dec, night, night + 1)
    return objects.take(np.diff(epochs.start) > 0)


def _in_deep_fields(objects: Population, night: float) -> Population:
    seed = objects.block.seed
    observed = _deep_fields(seed, night)
    if not len(observed):
        raise ValueError(
            f"no deep field is observed in the night of MJD {night - _DEEP_EARLIER:.0f} with seed {seed};"
            " take another date"
        )
    field = observed[(chance.uniform(seed, "deep field", objects.number) * len(observed)).astype(np.int64)]
    radius = _DEEP_RADIUS_DEG * np.sqrt(chance.uniform(seed, "deep radius", objects.number))
    angle = 2 * np.pi * chance.uniform(seed, "deep angle", objects.number)
    dec = DEEP[field, 1] + radius * np.cos(angle)
    ra = DEEP[field, 0] + radius * np.sin(angle) / np.cos(np.radians(dec))
    least, most = _DEEP_MAG
    mag = least + (most - least) * chance.uniform(seed, "deep magnitude", objects.number)
    return replace(objects, ra=ra % 360, dec=dec, parameters={**objects.parameters, "mean_mag": mag})
