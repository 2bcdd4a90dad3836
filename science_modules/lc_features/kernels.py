"""The statistics of lc_features, compiled: a plain loop over the points of each light curve, nothing shared."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.lc_features.features import NAMES

Floats = NDArray[np.float64]

(
    MEAN, WEIGHTED_MEAN, STANDARD_DEVIATION, MEDIAN, AMPLITUDE, BEYOND_1, BEYOND_2, CUSUM, RANGE_10, KURTOSIS, SKEW,
    TREND, TREND_SIGMA, TREND_NOISE, FIT_SLOPE, FIT_SIGMA, FIT_CHI2, RATIO_40_5, RATIO_20_10, MAXIMUM_SLOPE,
    ABSOLUTE_DEVIATION, BUFFER_10, PERCENT_AMPLITUDE, ANDERSON_DARLING, CHI2, STETSON_K, ETA, ETA_E, EXCESS_VARIANCE,
    TIME_SPAN, BRIGHTEST,
) = range(len(NAMES))  # fmt: skip
_SMALLEST = 2.2250738585072014e-308  # logarithm of a normal tail that underflows


@compiled
def statistics(starts: NDArray[np.int64], t: Floats, m: Floats, e: Floats, out: Floats) -> None:
    """Fill one row of `out` per light curve.

    Parameters
    ----------
    starts : numpy.ndarray of int64, shape (n_curves + 1,)
        Curve k owns the points starts[k]:starts[k + 1], ascending in time.
    t, m, e : numpy.ndarray of float64, shape (n_points,)
        Time [d], magnitude and its positive error [mag].
    out : numpy.ndarray of float64, shape (n_curves, len(NAMES))
        NaN on entry; a statistic that is not defined for a curve stays NaN.
    """
    for k in range(len(starts) - 1):
        first, last = starts[k], starts[k + 1]
        if last > first:
            _one_curve(t[first:last], m[first:last], e[first:last], out[k])


@compiled
def _one_curve(t: Floats, m: Floats, e: Floats, row: Floats) -> None:
    mean, sigma = _mean_and_deviation(m)
    ordered = np.sort(m)
    row[MEAN] = mean
    row[TIME_SPAN] = t[-1] - t[0]
    _order(ordered, row)
    _weighted(m, e, row)
    if len(m) < 2:
        return
    row[STANDARD_DEVIATION] = sigma
    _scatter(m, e, mean, sigma, row)
    _slopes(t, m, sigma, row)
    if sigma > 0:
        _shape(m, ordered, mean, sigma, row)
    if len(m) > 2 and t[-1] > t[0]:
        _trend(t, m, row)
        _fit(t, m, e, row)


@compiled
def _mean_and_deviation(m: Floats) -> tuple[float, float]:
    n = len(m)
    low, high, total = m[0], m[0], 0.0
    for value in m:
        total += value
        low, high = min(low, value), max(high, value)
    mean = total / n
    if low == high:
        return low, 0.0  # rounding of the mean must not look like scatter
    squares = 0.0
    for value in m:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares / (n - 1))


@compiled
def _quantile(ordered: Floats, q: float) -> float:
    """Hazen's plotting position: the i-th of n values is the (i - 0.5) / n quantile."""
    position = min(max(len(ordered) * q - 0.5, 0.0), len(ordered) - 1.0)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    value: float = ordered[below] + (position - below) * (ordered[above] - ordered[below])
    return value


@compiled
def _middle(ordered: Floats) -> float:
    n = len(ordered)
    value: float = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
    return value


@compiled
def _width(ordered: Floats, q: float) -> float:
    return _quantile(ordered, 1 - q) - _quantile(ordered, q)


@compiled
def _order(ordered: Floats, row: Floats) -> None:
    median = _middle(ordered)
    amplitude = 0.5 * (ordered[-1] - ordered[0])
    row[MEDIAN] = median
    row[BRIGHTEST] = ordered[0]
    row[AMPLITUDE] = amplitude
    row[RANGE_10] = _width(ordered, 0.1)
    row[PERCENT_AMPLITUDE] = max(ordered[-1] - median, median - ordered[0])
    row[ABSOLUTE_DEVIATION] = _middle(np.sort(np.abs(ordered - median)))
    row[BUFFER_10] = _fraction_within(ordered, median, 0.1 * amplitude)
    if amplitude > 0:
        row[RATIO_40_5] = _width(ordered, 0.4) / _width(ordered, 0.05)
        row[RATIO_20_10] = _width(ordered, 0.2) / _width(ordered, 0.1)


@compiled
def _fraction_within(m: Floats, centre: float, distance: float) -> float:
    inside = 0
    for value in m:
        inside += abs(value - centre) < distance
    return inside / len(m)


@compiled
def _fraction_beyond(m: Floats, centre: float, distance: float) -> float:
    outside = 0
    for value in m:
        outside += abs(value - centre) > distance
    return outside / len(m)


