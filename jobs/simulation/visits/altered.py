"""A survey as it would be with deeper images or fewer visits."""

from dataclasses import replace
from functools import partial

import numpy as np

from jobs.simulation.epochs import Conditions, Epochs, Floats, Ints, in_visits
from jobs.simulation.visits.chance import uniform
from jobs.simulation.visits.survey import Survey


def altered(survey: Survey, deeper: float = 0.0, kept: float = 1.0) -> Survey:
    """The survey with other images and visits; reference images stay.

    Parameters
    ----------
    survey : Survey
    deeper : float
        How much fainter its limits are [mag]; negative: brighter.
    kept : float
        Share of its exposures that are taken, above 0, up to 1. Which ones is the same for all objects of a field.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if not -3 <= deeper <= 3 or not 0 < kept <= 1:
        raise ValueError(f"depth is -3 to 3 [mag] and cadence above 0, up to 1; got {deeper} and {kept}")
    if deeper == 0 and kept == 1:
        return survey

    return replace(
        survey,
        visits=partial(_visits, survey, deeper, kept),
        earlier=partial(_earlier, survey, kept),
        deeper=survey.deeper + deeper,
    )


def _visits(
    survey: Survey, deeper: float, kept: float, seed: int, ra: Floats, dec: Floats, first: float, last: float
) -> tuple[Epochs, Conditions]:
    epochs, conditions = survey.visits(seed, ra, dec, first, last)
    second = np.round(epochs.mjd * 86400).astype(np.int64)
    some = uniform(seed, "cadence", conditions.field, second) < kept
    return in_visits(epochs, replace(conditions, limit=conditions.limit + deeper), some)


def _earlier(survey: Survey, kept: float, seed: int, ra: Floats, dec: Floats, mjd: Floats) -> Ints:
    return np.round(kept * survey.earlier(seed, ra, dec, mjd)).astype(np.int64)
