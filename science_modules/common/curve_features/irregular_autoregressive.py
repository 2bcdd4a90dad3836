"""How much of a magnitude is left after one day in an autoregressive process at uneven times: IAR_phi."""

import math

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_POINTS = 6
SHORTEST, LONGEST = 0.05, 1e5  # d: phi = exp(-1 / tau) from 2e-9 to 1 - 1e-5
N_SCAN = 25  # looks over the logarithm of tau, before the best one is refined
_GOLDEN = (math.sqrt(5) - 1) / 2
_TOLERANCE = 1e-6  # of the logarithm of tau


def irregular_autoregressive(time: Floats, mag: Floats, err: Floats, offsets: Ints) -> dict[str, Floats]:
    """Correlation of magnitudes a day apart, by maximum likelihood.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_groups + 1,)
        Group k owns the points offsets[k]:offsets[k + 1].

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_groups,)
        IAR_phi, 0 to 1; NaN with fewer than 6 points or without scatter.

    Notes
    -----
    Eyheramendy et al. 2018, MNRAS 481, 4311: a stationary process of variance 1 (the magnitudes are standardised), observed
    with the errors, by a Kalman filter. The likelihood of each point takes this point's error; the published features take
    the next one's.
    """
    phi = np.full(len(offsets) - 1, np.nan)
    _fit_all(time, mag, err, offsets, phi)
    return {"IAR_phi": phi}


@compiled
def _fit_all(time: Floats, mag: Floats, err: Floats, offsets: Ints, phi: Floats) -> None:
    for k in range(len(offsets) - 1):
        own = slice(offsets[k], offsets[k + 1])
        n = offsets[k + 1] - offsets[k]
        if n >= MIN_POINTS and mag[own].min() < mag[own].max():
            scatter = mag[own].std() * math.sqrt(n / (n - 1))
            y, variance = (mag[own] - mag[own].mean()) / scatter, (err[own] / scatter) ** 2
            phi[k] = math.exp(-math.exp(-_best_log_tau(time[own], y, variance)))


@compiled
def _best_log_tau(time: Floats, y: Floats, variance: Floats) -> float:
    """The lowest of a scan, refined by golden sections between its neighbours."""
    first, step = math.log(SHORTEST), math.log(LONGEST / SHORTEST) / (N_SCAN - 1)
    best, lowest = 0, np.inf
    for number in range(N_SCAN):
        value = _cost(first + number * step, time, y, variance)
        if value < lowest:
            best, lowest = number, value
    low, high = first + max(best - 1, 0) * step, first + min(best + 1, N_SCAN - 1) * step
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = _cost(left, time, y, variance), _cost(right, time, y, variance)
    while high - low > _TOLERANCE:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = _cost(left, time, y, variance)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = _cost(right, time, y, variance)
    return 0.5 * (low + high)


@compiled
def _cost(log_tau: float, time: Floats, y: Floats, variance: Floats) -> float:
    """Twice the negative logarithm of the likelihood, less a constant."""
    rate = math.exp(-log_tau)
    state, uncertainty, total = 0.0, 1.0, 0.0
    for i in range(len(time)):
        if i > 0:
            kept = math.exp(-rate * (time[i] - time[i - 1]))
            state, uncertainty = kept * state, kept * kept * uncertainty + 1 - kept * kept
        spread = uncertainty + variance[i]
        surprise = y[i] - state
        total += math.log(spread) + surprise * surprise / spread
        gain = uncertainty / spread
        state, uncertainty = state + gain * surprise, uncertainty * (1 - gain)
    return total
