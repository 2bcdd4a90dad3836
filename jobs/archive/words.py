"""Times, positions, numbers and counts as people read them."""

import math

import numpy as np
from numpy.typing import NDArray

from jobs.archive.astro import astropy
from jobs.common.plain_text import visible
from jobs.common.times import tai_to_utc
from science_modules.common.photometry import magnitude_of_flux

_MJD_EPOCH = np.datetime64("1858-11-17T00:00:00", "s")
_DAY_S = 86400
# AB magnitude of 1 nJy
FLUX_UNITS = ((1e6, "mJy"), (1e3, "µJy"), (1.0, "nJy"))


def utc_times(mjd_tai: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """UTC of MJD TAI, to the second, for drawing: on a day with a leap second within 1 s.

    Parameters
    ----------
    mjd_tai : numpy.ndarray of float64
        MJD TAI [day].

    Returns
    -------
    numpy.ndarray of datetime64[s]
        NaT where the time is not known.
    """
    seconds = np.round(tai_to_utc(np.asarray(mjd_tai, dtype=np.float64)) * _DAY_S)
    known = np.isfinite(seconds)
    times = _MJD_EPOCH + np.where(known, seconds, 0).astype("timedelta64[s]")
    return np.where(known, times, np.datetime64("NaT"))


def iso_utc(mjd_tai: float) -> str:
    """`2023-10-18 05:12:33 UTC`, rounded to the second.

    Parameters
    ----------
    mjd_tai : float
        MJD TAI [day].

    Returns
    -------
    str
        "time not known" for NaN.
    """
    if not math.isfinite(tai_to_utc(np.array([mjd_tai]))[0]):
        return "time not known"
    return f"{astropy('time').Time(mjd_tai, format='mjd', scale='tai', precision=0).utc.iso} UTC"


def utc_to_the_second(mjd_tai: float) -> str:
    """`2023-10-18 05:12:33`, for a column of a table: as `utc_times`, without the second that astropy takes to load.

    Parameters
    ----------
    mjd_tai : float
        MJD TAI [day].

    Returns
    -------
    str
        "time not known" for NaN.
    """
    (time,) = utc_times(np.array([mjd_tai]))
    return "time not known" if np.isnat(time) else str(time).replace("T", " ")


def sexagesimal(ra: float, dec: float) -> str:
    """`05h12m33.12s -04°05'06.7"`.

    Parameters
    ----------
    ra, dec : float
        [deg].
    """
    angle = astropy("coordinates").Angle
    ra = round(ra * 24000, 0) / 24000 % 360  # to 0.01 s, so that 23h59m59.996s is 0h and not 24h
    hours = angle(ra, "deg").to_string("hourangle", sep=("h", "m", "s"), precision=2, pad=True)
    degrees = angle(dec, "deg").to_string("deg", sep=("°", "′", "″"), precision=1, pad=True, alwayssign=True)
    return f"{hours} {degrees}".replace("-", "−")


def number(value: float | int | bool | str | None, unit: str = "") -> str:
    """A value with its unit, four digits at most behind the thousands; a dash for NULL.

    Parameters
    ----------
    value : float, int, bool, str or None
    unit : str
        Written behind a number; empty for none.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, str | bool):
        return visible(value) if isinstance(value, str) else ("yes" if value else "no")
    whole = isinstance(value, int) or abs(value) >= 1000
    return (
        f"{value:,.0f} {unit}".rstrip().replace("-", "−") if whole else f"{value:.4g} {unit}".rstrip().replace("-", "−")
    )


def with_error(value: float | None, error: float | None, unit: str = "") -> str:
    """A value and its error, both to the error's second digit.

    Parameters
    ----------
    value, error : float or None
    unit : str
        Of both; empty for none.

    Returns
    -------
    str
        As of `number` where there is no error that is finite and greater than 0.
    """
    if value is None or error is None or not math.isfinite(value) or not (math.isfinite(error) and error > 0):
        return number(value, unit)
    digits = max(1 - math.floor(math.log10(error)), 0)
    return f"{value:,.{digits}f} ± {error:,.{digits}f} {unit}".rstrip().replace("-", "−")


def flux(value: float | None, error: float | None = None) -> str:
    """A flux [nJy] in the unit that suits it.

    Parameters
    ----------
    value, error : float or None
        [nJy].
    """
    size = abs(value) if value is not None else 0.0
    divisor, unit = next((pair for pair in FLUX_UNITS if size >= 2 * pair[0]), FLUX_UNITS[-1])
    scaled = [None if each is None else each / divisor for each in (value, error)]
    return with_error(scaled[0], scaled[1], unit)


def magnitude(flux_njy: float) -> float:
    """AB magnitude of a flux [nJy]; NaN for one that is not positive.

    Parameters
    ----------
    flux_njy : float
    """
    return float(magnitude_of_flux(flux_njy))
