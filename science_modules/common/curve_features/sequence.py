"""Features of the order of a band's points in time: compiled, one curve a call.

`time` [d] and `mag` are the points of one band, ascending in time, `mean` and `sigma` the mean magnitude and its
population standard deviation. NaN is what is not defined; two points at one time give no slope.
"""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]

_LAST = 30  # points that PairSlopeTrend looks at


@compiled
def autocorrelation_length(mag: Floats, mean: float, sigma: float) -> float:
    """Smallest lag, in points, at which the autocorrelation is below 1 / e; the number of points if there is none.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    n = len(mag)
    if not sigma > 0:
        return np.nan
    for lag in range(1, n):
        total = 0.0
        for i in range(n - lag):
            total += (mag[i] - mean) * (mag[i + lag] - mean)
        if total < math.exp(-1) * n * sigma * sigma:
            return float(lag)
    return float(n)


@compiled
def consecutive(mag: Floats, mean: float, sigma: float) -> float:
    """Triples of neighbours that lie all above mean + 2 sigma or all below mean - 2 sigma, over N - 2.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    triples, above, below = 0, 0, 0
    for value in mag:
        above = above + 1 if value > mean + 2 * sigma else 0
        below = below + 1 if value < mean - 2 * sigma else 0
        triples += (above >= 3) + (below >= 3)
    return triples / (len(mag) - 2)


@compiled
def eta_e(time: Floats, mag: Floats, sigma: float) -> float:
    """Mean squared step between neighbours weighted with 1 / dt^2, over the variance.

    Parameters
    ----------
    time : numpy.ndarray of float64, shape (n,)
        Ascending [d].
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    sigma : float
        Population standard deviation of the magnitudes.
    """
    weights, total = 0.0, 0.0
    for i in range(1, len(mag)):
        step = time[i] - time[i - 1]
        if step > 0:
            weight = 1 / (step * step)
            weights += weight
            total += weight * (mag[i] - mag[i - 1]) ** 2
    if not (sigma > 0 and weights > 0):
        return np.nan
    return total / weights / (sigma * sigma)


@compiled
def linear_trend(time: Floats, mag: Floats, mean: float) -> float:
    """Slope of the unweighted line [mag/d].

    Parameters
    ----------
    time : numpy.ndarray of float64, shape (n,)
        Ascending [d].
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    mean : float
        Mean magnitude.
    """
    centre, squares, products = np.mean(time), 0.0, 0.0
    for i in range(len(mag)):
        squares += (time[i] - centre) ** 2
        products += (time[i] - centre) * (mag[i] - mean)
    return products / squares if squares > 0 else np.nan


@compiled
def maximum_slope(time: Floats, mag: Floats) -> float:
    """Largest |dm / dt| of neighbours [mag/d].

    Parameters
    ----------
    time : numpy.ndarray of float64, shape (n,)
        Ascending [d].
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    """
    steepest = np.nan
    for i in range(1, len(mag)):
        if time[i] > time[i - 1]:
            slope = abs((mag[i] - mag[i - 1]) / (time[i] - time[i - 1]))
            steepest = slope if not steepest >= slope else steepest
    return steepest


@compiled
def pair_slope_trend(mag: Floats) -> float:
    """Steps to fainter magnitudes less the other steps among the last 30 points, over 30.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    """
    trend = 0
    for i in range(max(len(mag) - _LAST, 0) + 1, len(mag)):
        trend += 1 if mag[i] > mag[i - 1] else -1
    return trend / _LAST


@compiled
def range_of_sums(mag: Floats, mean: float, sigma: float) -> float:
    """Range of the cumulative sum of m - mean, over N sigma.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    if not sigma > 0:
        return np.nan
    walk, low, high = 0.0, np.inf, -np.inf
    for value in mag:
        walk += value - mean
        low, high = min(low, walk), max(high, walk)
    return (high - low) / (len(mag) * sigma)
