"""Heliocentric times as times at the Earth: the light's way between Earth and Sun, up to 8.3 minutes."""

from functools import lru_cache

import erfa
import numpy as np
from numpy.typing import NDArray

from jobs.common.times import MJD_ZERO, utc_to_tai

Floats = NDArray[np.float64]

AU_LIGHT_DAYS = 499.004783836 / 86400.0  # light time of 1 au, IAU 2012 [d]
_FIRST, _LAST = 41317.0, 88069.0  # 1972 to 2100: other times have no answer


def earth_mjd_tai(hmjd: Floats, ra: Floats, dec: Floats) -> Floats:
    """TAI at the Earth of heliocentric UTC times.

    Parameters
    ----------
    hmjd : numpy.ndarray of float64, shape (n_points,)
        Heliocentric MJD, UTC [d].
    ra, dec : numpy.ndarray of float64, shape (n_points,)
        Direction of the source, ICRS [deg].

    Returns
    -------
    numpy.ndarray of float64, shape (n_points,)
        MJD TAI [d]; NaN where the time is none, or outside 1972 to 2100.

    Notes
    -----
    t = t_helio - r.n / c, with the Earth's heliocentric position r of ERFA's epv00 (VSOP2000, 11 km) taken at t_helio:
    what the Earth moves in 8 minutes is 0.05 s of light time. The observer is put in the Earth's centre, 0.02 s.
    """
    known = (hmjd >= _FIRST) & (hmjd < _LAST)
    times = np.where(known, hmjd, _FIRST)
    ra, dec = np.radians(ra), np.radians(dec)
    source = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
    delay = np.einsum("ij,ij->i", earth_position(times), source) * AU_LIGHT_DAYS
    return np.where(known, _tai(times - delay), np.nan)


def _tai(mjd: Floats) -> Floats:
    """TAI of UTC, leap seconds looked up by the day."""
    if not len(mjd):
        return mjd
    day = np.floor(mjd).astype(np.int64)
    first, last = day.min() // 512 * 512, day.max() // 512 * 512 + 512
    return np.asarray(mjd + _ahead(int(first), int(last))[day - first])


@lru_cache(maxsize=4)
def _ahead(first: int, last: int) -> Floats:
    """TAI - UTC of each day [d]."""
    midnights = np.arange(first, last + 2, dtype=np.float64)
    seconds = np.round((utc_to_tai(midnights) - midnights) * 86400)
    return np.asarray(seconds / 86400)


def earth_position(mjd: Floats) -> Floats:
    """Heliocentric position of the Earth.

    Parameters
    ----------
    mjd : numpy.ndarray of float64, shape (n,)
        [d], between 1972 and 2100.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3)
        ICRS axes [au].

    Notes
    -----
    Cubic Hermite interpolation between midnights: within 0.1 km, because the Moon's pull has a period of 27 days.
    """
    if not len(mjd):
        return np.empty((0, 3))
    day = np.floor(mjd).astype(np.int64)
    first, last = day.min() // 512 * 512, day.max() // 512 * 512 + 512
    place, velocity = _ephemeris(int(first), int(last))
    s, k = (mjd - day)[:, None], day - first
    left, right = place[k], place[k + 1]
    return np.asarray(
        (1 + 2 * s) * (1 - s) ** 2 * left
        + s * (1 - s) ** 2 * velocity[k]
        + s**2 * (3 - 2 * s) * right
        + s**2 * (s - 1) * velocity[k + 1]
    )


@lru_cache(maxsize=4)
def _ephemeris(first: int, last: int) -> tuple[Floats, Floats]:
    """Position [au] and velocity [au/d] at each midnight; UTC for TDB, 70 s, moves the Earth by 7 ms of light."""
    earth, _ = erfa.epv00(MJD_ZERO, np.arange(first, last + 2, dtype=np.float64))
    return np.ascontiguousarray(earth["p"]), np.ascontiguousarray(earth["v"])
