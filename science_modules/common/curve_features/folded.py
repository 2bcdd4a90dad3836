"""How smooth a light curve is when it is folded at twice its period: Psi_CS and Psi_eta."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 3


def folded(time: Floats, mag: Floats, offsets: Ints, period: Floats) -> dict[str, Floats]:
    """Range of the cumulative sum, and von Neumann's eta, of the points in order of phase.

    Parameters
    ----------
    time, mag : numpy.ndarray of float64, shape (n_points,)
        Time [d] and magnitude.
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].
    period : numpy.ndarray of float64, shape (n_groups,)
        [d]; NaN where there is none.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        Psi_CS, Psi_eta; NaN without a period, with fewer than 3 points or without scatter.

    Notes
    -----
    Kim et al. 2014, A&A 566, A43. Folded at twice the period, so that eclipses of two depths lie apart.
    """
    cusum, eta = np.full((2, len(offsets) - 1), np.nan)
    _fold_all(time, mag, offsets, period, cusum, eta)
    return {"Psi_CS": cusum, "Psi_eta": eta}


@compiled
def _fold_all(time: Floats, mag: Floats, offsets: Ints, period: Floats, cusum: Floats, eta: Floats) -> None:
    for k in range(len(offsets) - 1):
        own = slice(offsets[k], offsets[k + 1])
        if offsets[k + 1] - offsets[k] >= MIN_POINTS and period[k] > 0:
            turns = time[own] / (2 * period[k])
            order = np.argsort(turns - np.floor(turns), kind="mergesort")
            cusum[k], eta[k] = _smoothness(mag[own][order])


@compiled
def _smoothness(mag: Floats) -> tuple[float, float]:
    n, mean = len(mag), mag.mean()
    squares, walk, low, high, steps = 0.0, 0.0, np.inf, -np.inf, 0.0
    for i in range(n):
        squares += (mag[i] - mean) ** 2
        walk += mag[i] - mean
        low, high = min(low, walk), max(high, walk)
        if i > 0:
            steps += (mag[i] - mag[i - 1]) ** 2
    variance = squares / n
    if mag.min() == mag.max():
        return np.nan, np.nan
    return (high - low) / (n * math.sqrt(variance)), steps / ((n - 1) * variance)
