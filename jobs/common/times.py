"""Time scales and night names: UTC to TAI with the leap-second table, dates as integers, the clock as records keep it.

A time that is not finite, or before UTC had whole leap seconds (1972), comes out as NaN, never as an exception: one bad
packet must not stop a batch.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import erfa
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MJD_ZERO = 2400000.5  # Julian date of MJD 0
FIRST_MJD = 57388.0 + 36 / 86400  # 2016-01-01 00:00 UTC in TAI: nothing that Strix reads is older
MJD_OF_UNIX_EPOCH = 40587.0  # 1970-01-01
_MJD_EPOCH = np.datetime64("1858-11-17", "D")
_FIRST_MJD = 41317.0  # 1972-01-01, first whole leap second
_LAST_MJD = 2958465.0  # year 9958: keeps a nonsense time out of the calendar routines


def now_utc() -> str:
    """This moment as records, journal and status keep it: ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def utc_to_tai(mjd_utc: Floats) -> Floats:
    """TAI of UTC instants, both as MJD; NaN where there is none.

    Parameters
    ----------
    mjd_utc : numpy.ndarray of float64, any shape
        UTC as MJD [d]. On a day with a leap second the fraction counts days of 86,401 s (SOFA's quasi-MJD).

    Returns
    -------
    mjd_tai : numpy.ndarray of float64
        TAI - UTC is 36 s from July 2015 and 37 s since January 2017; after the end of the table its last value holds.

    Notes
    -----
    Leap seconds: IERS Bulletin C, as compiled into ERFA.
    """
    return _converted(mjd_utc, erfa.ufunc.utctai)


def tai_to_utc(mjd_tai: Floats) -> Floats:
    """UTC of TAI instants, both as MJD; the inverse of `utc_to_tai`.

    Parameters
    ----------
    mjd_tai : numpy.ndarray of float64, any shape
        TAI as MJD [d].

    Returns
    -------
    numpy.ndarray of float64
        NaN where there is none.
    """
    return _converted(mjd_tai, erfa.ufunc.taiutc)


def night_of_utc_date(mjd_utc: Floats) -> NDArray[np.int32]:
    """The UTC date as an integer YYYYMMDD.

    Parameters
    ----------
    mjd_utc : numpy.ndarray of float64, shape (n,)
        UTC as MJD [d].

    Returns
    -------
    numpy.ndarray of int32, shape (n,)
        0, which no night is called, where the time is not one: such alerts are refused.
    """
    known = _usable(mjd_utc)
    days = np.floor(np.where(known, mjd_utc, _FIRST_MJD)).astype(np.int64)
    dates = _MJD_EPOCH + days.astype("timedelta64[D]")
    months = dates.astype("datetime64[M]")
    month_number = months.astype(np.int64) + 1970 * 12  # months since year 0
    day = (dates - months).astype(np.int64) + 1
    night = month_number // 12 * 10000 + (month_number % 12 + 1) * 100 + day
    return np.where(known, night, 0).astype(np.int32)


def _usable(mjd: Floats) -> NDArray[np.bool_]:
    return (mjd >= _FIRST_MJD) & (mjd < _LAST_MJD)


def _converted(mjd: Floats, function: Callable[..., tuple[Floats, Floats, NDArray[np.int32]]]) -> Floats:
    # The plain ufunc returns its status instead of warning about every date beyond the table.
    mjd = np.asarray(mjd, dtype=np.float64)
    known = _usable(mjd)
    _, converted, status = function(MJD_ZERO, np.where(known, mjd, _FIRST_MJD))
    result: Floats = np.where(known & (status >= 0), converted, np.nan)
    return result


def tai_of_unix(seconds: float) -> float:
    """MJD TAI of a time in Unix seconds.

    Parameters
    ----------
    seconds : float
        Since 1970-01-01 UTC [s].
    """
    return float(utc_to_tai(np.array([MJD_OF_UNIX_EPOCH + seconds / 86400.0]))[0])
