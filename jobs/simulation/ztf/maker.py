"""How nights of ZTF packets are made, in either layout."""

from functools import partial

from jobs.simulation.maker import Maker
from jobs.simulation.mix import counts
from jobs.simulation.sky_night import mjd_of
from jobs.simulation.visits.survey import Survey
from jobs.simulation.visits.ztf import SURVEY
from jobs.simulation.ztf.encoding import container
from jobs.simulation.ztf.making import alerts_of_class
from jobs.simulation.ztf.schemas import Version


def maker_of(version: Version = "3.3", survey: Survey = SURVEY) -> Maker:
    """ZTF's packets in a layout; 4.02 has forced photometry.

    Parameters
    ----------
    version : str
    survey : Survey
        ZTF, or as it would be with other images and visits.
    """
    alerts = partial(alerts_of_class, version=version, survey=survey)
    return Maker("ztf", 20240210, mjd_of, survey.observes_in, alerts, counts, partial(container, version))


MAKER = maker_of()
