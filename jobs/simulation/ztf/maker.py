"""How nights of ZTF packets are made, in either layout."""

from functools import partial

from jobs.simulation.maker import Maker
from jobs.simulation.mix import counts
from jobs.simulation.sky_night import mjd_of
from jobs.simulation.visits.ztf import SURVEY
from jobs.simulation.ztf.encoding import container
from jobs.simulation.ztf.making import alerts_of_class
from jobs.simulation.ztf.schemas import Version


def maker_of(version: Version) -> Maker:
    """ZTF's packets in a layout; 4.02 has forced photometry.

    Parameters
    ----------
    version : str
    """
    alerts = partial(alerts_of_class, version=version)
    return Maker("ztf", 20240210, mjd_of, SURVEY.observes_in, alerts, counts, partial(container, version))


MAKER = maker_of("3.3")
