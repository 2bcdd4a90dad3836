"""The baseline of forced difference fluxes: what is there where the transient is not, because the reference image is not perfect.

Each field, CCD, quadrant and filter has a reference image of its own, and so a level of its own: the median flux of its
quiescent epochs. Those are more than 100 days before the time of maximum, or, where these are fewer than 25, more than 500 days
behind it; fewer than 10 give none (the procedure of ZTF's Bright Transient Survey for the service of Masci et al. 2023,
arXiv:2305.16279; fields and quadrants apart: Yao et al. 2019, ApJ 886, 152). Where these scatter much more than their errors
say they are of a source that varies, not of one that rests: it has no baseline.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.releases.objects import Floats, Ints

AUTO = "auto"
BEFORE_DAYS, AFTER_DAYS = 100.0, 500.0
ENOUGH, LEAST = 25, 10
VARIES = 5.0  # times the errors: subtractions beside bright nuclei scatter 2 or 3 times as much
_HALF_WINDOW_DAYS, _IN_WINDOW = 7.0, 3


@dataclass(frozen=True)
class Baseline:
    """What is known of each of n points.

    Attributes
    ----------
    level : numpy.ndarray of float64, shape (n,)
        To be subtracted from the flux [its unit]; NaN where there is none.
    scale : numpy.ndarray of float64, shape (n,)
        What the error is to be multiplied with, 1 at least; NaN where there is none.
    epochs : numpy.ndarray of int64, shape (n,)
        Quiescent epochs of the point's series.
    reason : list of str or None, length n
        Why there is none.
    """

    level: Floats
    scale: Floats
    epochs: Ints
    reason: list[str | None]


def quiet_before(asked: str) -> float | None:
    """The time before which all epochs are quiescent, as it was asked for.

    Parameters
    ----------
    asked : str
        "auto", or MJD TAI [d].

    Returns
    -------
    float or None
        None of "auto": it depends on the time of maximum.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if asked == AUTO:
        return None
    try:
        return float(asked)
    except ValueError:
        raise ValueError(f"--baseline takes {AUTO}, or the MJD before which all is quiet; found {asked!r}") from None


def baseline(mjd: Floats, flux: Floats, flux_err: Floats, series: NDArray[np.str_], asked: str) -> Baseline:
    """The baseline of each series of a light curve.

    Parameters
    ----------
    mjd, flux, flux_err : numpy.ndarray of float64, shape (n,)
        MJD TAI [d]; difference flux and its error, in one unit; all finite, errors positive.
    series : numpy.ndarray of str, shape (n,)
        Field, CCD, quadrant and filter of each point.
    asked : str
        As of `quiet_before`.
    """
    before, n = quiet_before(asked), len(mjd)
    peak = time_of_maximum(mjd, flux, flux_err, series) if before is None else np.nan
    level, scale, epochs = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    reason: list[str | None] = [None] * n
    for name in np.unique(series):
        own = np.flatnonzero(series == name)
        quiet = own[_after_or_before(mjd[own], peak) if before is None else mjd[own] < before]
        epochs[own] = len(quiet)
        told = f"wants {LEAST} quiescent epochs of {name}, found {len(quiet)}"
        if len(quiet) >= LEAST:
            its_level, its_scale = _level(flux[quiet], flux_err[quiet])
            if its_scale <= VARIES:
                level[own], scale[own] = its_level, its_scale
                continue
            told = (
                f"wants quiescent epochs of {name}, those scatter {its_scale:.1f} times their errors: it varies there"
            )
        for point in own:
            reason[point] = told
    return Baseline(level, scale, epochs, reason)


def time_of_maximum(mjd: Floats, flux: Floats, flux_err: Floats, series: NDArray[np.str_]) -> float:
    """When a light curve is brightest: where the running median (14 d) of a series stands out most from its own median.

    Parameters
    ----------
    mjd, flux, flux_err, series
        As of `baseline`.

    Returns
    -------
    float
        MJD [d]; NaN where no series has three epochs within 14 d.
    """
    found = [_maximum(*(each[series == name] for each in (mjd, flux, flux_err))) for name in np.unique(series)]
    return max(found, default=(-np.inf, np.nan))[1]


def _maximum(mjd: Floats, flux: Floats, flux_err: Floats) -> tuple[float, float]:
    """How far the highest running median of a series is above its median [errors], and when."""
    order = np.argsort(mjd, kind="stable")
    times, over = mjd[order], ((flux - np.median(flux)) / flux_err)[order]
    begin = np.searchsorted(times, times - _HALF_WINDOW_DAYS)
    end = np.searchsorted(times, times + _HALF_WINDOW_DAYS, side="right")
    full = np.flatnonzero(end - begin >= _IN_WINDOW)
    if not len(full):
        return -np.inf, np.nan
    medians = np.array([np.median(over[begin[each] : end[each]]) for each in full])
    return float(medians.max()), float(times[full[np.argmax(medians)]])


def _after_or_before(mjd: Floats, peak: float) -> NDArray[np.bool_]:
    """Which epochs are quiescent: those before the maximum, since a transient fades for years, if there are enough of them."""
    before, after = mjd < peak - BEFORE_DAYS, mjd > peak + AFTER_DAYS
    for least in (ENOUGH, LEAST):
        for epochs in (before, after):
            if epochs.sum() >= least:
                return epochs
    return before if before.sum() >= after.sum() else after


def _level(flux: Floats, flux_err: Floats) -> tuple[float, float]:
    """Median, and how much wider than their errors say the points scatter (half of the range from 16 to 84 %); not below 1."""
    level = float(np.median(flux))
    low, high = np.percentile((flux - level) / flux_err, [16, 84])
    return level, max(float(high - low) / 2, 1.0)
