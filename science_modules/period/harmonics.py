"""Least squares of a Fourier series at one frequency: 1 to 4 harmonics common to the bands, a mean for each."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_HARMONICS = 4
_N = 2 * MAX_HARMONICS
_SMALLEST_PIVOT = 1e-5  # of the sum of weights: a coefficient that the phases say nothing about


@compiled
def harmonics_allowed(n_points: int, n_bands: int) -> int:
    """The most harmonics: three points per parameter, MAX_HARMONICS at most, 1 at least.

    Parameters
    ----------
    n_points, n_bands : int
    """
    return min(max((n_points // 3 - n_bands) // 2, 1), MAX_HARMONICS)


@compiled
def fit(
    time: Floats, flux: Floats, weight: Floats, starts: Ints, frequency: float, matrix: Floats, vector: Floats
) -> None:
    """The series' coefficients, orthogonalised: the square of vector[j] is what coefficient j takes from the chi2.

    The order is cos, sin, cos 2, sin 2, ..., so that the first 2 k squares are what k harmonics take.

    Parameters
    ----------
    time, flux, weight : numpy.ndarray of float64, shape (n_points,)
        As `Curve`.
    starts : numpy.ndarray of int64, shape (n_bands + 1,)
    frequency : float
        [1/d].
    matrix, vector : numpy.ndarray of float64, shapes (2 MAX_HARMONICS, 2 MAX_HARMONICS) and (2 MAX_HARMONICS,)
        Filled; `solve` makes coefficients of them.
    """
    matrix[:], vector[:] = 0.0, 0.0
    c, s, y = np.empty(_N + 1), np.empty(_N + 1), np.empty(_N + 1)
    for band in range(len(starts) - 1):
        low, high = starts[band], starts[band + 1]
        _sums(time[low:high], flux[low:high], weight[low:high], frequency, c, s, y)
        if c[0] > 0:
            _add_products(c, s, y, matrix, vector)
    _decompose(matrix, vector)


@compiled
def _sums(time: Floats, flux: Floats, weight: Floats, frequency: float, c: Floats, s: Floats, y: Floats) -> None:
    """c, s: sums of w cos k, w sin k for k = 0 ... 2 MAX_HARMONICS; y: of w flux times 1, cos, sin, cos 2, ..."""
    c[:], s[:], y[:] = 0.0, 0.0, 0.0
    for i in range(len(time)):
        turns = frequency * time[i]
        turns = 2 * math.pi * (turns - math.floor(turns))
        one_c, one_s, w, wy = math.cos(turns), math.sin(turns), weight[i], weight[i] * flux[i]
        kc, ks = 1.0, 0.0
        c[0] += w
        y[0] += wy
        for k in range(1, _N + 1):
            kc, ks = kc * one_c - ks * one_s, ks * one_c + kc * one_s
            c[k] += w * kc
            s[k] += w * ks
            if k <= MAX_HARMONICS:
                y[2 * k - 1] += wy * kc
                y[2 * k] += wy * ks


@compiled
def _add_products(c: Floats, s: Floats, y: Floats, matrix: Floats, vector: Floats) -> None:
    """cos i cos j = (cos(i - j) + cos(i + j)) / 2 and its like; then the band's own mean is eliminated."""
    for i in range(1, MAX_HARMONICS + 1):
        row_c, row_s = 2 * i - 2, 2 * i - 1
        vector[row_c] += y[2 * i - 1] - c[i] * y[0] / c[0]
        vector[row_s] += y[2 * i] - s[i] * y[0] / c[0]
        for j in range(1, i + 1):
            plus, minus = i + j, i - j
            matrix[row_c, 2 * j - 2] += 0.5 * (c[minus] + c[plus]) - c[i] * c[j] / c[0]
            matrix[row_s, 2 * j - 1] += 0.5 * (c[minus] - c[plus]) - s[i] * s[j] / c[0]
            matrix[row_s, 2 * j - 2] += 0.5 * (s[plus] + s[minus]) - s[i] * c[j] / c[0]
            if j < i:
                matrix[row_c, 2 * j - 1] += 0.5 * (s[plus] - s[minus]) - c[i] * s[j] / c[0]


@compiled
def _decompose(matrix: Floats, vector: Floats) -> None:
    """Cholesky's decomposition in place, L^-1 vector; what the points hardly determine is left out (0 in vector)."""
    smallest = _SMALLEST_PIVOT * (matrix[0, 0] + matrix[1, 1])
    for i in range(_N):
        for j in range(i):
            value = matrix[i, j]
            for k in range(j):
                value -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = value / matrix[j, j]
        pivot, value = matrix[i, i], vector[i]
        for k in range(i):
            pivot -= matrix[i, k] * matrix[i, k]
            value -= matrix[i, k] * vector[k]
        if pivot > smallest:
            matrix[i, i] = math.sqrt(pivot)
            vector[i] = value / matrix[i, i]
        else:
            matrix[i, i], vector[i] = math.inf, 0.0


@compiled
def solve(matrix: Floats, vector: Floats, n: int) -> None:
    """The first n coefficients of the series that has only these, in place of what `fit` left in vector.

    Parameters
    ----------
    matrix, vector : numpy.ndarray of float64
        As `fit` left them.
    n : int
        2 for one harmonic, 4 for two, ...
    """
    for i in range(n - 1, -1, -1):
        value = vector[i]
        for k in range(i + 1, n):
            value -= matrix[k, i] * vector[k]
        vector[i] = value / matrix[i, i] if matrix[i, i] < math.inf else 0.0
