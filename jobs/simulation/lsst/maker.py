"""How nights of Rubin packets are made: ordinary ones, and those of objects with full histories."""

from functools import partial

import numpy as np

from jobs.simulation.classes import CLASSES
from jobs.simulation.lsst.choosing import is_deep_observed
from jobs.simulation.lsst.encoding import container
from jobs.simulation.lsst.making import alerts_of_class
from jobs.simulation.maker import Maker
from jobs.simulation.mix import Mix, counts
from jobs.simulation.sky_night import mjd_of
from jobs.simulation.visits.lsst import SURVEY
from jobs.simulation.visits.survey import Survey

TAI_MINUS_UTC = 37 / 86400  # [d], since 2017
_DEEP_CLASSES = ("rr_lyrae_ab", "rr_lyrae_c")  # hardly a visit without a detection


def begin(date: int) -> float:
    """The noon before the night that the observatory calls by a date [MJD TAI].

    Parameters
    ----------
    date : int
        YYYYMMDD.
    """
    return mjd_of(date) + 0.5 + TAI_MINUS_UTC


def deep_maker(points: int) -> Maker:
    """Alerts of objects in deep fields, one each, with so many detections before it, however old.

    Parameters
    ----------
    points : int
        Up to 1,600 by the summer of 2026.
    """
    alerts = partial(alerts_of_class, points=points)
    return Maker("lsst", 20260708, begin, is_deep_observed, alerts, _deep_counts, container)


def _deep_counts(alerts: int, _: Mix) -> list[int]:
    share = np.array([kind.name in _DEEP_CLASSES for kind in CLASSES]) / len(_DEEP_CLASSES)
    return [int(count) for count in np.diff(np.round(alerts * np.cumsum(share)).astype(int), prepend=0)]


def maker_of(survey: Survey = SURVEY) -> Maker:
    """Rubin's packets.

    Parameters
    ----------
    survey : Survey
        LSST, or as it would be with other images and visits.
    """
    alerts = partial(alerts_of_class, survey=survey)
    return Maker("lsst", 20260910, begin, survey.observes_in, alerts, counts, container)


MAKER = maker_of()
