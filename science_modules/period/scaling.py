"""The amplitude in each band, once the period is known: the scatter that the search scales with is only near it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.period.curves import Curve
from science_modules.period.harmonics import MAX_HARMONICS, fit, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 10
_SMALLEST = 0.1  # of the scatter: a band that does not follow the others keeps a little of its weight


def coefficients(curve: Curve, frequency: float, n_harmonics: int) -> Floats:
    """cos, sin, cos 2, ... of the series with so many harmonics, in units of the bands' scatter; shape (2 n_harmonics,).

    Parameters
    ----------
    curve : Curve
    frequency : float
        [1/d].
    n_harmonics : int
    """
    matrix, vector = np.empty((2 * MAX_HARMONICS, 2 * MAX_HARMONICS)), np.empty(2 * MAX_HARMONICS)
    fit(curve.time, curve.flux, curve.weight, curve.starts, frequency, matrix, vector)
    solve(matrix, vector, 2 * n_harmonics)
    return vector[: 2 * n_harmonics]


def rescaled(curve: Curve, frequency: float, n_harmonics: int) -> Curve:
    """The same points in units of the amplitude that the common series has in each band: least squares by turns.

    Parameters
    ----------
    curve : Curve
    frequency : float
        [1/d].
    n_harmonics : int
    """
    for _ in range(_ROUNDS if len(curve.codes) > 1 else 0):
        series = coefficients(curve, frequency, n_harmonics)
        gains = np.array(
            [_gain(curve.time[own], curve.flux[own], curve.weight[own], frequency, series) for own in curve.bands()]
        )
        each = np.repeat(np.maximum(gains, _SMALLEST), np.diff(curve.starts))
        scatter = curve.scatter * np.maximum(gains, _SMALLEST)
        curve = replace(curve, flux=curve.flux / each, weight=curve.weight * each**2, scatter=scatter)
    return curve


@compiled
def _gain(time: Floats, flux: Floats, weight: Floats, frequency: float, series: Floats) -> float:
    """The factor, beside a mean, with which the series is nearest to the points of a band; 1 where none is defined."""
    total, mean_x, mean_y = 0.0, 0.0, 0.0
    shape = np.zeros(len(time))
    for i in range(len(time)):
        phase = 2 * np.pi * frequency * time[i]
        for k in range(len(series) // 2):
            shape[i] += series[2 * k] * np.cos((k + 1) * phase) + series[2 * k + 1] * np.sin((k + 1) * phase)
        total += weight[i]
        mean_x += weight[i] * shape[i]
        mean_y += weight[i] * flux[i]
    xx, xy = 0.0, 0.0
    for i in range(len(time)):
        x = shape[i] - mean_x / total
        xx += weight[i] * x * x
        xy += weight[i] * x * (flux[i] - mean_y / total)
    return xy / xx if xx > 0 else 1.0
