"""Rates of brightening: the recent slope, and the least slope that an upper limit allows."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.light_curves import LightCurves
from science_modules.common.photometry import LIMIT_SIGMA, magnitude_of_flux
from science_modules.common.view import BANDS, LC_KINDS
from science_modules.rise.points import Detections

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WINDOW_DAYS = 10.0
SHORTEST_DAYS = 0.5  # Andreoni et al. 2021: no slope from points of one night


def recent_rates(found: Detections, mjd: Floats) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Error-weighted slope of magnitude on time over the last 10 days, per alert and band.

    Parameters
    ----------
    found : Detections
        Of n alerts.
    mjd : numpy.ndarray of float64, shape (n,)
        Time of each alert [MJD TAI].

    Returns
    -------
    rate, rate_err : numpy.ndarray of float64, shape (n, 6)
        [mag/d]; NaN where the points span less than 0.5 d. The error is that of the weighted fit times
        sqrt(chi2 / (N - 2)) where this exceeds 1, so a curve that is not a line is less significant.
    n : numpy.ndarray of int32, shape (n, 6)
        Points used.
    """
    recent = (found.mjd >= mjd[found.owner] - WINDOW_DAYS) & (found.mjd <= mjd[found.owner])
    curve = (found.owner * len(BANDS) + found.band)[recent]
    n_curves = found.n * len(BANDS)
    t = found.mjd[recent] - mjd[found.owner[recent]]  # small numbers, so that the sums lose no digits
    slope, error = _weighted_slopes(curve, t, found.mag[recent], found.mag_err[recent], n_curves)
    enough = _span(curve, t, n_curves) >= SHORTEST_DAYS
    count = np.bincount(curve, minlength=n_curves).astype(np.int32)
    rate, rate_err = np.where(enough, slope, np.nan), np.where(enough, error, np.nan)
    shape = (found.n, len(BANDS))
    return rate.reshape(shape), rate_err.reshape(shape), count.reshape(shape)


def _weighted_slopes(curve: Integers, t: Floats, m: Floats, e: Floats, n: int) -> tuple[Floats, Floats]:
    """Slope and error of n lines; Bevington & Robinson 2003, eq. 6.12 and 6.23, about the weighted means."""
    weight = 1 / e**2

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(curve, weights=values, minlength=n), np.float64)  # one curve at a time, in order

    with np.errstate(invalid="ignore", divide="ignore"):
        weights = total(weight)
        x = t - (total(weight * t) / weights)[curve]
        y = m - (total(weight * m) / weights)[curve]
        xx = total(weight * x * x)
        slope = total(weight * x * y) / xx
        chi2 = total(weight * (y - slope[curve] * x) ** 2)
        freedom = np.bincount(curve, minlength=n) - 2
        scatter = np.where(freedom > 0, chi2 / freedom, 1.0)
        return slope, np.sqrt(np.maximum(scatter, 1.0) / xx)


def _span(curve: Integers, t: Floats, n: int) -> Floats:
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, curve, t)
    np.maximum.at(last, curve, t)
    return np.asarray(last - first)


def limit_rates(found: Detections, points: LightCurves) -> Floats:
    """The largest rate that the last upper limit before the first detection allows, per alert and band.

    Parameters
    ----------
    found : Detections
        Of n alerts.
    points : LightCurves
        All points of the same alerts, upper limits among them.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 6)
        (first magnitude + its error - limit) / time between them [mag/d]: the source brightened at least this fast
        if negative. NaN without a detection, or without an upper limit at least 0.5 d earlier in the same band.
    """
    n_curves = found.n * len(BANDS)
    curve = found.owner * len(BANDS) + found.band
    first = _first(curve, n_curves)
    seen = np.concatenate([found.mjd, [-np.inf]])[first]
    faintest = np.concatenate([found.mag + found.mag_err, [np.nan]])[first]
    limits = np.flatnonzero(_is_limit(points))
    owner_curve = points.owner[limits] * len(BANDS) + points.band[limits]
    early = points.mjd[limits] <= seen[owner_curve] - SHORTEST_DAYS
    last = _last(owner_curve[early], n_curves)
    chosen = np.concatenate([limits[early], [-1]])[last]
    rate = np.full(n_curves, np.nan)
    has = chosen >= 0
    depth = magnitude_of_flux(LIMIT_SIGMA * points.flux_err[chosen[has]])
    rate[has] = (faintest[has] - depth) / (seen[has] - points.mjd[chosen[has]])
    return rate.reshape(found.n, len(BANDS))


def _is_limit(points: LightCurves) -> NDArray[np.bool_]:
    known = (points.flux_err > 0) & np.isfinite(points.mjd) & (points.band >= 0)
    limit: NDArray[np.bool_] = known & (points.kind == LC_KINDS.index("upper_limit"))
    return limit


def _first(curve: Integers, n: int) -> Integers:
    """Index of the first point of each curve; len(curve) where it has none."""
    index = np.full(n, len(curve), dtype=np.int64)
    index[curve[::-1]] = np.arange(len(curve))[::-1]  # of repeated indices NumPy keeps the last one assigned
    return index


def _last(curve: Integers, n: int) -> Integers:
    """Index of the last point of each curve; len(curve) where it has none."""
    index = np.full(n, len(curve), dtype=np.int64)
    index[curve] = np.arange(len(curve))
    return index
