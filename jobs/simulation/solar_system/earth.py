"""Where the Earth is, tabulated by days."""

from functools import lru_cache

import erfa
import numpy as np

from jobs.simulation.epochs import Floats

FIRST_DAY, DAYS = 57000, 7000  # MJD TDB: 2014-12 to 2034-02
_SPAN = 100  # days that are tabulated together
_JD_OF_MJD = 2400000.5


@lru_cache
def _table(first: int, last: int) -> tuple[Floats, Floats]:
    """Of some spans of days, the last of them included: a night needs one."""
    days = FIRST_DAY + np.arange(first * _SPAN, (last + 1) * _SPAN, dtype=np.float64)
    heliocentric, _ = erfa.epv00(_JD_OF_MJD, days)
    return np.ascontiguousarray(heliocentric["p"]), np.ascontiguousarray(heliocentric["v"])


def earth(mjd_tdb: Floats) -> tuple[Floats, Floats]:
    """Heliocentric position and velocity of the Earth's centre.

    Parameters
    ----------
    mjd_tdb : numpy.ndarray, shape (m,)
        [MJD TDB], 57000 to 63999.

    Returns
    -------
    position, velocity : numpy.ndarray, shape (m, 3)
        Along the axes of the ICRS [au], [au/d].

    Raises
    ------
    ValueError
        If a time is outside the table.

    Notes
    -----
    Cubic Hermite interpolation of ERFA's epv00 between days: right within 1e-8 au.
    """
    if len(mjd_tdb) and not (mjd_tdb.min() >= FIRST_DAY and mjd_tdb.max() < FIRST_DAY + DAYS - 1):
        span = f"{mjd_tdb.min()} to {mjd_tdb.max()}"
        raise ValueError(f"the Earth's place is known from MJD {FIRST_DAY} to {FIRST_DAY + DAYS - 2}, asked for {span}")
    day = np.floor(mjd_tdb).astype(np.int64) - FIRST_DAY
    x = (mjd_tdb - np.floor(mjd_tdb))[:, None]
    first, last = (int(end) // _SPAN for end in (np.min(day, initial=DAYS), np.max(day, initial=0) + 1))
    place, speed = _table(first, last)
    day -= first * _SPAN
    p0, p1, v0, v1 = place[day], place[day + 1], speed[day], speed[day + 1]
    square = 3 * (p1 - p0) - 2 * v0 - v1
    cube = 2 * (p0 - p1) + v0 + v1
    return p0 + x * (v0 + x * (square + x * cube)), v0 + x * (2 * square + x * 3 * cube)
