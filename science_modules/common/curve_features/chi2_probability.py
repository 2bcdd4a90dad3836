"""The probability of a smaller chi2, compiled: scipy.special.gammainc has no form that compiled code can call."""

import math

import numpy as np

from science_modules.common.compiled import compiled

_TERMS = 10_000  # far more than a chi2 near the degrees of freedom takes, whatever these are
_SMALL = 1e-300


@compiled
def chi2_probability(chi2: float, freedom: float) -> float:
    """Regularised lower incomplete gamma function P(freedom / 2, chi2 / 2).

    Parameters
    ----------
    chi2 : float
        Not negative.
    freedom : float
        Degrees of freedom, positive.

    Returns
    -------
    float
        0 to 1; NaN for NaN.

    Notes
    -----
    Abramowitz & Stegun 1964, 6.5.29 (series) and 6.5.31 (continued fraction), whichever converges.
    """
    a, x = 0.5 * freedom, 0.5 * chi2
    if not (x >= 0 and a > 0):
        return np.nan
    if x == 0:
        return 0.0
    if x == np.inf:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        return min(scale * _series(a, x), 1.0)
    return max(1 - scale * _fraction(a, x), 0.0)


@compiled
def _series(a: float, x: float) -> float:
    term = 1 / a
    total = term
    for n in range(1, _TERMS):
        term *= x / (a + n)
        total += term
        if term < 1e-17 * total:
            break
    return total


@compiled
def _fraction(a: float, x: float) -> float:
    """Of 1 - P, by Lentz's method as Thompson and Barnett (1986) changed it."""
    b = x + 1 - a
    c, d = 1 / _SMALL, 1 / b
    value = d
    for n in range(1, _TERMS):
        factor = n * (a - n)
        b += 2
        d = factor * d + b
        c = b + factor / c
        d = 1 / (d if abs(d) > _SMALL else _SMALL)
        c = c if abs(c) > _SMALL else _SMALL
        value *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return value
