"""Times at the Earth against astropy's, one Time object per point."""

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time

from jobs.releases.heliocentric import earth_mjd_tai

GEOCENTRE = EarthLocation.from_geocentric(0 * u.m, 0 * u.m, 0 * u.m)


def test_times_at_the_earth_are_those_of_astropy_within_30_ms() -> None:
    rng = np.random.default_rng(1)
    hmjd, ra = rng.uniform(57400, 61000, 500), rng.uniform(0, 360, 500)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 500)))
    times = Time(hmjd, format="mjd", scale="utc", location=GEOCENTRE)
    delay = times.light_travel_time(SkyCoord(ra, dec, unit="deg"), "heliocentric", ephemeris="builtin")
    expected = (times - delay).tai.mjd
    assert np.abs(earth_mjd_tai(hmjd, ra, dec) - expected).max() * 86400 < 0.03
    assert np.abs(delay.to_value("s")).max() > 400  # the correction that is made is one


def test_a_time_that_is_none_has_no_answer() -> None:
    assert np.isnan(earth_mjd_tai(np.array([np.nan, 2458000.5, -1.0]), np.zeros(3), np.zeros(3))).all()
