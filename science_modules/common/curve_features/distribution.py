"""Features of the distribution of a band's magnitudes, whatever their order in time: compiled, one curve a call.

`mag` and `err` are the points of one band, `ordered` the same magnitudes in ascending order, `mean` and `sigma` their
mean and population standard deviation. NaN is what is not defined.
"""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.curve_features.chi2_probability import chi2_probability
from science_modules.common.curve_features.moments import median, quantile, weighted_mean

Floats = NDArray[np.float64]

_SMALLEST = 2.2250738585072014e-308  # logarithm of a normal tail that underflows


@compiled
def amplitude(ordered: Floats) -> float:
    """Half of the median of the faintest less that of the brightest 5 % of the points.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    n = len(ordered)
    part = math.ceil(0.05 * n)
    return 0.5 * (median(ordered[n - part :]) - median(ordered[:part]))


@compiled
def anderson_darling(ordered: Floats, mean: float, sigma: float) -> float:
    """Anderson-Darling A2 against a normal distribution, as logistic(10 (A2 - 0.3)).

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    n = len(ordered)
    scale = sigma * math.sqrt(n / (n - 1.0)) * math.sqrt(2.0)
    if not scale > 0:
        return np.nan
    total = 0.0
    for i in range(n):
        z = (ordered[i] - mean) / scale
        below, above = 0.5 * math.erfc(-z), 0.5 * math.erfc(z)  # both tails exact, unlike 1 - below
        total += (2 * i + 1) * math.log(max(below, _SMALLEST)) + (2 * (n - i) - 1) * math.log(max(above, _SMALLEST))
    return 1 / (1 + math.exp(-10 * (-n - total / n - 0.3)))


@compiled
def beyond_one_deviation(mag: Floats, err: Floats) -> float:
    """Fraction of points farther from the weighted mean than the deviation about it, N - 1.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    err : numpy.ndarray of float64, shape (n,)
        Of `mag`, positive [mag].
    """
    if mag.min() == mag.max():
        return 0.0  # rounding of the weighted mean must not look like scatter
    centre, squares, outside = weighted_mean(mag, err), 0.0, 0
    for value in mag:
        squares += (value - centre) ** 2
    distance = math.sqrt(squares / (len(mag) - 1))
    for value in mag:
        outside += abs(value - centre) > distance
    return outside / len(mag)


@compiled
def excess_variance(err: Floats, mean: float, sigma: float) -> float:
    """Variance less the mean squared error, relative to the squared mean magnitude.

    Parameters
    ----------
    err : numpy.ndarray of float64, shape (n,)
        Of `mag`, positive [mag].
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    squares = 0.0
    for value in err:
        squares += value * value
    return (sigma * sigma - squares / len(err)) / (mean * mean)


@compiled
def gskew(ordered: Floats) -> float:
    """Median of the brightest 3 % plus that of the faintest 3 % less twice the median.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    n, bright, faint = len(ordered), quantile(ordered, 0.03), quantile(ordered, 0.97)
    below, above = 0, n
    while below < n and ordered[below] <= bright:
        below += 1
    while above > 0 and ordered[above - 1] >= faint:
        above -= 1
    if below == 0 or above == n:
        return np.nan
    return median(ordered[:below]) + median(ordered[above:]) - 2 * median(ordered)


@compiled
def mean_variance(mean: float, sigma: float) -> float:
    """Deviation relative to the mean magnitude.

    Parameters
    ----------
    mean : float
        Mean magnitude.
    sigma : float
        Population standard deviation of the magnitudes.
    """
    return sigma / mean


@compiled
def median_absolute_deviation(ordered: Floats) -> float:
    """Median of |m - median|.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    return median(np.sort(np.abs(ordered - median(ordered))))


@compiled
def median_buffer_range(ordered: Floats) -> float:
    """Fraction of points closer to the median than a tenth of the range.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    centre, inside = median(ordered), 0
    distance = (ordered[-1] - ordered[0]) / 10
    for value in ordered:
        inside += abs(value - centre) < distance
    return inside / len(ordered)


@compiled
def percent_amplitude(ordered: Floats) -> float:
    """Largest |m - median| relative to the median magnitude.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    centre = median(ordered)
    value: float = max(ordered[-1] - centre, centre - ordered[0]) / centre
    return value


@compiled
def probability_of_variability(mag: Floats, err: Floats, mean: float) -> float:
    """Probability that constant light has a smaller chi2 about the mean than the observed, N - 1 degrees of freedom.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    err : numpy.ndarray of float64, shape (n,)
        Of `mag`, positive [mag].
    mean : float
        Mean magnitude.
    """
    chi2 = 0.0
    for i in range(len(mag)):
        chi2 += ((mag[i] - mean) / err[i]) ** 2
    return chi2_probability(chi2, len(mag) - 1.0)


@compiled
def interquartile_range(ordered: Floats) -> float:
    """75th less 25th percentile.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    return quantile(ordered, 0.75) - quantile(ordered, 0.25)


@compiled
def skew(mag: Floats, mean: float, sigma: float) -> float:
    """Third standardised moment g1.

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
    total = 0.0
    for value in mag:
        total += ((value - mean) / sigma) ** 3
    return total / len(mag)


@compiled
def small_kurtosis(mag: Floats, mean: float, sigma: float) -> float:
    """Excess kurtosis with the small-sample terms, of values standardised with the population deviation.

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
    n, total = float(len(mag)), 0.0
    for value in mag:
        total += ((value - mean) / sigma) ** 4
    pairs = (n - 2) * (n - 3)
    return n * (n + 1) / ((n - 1) * pairs) * total - 3 * (n - 1) ** 2 / pairs


@compiled
def stetson_k(mag: Floats, err: Floats) -> float:
    """Mean over root mean square of |m - weighted mean| / err; 0.798 for Gaussian scatter.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    err : numpy.ndarray of float64, shape (n,)
        Of `mag`, positive [mag].
    """
    if mag.min() == mag.max():
        return np.nan
    centre, absolute, squares = weighted_mean(mag, err), 0.0, 0.0
    for i in range(len(mag)):
        d = (mag[i] - centre) / err[i]
        absolute += abs(d)
        squares += d * d
    return absolute / math.sqrt(len(mag) * squares)
