"""Which objects of a class have an alert in a night."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from jobs.simulation.blocks import Block
from jobs.simulation.epochs import Epochs, Floats, Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.measuring import TRIGGER, measure
from jobs.simulation.object_class import ObjectClass
from jobs.simulation.populating import populate
from jobs.simulation.reach import ZTF_REACH
from jobs.simulation.visits.gathering import Bools
from jobs.simulation.visits.survey import Survey
from jobs.simulation.visits.ztf import SURVEY, every_field, place_on_camera
from science_modules.common.photometry import error_of_limit

HISTORY_DAYS = 30.0
_MOST_BLOCKS = 500  # of a class that is hardly ever seen; 128,000 objects
_BEFORE = {"transient": 150.0}  # how long before the night a transient of interest may have had its maximum [d]
_AFTER = 25.0


def chosen(
    seed: int, place: int, kind: ObjectClass, night: float, survey: Survey = SURVEY
) -> Iterator[tuple[LightCurves, Ints]]:
    """Blocks of a class, each with the visits that make an alert in a night.

    Parameters
    ----------
    seed : int
    place : int
        Of the class in the list of classes.
    kind : ObjectClass
    night : float
        Beginning of the night [MJD UTC], a day long.
    survey : Survey
        ZTF, or as it would be with other images and visits.

    Yields
    ------
    curves : LightCurves
        From HISTORY_DAYS before the night to its end; those of transients from their beginning.
    visits : numpy.ndarray of int64
        Numbers of the visits with an alert, ascending.

    Notes
    -----
    What is drawn at a time (a supernova's maximum, an asteroid's place) is drawn near the night: most would be
    invisible in it. So is every place: where the survey does not look in the night nothing is drawn. So an object of a
    night is not that of a survey with the same seed and number.
    """
    first = night - _BEFORE.get(kind.branch, HISTORY_DAYS)
    span = {"first": night, "last": night + 1} if kind.once else {"first": first, "last": night + _AFTER}
    reach = replace(ZTF_REACH, faint=ZTF_REACH.faint + survey.deeper, **span)
    tonight = _fields_of(survey, seed, night)
    # What is there once is in the visit that is nearest, which may be one of the night before
    lately = night - 1 if kind.once else night
    for index in range(_MOST_BLOCKS):
        objects = populate(
            Block(seed, kind.name, place, index), kind, reach, lambda *at: tonight[place_on_camera(*at)[0]]
        )
        if not len(objects.number):
            return
        curves = measure(objects, survey, lately, night + 1)
        seen = np.unique(curves.epochs.object[alerting(curves, night)])
        if len(seen):
            begin = lately if kind.once else first
            curves = measure(objects.take(seen), survey, begin, night + 1, curves.reference[seen])
            yield curves, alerting(curves, night)


@lru_cache(4)
def _fields_of(survey: Survey, seed: int, night: float) -> Bools:
    """Whether each field has a visit in a night, by its number."""
    epochs, _ = survey.visits(seed, *every_field(), night, night + 1)
    return np.concatenate([[False], np.diff(epochs.start) > 0])


def alerting(curves: LightCurves, night: float) -> Ints:
    """Visits of a night that make an alert: histories reach lower.

    Parameters
    ----------
    curves : LightCurves
    night : float
        [MJD UTC].
    """
    loud = np.abs(curves.flux) >= TRIGGER * curves.flux_err
    return np.flatnonzero(curves.detected & loud & (curves.epochs.mjd >= night))


def with_looks(curves: LightCurves, first: float, last: float) -> LightCurves:
    """Light curves of what was there once, with the visits before in which nothing was seen.

    Parameters
    ----------
    curves : LightCurves
        With one visit of an object at most.
    first, last : float
        From when to when the survey observes; HISTORY_DAYS before the first are looked at, too [MJD].
    """
    population = curves.population
    seed = population.block.seed
    epochs, conditions = curves.survey.visits(seed, population.ra, population.dec, first - HISTORY_DAYS, last)
    own = _place_of(curves.epochs, epochs)
    error = error_of_limit(conditions.limit)
    true, flux = np.zeros((2, len(error)))
    true[own], flux[own], error[own] = curves.true, curves.flux, curves.flux_err
    detected = np.zeros(len(error), dtype=bool)
    detected[own] = curves.detected
    return LightCurves(population, curves.survey, epochs, conditions, curves.reference, true, flux, error, detected)


def _place_of(some: Epochs, of: Epochs) -> Ints:
    """Where the visits of some epochs are among more of the same objects; times of an object are distinct."""
    return np.searchsorted(_key(of), _key(some)).astype(np.int64)


def _key(epochs: Epochs) -> Floats:
    return np.asarray(epochs.object * 1e6 + epochs.mjd)
