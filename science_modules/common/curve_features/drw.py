"""Variance and relaxation time of a damped random walk: GP_DRW_sigma and GP_DRW_tau."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 3
SHORTEST, LONGEST = 1e-5, 1e5  # d, of tau: a second (white noise between any two looks) to centuries
SMALLEST, LARGEST = 1e-8, 1e3  # mag^2, of the variance
_STARTS = np.array([1e-4, 0.03, 0.3, 2.0, 10.0, 50.0, 300.0])  # d
_STEPS = 60
_CONVERGED = 1e-10  # of the negative logarithm of the likelihood


def drw(time: Floats, mag: Floats, err: Floats, offsets: Ints) -> dict[str, Floats]:
    """Variance and time scale of the damped random walk that makes a light curve most likely.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        GP_DRW_sigma, a variance [mag^2] in spite of its name; GP_DRW_tau [d]. NaN with fewer than 3 points; where the
        errors explain all scatter the variance is 0 and tau NaN.

    Notes
    -----
    Kelly et al. 2009, ApJ 698, 895. Covariance variance * exp(-lag / tau) about the mean magnitude, plus the errors. The
    likelihood is that of a Kalman filter, O(n); its maximum is found by damped Fisher scoring.
    """
    variance, tau = np.full((2, len(offsets) - 1), np.nan)
    _fit_all(time, mag, err, offsets, variance, tau)
    return {"GP_DRW_sigma": variance, "GP_DRW_tau": tau}


@compiled
def _fit_all(time: Floats, mag: Floats, err: Floats, offsets: Ints, variance: Floats, tau: Floats) -> None:
    slopes, information = np.empty(2), np.empty(3)
    for k in range(len(offsets) - 1):
        own = slice(offsets[k], offsets[k + 1])
        if offsets[k + 1] - offsets[k] >= MIN_POINTS:
            y = mag[own] - mag[own].mean()
            log_variance, log_tau = _highest(time[own], y, err[own] ** 2, slopes, information)
            variance[k] = 0.0
            if log_variance > math.log(SMALLEST):
                variance[k], tau[k] = math.exp(log_variance), math.exp(log_tau)


@compiled
def _highest(time: Floats, y: Floats, noise: Floats, slopes: Floats, information: Floats) -> tuple[float, float]:
    """The likelihood has several maxima: the best of those that the starts lead to."""
    log_variance, log_tau, least = 0.0, 0.0, np.inf
    for tau in _STARTS:
        start = _within(math.log(y.var() + SMALLEST), SMALLEST, LARGEST)
        a, t, cost = _climbed(start, math.log(tau), time, y, noise, slopes, information)
        if cost < least - _CONVERGED:
            log_variance, log_tau, least = a, t, cost
    return log_variance, log_tau


@compiled
def _climbed(
    log_variance: float, log_tau: float, time: Floats, y: Floats, noise: Floats, slopes: Floats, information: Floats
) -> tuple[float, float, float]:
    """Steps along the slope, measured by the expected information; smaller ones where a step leads nowhere."""
    cost = _cost(log_variance, log_tau, time, y, noise, slopes, information)
    damping = 1e-3
    new_slopes, new_information = np.empty(2), np.empty(3)
    for _ in range(_STEPS):
        aa, at, tt = information[0] * (1 + damping) + 1e-9, information[1], information[2] * (1 + damping) + 1e-9
        determinant = aa * tt - at * at
        step_a = (tt * slopes[0] - at * slopes[1]) / determinant
        step_t = (aa * slopes[1] - at * slopes[0]) / determinant
        new_variance = _within(log_variance - min(max(step_a, -2), 2), SMALLEST, LARGEST)
        new_tau = _within(log_tau - min(max(step_t, -2), 2), SHORTEST, LONGEST)
        new_cost = _cost(new_variance, new_tau, time, y, noise, new_slopes, new_information)
        if new_cost <= cost:
            gained, log_variance, log_tau, cost = cost - new_cost, new_variance, new_tau, new_cost
            slopes[:], information[:], damping = new_slopes, new_information, damping * 0.2
            if gained < _CONVERGED:
                break
        else:
            damping = max(10 * damping, 1e-3)
            if damping > 1e8:
                break
    return log_variance, log_tau, cost


@compiled
def _within(logarithm: float, lowest: float, highest: float) -> float:
    return min(max(logarithm, math.log(lowest)), math.log(highest))


@compiled
def _cost(
    log_variance: float, log_tau: float, time: Floats, y: Floats, noise: Floats, slopes: Floats, information: Floats
) -> float:
    """Negative logarithm of the likelihood, less a constant; its slopes by the two logarithms, and their information.

    d and D stand for derivatives by the logarithm of the variance and of tau.
    """
    variance, rate = math.exp(log_variance), math.exp(-log_tau)
    x, dx, Dx, p, dp, Dp = 0.0, 0.0, 0.0, variance, variance, 0.0
    cost = 0.0
    slopes[:], information[:] = 0, 0
    for i in range(len(time)):
        if i > 0:
            turns = rate * (time[i] - time[i - 1])
            f = math.exp(-turns)
            Df = turns * f
            x, dx, Dx = f * x, f * dx, f * Dx + Df * x
            Dp = 2 * f * Df * (p - variance) + f * f * Dp
            p, dp = variance * (1 - f * f) + f * f * p, variance * (1 - f * f) + f * f * dp
        spread = p + noise[i]
        v, w = y[i] - x, 1 / spread
        cost += 0.5 * (math.log(spread) + v * v * w)
        slopes[0] += 0.5 * w * (dp * (1 - v * v * w) - 2 * v * dx)
        slopes[1] += 0.5 * w * (Dp * (1 - v * v * w) - 2 * v * Dx)
        information[0] += w * dx * dx + 0.5 * w * w * dp * dp
        information[1] += w * dx * Dx + 0.5 * w * w * dp * Dp
        information[2] += w * Dx * Dx + 0.5 * w * w * Dp * Dp
        gain, slope_of_gain = p * w, noise[i] * w * w
        x, dx, Dx = x + gain * v, dx * (1 - gain) + slope_of_gain * dp * v, Dx * (1 - gain) + slope_of_gain * Dp * v
        p, dp, Dp = noise[i] * gain, noise[i] * slope_of_gain * dp, noise[i] * slope_of_gain * Dp
    return cost