@compiled
def _weighted(m: Floats, e: Floats, row: Floats) -> None:
    weights, total = 0.0, 0.0
    for i in range(len(m)):
        weight = 1 / (e[i] * e[i])
        weights += weight
        total += weight * m[i]
    mean = total / weights
    row[WEIGHTED_MEAN] = mean
    absolute, squares = 0.0, 0.0
    for i in range(len(m)):
        d = (m[i] - mean) / e[i]
        absolute += abs(d)
        squares += d * d
    if len(m) > 1:
        row[CHI2] = squares / (len(m) - 1)
        if row[AMPLITUDE] > 0:
            row[STETSON_K] = absolute / math.sqrt(len(m) * squares)


@compiled
def _scatter(m: Floats, e: Floats, mean: float, sigma: float, row: Floats) -> None:
    row[BEYOND_1] = _fraction_beyond(m, mean, sigma)
    row[BEYOND_2] = _fraction_beyond(m, mean, 2 * sigma)
    errors = 0.0
    for value in e:
        errors += value * value
    row[EXCESS_VARIANCE] = (sigma * sigma - errors / len(m)) / (mean * mean)


@compiled
def _slopes(t: Floats, m: Floats, sigma: float, row: Floats) -> None:
    steepest, steps, rates = 0.0, 0.0, 0.0
    for i in range(1, len(m)):
        step = m[i] - m[i - 1]
        steps += step * step
        if t[i] > t[i - 1]:
            rate = step / (t[i] - t[i - 1])
            steepest = max(steepest, abs(rate))
            rates += rate * rate
    n, variance, span = len(m), sigma * sigma, t[-1] - t[0]
    if span > 0:
        row[MAXIMUM_SLOPE] = steepest
    if sigma > 0:
        row[ETA] = steps / ((n - 1) * variance)
    if sigma > 0 and span > 0:
        row[ETA_E] = span**2 / float(n - 1) ** 3 * rates / variance


@compiled
def _shape(m: Floats, ordered: Floats, mean: float, sigma: float, row: Floats) -> None:
    n = len(m)
    cubes, fourths, walk, low, high = 0.0, 0.0, 0.0, np.inf, -np.inf
    for value in m:
        z = (value - mean) / sigma
        cubes += z * z * z
        fourths += z * z * z * z
        walk += z
        low, high = min(low, walk), max(high, walk)
    row[CUSUM] = (high - low) / n
    if n > 2:
        row[SKEW] = n / ((n - 1.0) * (n - 2.0)) * cubes
    if n > 3:
        bias = 3 * (n - 1.0) ** 2 / ((n - 2.0) * (n - 3.0))
        row[KURTOSIS] = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * fourths - bias
        row[ANDERSON_DARLING] = _anderson_darling(ordered, mean, sigma)


@compiled
def _anderson_darling(ordered: Floats, mean: float, sigma: float) -> float:
    n = len(ordered)
    total = 0.0
    for i in range(n):
        z = (ordered[i] - mean) / (sigma * math.sqrt(2.0))
        below, above = 0.5 * math.erfc(-z), 0.5 * math.erfc(z)  # both tails exact, unlike 1 - below
        total += (2 * i + 1) * math.log(max(below, _SMALLEST)) + (2 * (n - i) - 1) * math.log(max(above, _SMALLEST))
    return (1 + 4 / n - 25 / (n * n)) * (-n - total / n)


@compiled
def _trend(t: Floats, m: Floats, row: Floats) -> None:
    n = len(m)
    t_mean, m_mean = np.mean(t - t[0]) + t[0], row[MEAN]
    tt, tm = 0.0, 0.0
    for i in range(n):
        tt += (t[i] - t_mean) ** 2
        tm += (t[i] - t_mean) * (m[i] - m_mean)
    slope = tm / tt
    squares = 0.0
    for i in range(n):
        squares += (m[i] - m_mean - slope * (t[i] - t_mean)) ** 2
    variance = squares / (n - 2)
    row[TREND] = slope
    row[TREND_SIGMA] = math.sqrt(variance / tt)
    row[TREND_NOISE] = math.sqrt(variance)


@compiled
def _fit(t: Floats, m: Floats, e: Floats, row: Floats) -> None:
    n = len(m)
    weights, times = 0.0, 0.0
    for i in range(n):
        weight = 1 / (e[i] * e[i])
        weights += weight
        times += weight * (t[i] - t[0])
    t_mean, m_mean = t[0] + times / weights, row[WEIGHTED_MEAN]
    tt, tm = 0.0, 0.0
    for i in range(n):
        weight = 1 / (e[i] * e[i])
        tt += weight * (t[i] - t_mean) ** 2
        tm += weight * (t[i] - t_mean) * (m[i] - m_mean)
    slope = tm / tt
    squares = 0.0
    for i in range(n):
        squares += ((m[i] - m_mean - slope * (t[i] - t_mean)) / e[i]) ** 2
    row[FIT_SLOPE] = slope
    row[FIT_SIGMA] = math.sqrt(1 / tt)
    row[FIT_CHI2] = squares / (n - 2)
