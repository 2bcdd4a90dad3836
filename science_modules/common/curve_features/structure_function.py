"""The structure function of a light curve, as a power law of the time between two looks: SF_ML."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 6
SHORTEST, LONGEST = 5.0, 365.0  # d between the two looks of a pair
YEAR = 365.0  # d, the unit of the lag
BIN = 0.1  # dex
_EDGES = 10 ** (math.log10(SHORTEST) + BIN * np.arange(27))  # 5 to 1,990 d
_LAGS = 0.5 * (_EDGES[1:] + _EDGES[:-1]) / YEAR
_FIRST, _LAST = 0.01, 0.5  # yr: lags of the fit
SMALLEST, LARGEST = 0.005, 15.0  # mag: below, there is no variability to speak of; above, it is held there
FLATTEST, STEEPEST = -0.5, 3.0


def structure_function(time: Floats, mag: Floats, err: Floats, offsets: Ints) -> dict[str, Floats]:
    """Amplitude at a lag of one year and logarithmic slope of the structure function.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        SF_ML_amplitude [mag], SF_ML_gamma; NaN with fewer than 6 points, and where fewer than two lags have a variance
        above the noise.

    Notes
    -----
    Schmidt et al. 2010, ApJ 714, 1194; bins and limits of Sanchez-Saez et al. 2021, AJ 161, 141. An amplitude below
    0.005 mag counts as none: both are 0.
    """
    amplitude, gamma = np.full((2, len(offsets) - 1), np.nan)
    _fit_all(time, mag, err, offsets, amplitude, gamma)
    return {"SF_ML_amplitude": amplitude, "SF_ML_gamma": gamma}


@compiled
def _fit_all(time: Floats, mag: Floats, err: Floats, offsets: Ints, amplitude: Floats, gamma: Floats) -> None:
    sums, counts = np.empty(len(_LAGS)), np.empty(len(_LAGS))
    for k in range(len(offsets) - 1):
        first, last = offsets[k], offsets[k + 1]
        if last - first >= MIN_POINTS:
            _add_pairs(time[first:last], mag[first:last], err[first:last], sums, counts)
            amplitude[k], gamma[k] = _power_law(sums, counts)


@compiled
def _add_pairs(time: Floats, mag: Floats, err: Floats, sums: Floats, counts: Floats) -> None:
    """Squared differences less the noise, by the lag's bin."""
    sums[:], counts[:] = 0, 0
    for i in range(len(time)):
        place = 0
        for j in range(i + 1, len(time)):
            lag = time[j] - time[i]
            if lag > LONGEST:
                break
            if lag >= SHORTEST:
                while _EDGES[place + 1] <= lag:  # later looks have longer lags
                    place += 1
                sums[place] += (mag[j] - mag[i]) ** 2 - err[i] ** 2 - err[j] ** 2
                counts[place] += 1


@compiled
def _power_law(sums: Floats, counts: Floats) -> tuple[float, float]:
    """A straight line through the logarithms, unweighted."""
    n, x, y, xx, xy = 0, 0.0, 0.0, 0.0, 0.0
    for place in range(len(sums)):
        if counts[place] > 0 and sums[place] > 0 and _FIRST < _LAGS[place] <= _LAST:
            log_lag, log_sf = math.log10(_LAGS[place]), 0.5 * math.log10(sums[place] / counts[place])
            n, x, y = n + 1, x + log_lag, y + log_sf
            xx, xy = xx + log_lag * log_lag, xy + log_lag * log_sf
    if n < 2:
        return np.nan, np.nan
    slope = (n * xy - x * y) / (n * xx - x * x)
    amplitude = 10 ** ((y - slope * x) / n)
    if amplitude < SMALLEST:
        return 0.0, 0.0
    return min(amplitude, LARGEST), min(max(slope, FLATTEST), STEEPEST)
