"""What several features are made of: moments, quantiles and means of a band's magnitudes; compiled, one curve a call."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def moments(mag: Floats) -> tuple[float, float]:
    """Mean and population standard deviation.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    """
    low, high, total = mag[0], mag[0], 0.0
    for value in mag:
        total += value
        low, high = min(low, value), max(high, value)
    if low == high:
        return low, 0.0  # rounding of the mean must not look like scatter
    mean = total / len(mag)
    squares = 0.0
    for value in mag:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares / len(mag))


@compiled
def quantile(ordered: Floats, q: float) -> float:
    """Linear between the i-th of n values as quantile i / (n - 1), i from 0.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    q : float
        0 to 1.
    """
    position = (len(ordered) - 1) * q
    below = min(int(position), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    value: float = ordered[below] + (position - below) * (ordered[above] - ordered[below])
    return value


@compiled
def median(ordered: Floats) -> float:
    """Middle value, or the mean of the two.

    Parameters
    ----------
    ordered : numpy.ndarray of float64, shape (n,)
        Magnitudes in ascending order.
    """
    n = len(ordered)
    value: float = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
    return value


@compiled
def weighted_mean(mag: Floats, err: Floats) -> float:
    """Mean weighted with 1 / err^2.

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n,)
        In the order of time [mag].
    err : numpy.ndarray of float64, shape (n,)
        Of `mag`, positive [mag].
    """
    weights, total = 0.0, 0.0
    for i in range(len(mag)):
        weight = 1 / (err[i] * err[i])
        weights += weight
        total += weight * mag[i]
    return total / weights
