"""What differs between the surveys whose nights are simulated; a survey is a line here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.maker import MAKER as LSST
from jobs.simulation.lsst.making import alerts_of_visits as lsst_alerts
from jobs.simulation.maker import Made, Maker
from jobs.simulation.parts import in_part
from jobs.simulation.sky_night import mjd_of
from jobs.simulation.survey.plan import Plan
from jobs.simulation.ztf.maker import MAKER as ZTF
from jobs.simulation.ztf.making import alerts_of_visits as ztf_alerts

_ANY_DATE = 20200101


@dataclass(frozen=True)
class Nights:
    """How a survey's alerts are made night after night.

    Attributes
    ----------
    maker : Maker
        Of single nights.
    first_date : int
        The first night if none is asked for, YYYYMMDD.
    alerts : callable
        (light curves from the survey's start, visits that make an alert, which part of the block they are, plan) to
        the alerts.
    time_zero : float
        MJD of 0 in the scale of the alerts' times.
    """

    maker: Maker
    first_date: int
    alerts: Callable[[LightCurves, Ints, int, Plan], Iterator[Made]]
    time_zero: float = 0.0

    def date(self, time: float) -> int:
        """The night of an alert, YYYYMMDD, by the survey's own reckoning.

        Parameters
        ----------
        time : float
            As of Made.
        """
        noon = self.maker.begin(_ANY_DATE) - mjd_of(_ANY_DATE)
        day = np.datetime64("1858-11-17") + int(np.floor(time + self.time_zero - noon))
        return int(str(day).replace("-", ""))


def _ztf(curves: LightCurves, visits: Ints, part: int, plan: Plan) -> Iterator[Made]:
    yield from ztf_alerts(in_part(curves, part), visits, (plan.first, plan.last), cutouts=plan.cutouts)


def _lsst(curves: LightCurves, visits: Ints, _: int, plan: Plan) -> Iterator[Made]:
    yield from lsst_alerts(curves, visits, cutouts=plan.cutouts)  # functions of the objects' numbers: parts change none


NIGHTS = {"ztf": Nights(ZTF, 20200101, _ztf, -2400000.5), "lsst": Nights(LSST, 20260101, _lsst)}
