"""Power of a light curve at 100 and at 10 days, through Mexican-hat filters that gaps do not disturb: MHPS."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.photometry import flux_error, flux_of_magnitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOW, HIGH = 100.0, 10.0  # d, the two timescales
ZERO_POINT = 19.0  # mag: a flux near 1; the powers are relative, so it does not matter
EPSILON = 1.0  # the two Gaussians' variances are as 1 to (1 + EPSILON)^2
CENTRE = 0.225  # a sinusoid of the timescale T passes best where the widths are about T * CENTRE / sqrt(1 + EPSILON)
REACH = 6.0  # Gaussians end at REACH widths
STEP = 5.0  # d: no window is narrower than REACH steps
MIN_NEAR = 3  # more points than these lie within 2/3 of the reach, the point itself among them


def mexican_hat(time: Floats, mag: Floats, err: Floats, offsets: Ints) -> dict[str, Floats]:
    """Variance on two timescales, relative to the mean flux squared, less the noise, and their ratio.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        MHPS_low, MHPS_high, MHPS_ratio; NaN where no point has enough neighbours.

    Notes
    -----
    Arevalo et al. 2012, MNRAS 426, 1793; settings of Sanchez-Saez et al. 2021, AJ 161, 141. Where the noise is above the
    power at 10 d it is not taken off there (MHPS_high would be negative), but always at 100 d.
    """
    flux = flux_of_magnitude(mag, ZERO_POINT)
    low, high = np.full((2, len(offsets) - 1), np.nan)
    _powers(time, flux, flux_error(flux, err), offsets, low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"MHPS_low": low, "MHPS_high": high, "MHPS_ratio": low / high}


@compiled
def _powers(time: Floats, flux: Floats, error: Floats, offsets: Ints, low: Floats, high: Floats) -> None:
    for k in range(len(offsets) - 1):
        own = slice(offsets[k], offsets[k + 1])
        if offsets[k + 1] - offsets[k] > MIN_NEAR:
            mean = flux[own].mean()
            residual = flux[own] - mean
            slow, error_of_kept = _power(time[own], residual, error[own], LOW)
            fast, _ = _power(time[own], residual, error[own], HIGH)
            noise = error_of_kept * error_of_kept
            low[k] = (slow - noise) / (mean * mean)
            high[k] = (fast - noise if fast > noise else fast) / (mean * mean)


@compiled
def _power(time: Floats, residual: Floats, error: Floats, scale: float) -> tuple[float, float]:
    """Mean square of the filtered curve by the filter's own square, and the mean error of the points that count."""
    narrow = CENTRE * scale / math.sqrt(1 + EPSILON)
    wide = (1 + EPSILON) * narrow
    reach = REACH * max(narrow, STEP)
    n, squares, errors, first = 0, 0.0, 0.0, 0
    for i in range(len(time)):
        while time[i] - time[first] >= reach:
            first += 1
        filtered, near = _filtered(time, residual, i, first, narrow, wide, reach)
        if near > MIN_NEAR:
            n, squares, errors = n + 1, squares + filtered * filtered, errors + error[i]
    if n == 0:
        return np.nan, np.nan
    return squares / n / _squared_filter(narrow, wide, reach), errors / n


@compiled
def _filtered(
    time: Floats, residual: Floats, i: int, first: int, narrow: float, wide: float, reach: float
) -> tuple[float, int]:
    """Difference of two weighted means about a point, and how many points are near it."""
    near, narrow_sum, narrow_weight, wide_sum, wide_weight = 0, 0.0, 0.0, 0.0, 0.0
    for j in range(first, len(time)):
        lag = time[j] - time[i]
        if lag >= reach:
            break
        near += abs(lag) <= 2 * reach / 3
        weight = math.exp(-0.5 * (lag / narrow) ** 2)
        narrow_sum, narrow_weight = narrow_sum + weight * residual[j], narrow_weight + weight
        weight = math.exp(-0.5 * (lag / wide) ** 2)
        wide_sum, wide_weight = wide_sum + weight * residual[j], wide_weight + weight
    return narrow_sum / narrow_weight - wide_sum / wide_weight, near


@compiled
def _squared_filter(narrow: float, wide: float, reach: float) -> float:
    """Integral of the squared difference of the two Gaussians, each of area 1 within the reach."""
    area_narrow, area_wide = math.erf(reach / (narrow * math.sqrt(2.0))), math.erf(reach / (wide * math.sqrt(2.0)))
    both = 1 / math.sqrt(1 / narrow**2 + 1 / wide**2)
    root = 2 * math.sqrt(math.pi)
    own = math.erf(reach / narrow) / (root * narrow * area_narrow**2)
    other = math.erf(reach / wide) / (root * wide * area_wide**2)
    cross = both * math.erf(reach / (both * math.sqrt(2.0))) / math.sqrt(2 * math.pi)
    return own + other - 2 * cross / (narrow * wide * area_narrow * area_wide)
