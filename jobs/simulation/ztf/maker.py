"""How nights of ZTF packets are made."""

from functools import partial

from jobs.simulation.maker import Maker
from jobs.simulation.mix import counts
from jobs.simulation.sky_night import mjd_of
from jobs.simulation.ztf.choosing import is_observed
from jobs.simulation.ztf.encoding import container
from jobs.simulation.ztf.making import alerts_of_class

MAKER = Maker("ztf", 20240210, mjd_of, is_observed, alerts_of_class, counts, partial(container, "3.3"))
