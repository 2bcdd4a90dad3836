"""How often pure noise gives a peak as high anywhere in the spectrum."""

import math

import numpy as np

from science_modules.period.curves import Curve
from science_modules.period.spectrum import MIN_CYCLES


def false_alarm(curve: Curve, power: float, highest: float) -> float:
    """Upper bound of the probability that white noise with these errors at these times has a peak of this power.

    Parameters
    ----------
    curve : Curve
    power : float
        Of the highest peak of the spectrum, 0 to 1.
    highest : float
        End of the spectrum [1/d].

    Returns
    -------
    float
        0 to 1. The noise may have any size; the ratios between points are those of the errors.

    Notes
    -----
    Baluev 2008, MNRAS 385, 1279, eq. 5 and table 1 (z_1), with one mean per band instead of one: 1 - (1 - p) exp(-rate), p for
    one frequency, rate the expected number of times that the power passes the level from below. Where peaks come in
    groups, as aliases do, fewer light curves have one.
    """
    left = _degrees_of_freedom(curve) - 2
    if power <= 0 or power >= 1:
        return float(power <= 0)
    width = (highest - MIN_CYCLES / curve.span) * _effective_span(curve)
    log_rate = math.log(width) + math.lgamma((left + 2) / 2) - math.lgamma((left + 1) / 2)
    log_rate += 0.5 * math.log(power) + 0.5 * (left - 1) * math.log1p(-power)
    single = math.exp(0.5 * left * math.log1p(-power))
    return float(single - (1 - single) * math.expm1(-math.exp(min(log_rate, 50.0))))


def _degrees_of_freedom(curve: Curve) -> float:
    """Of the fluxes about the bands' means: n - n_bands, or fewer where some bands have more than their share of the chi2.

    The amplitude in a band is that band's scatter, so that a band of large scatter, by chance too, counts for more. Given the
    scatters the directions of the residuals are uniform, each band's in its n_b - 1 dimensions, and the projection on a
    sinusoid has the variance sum(q_b^2 / (n_b - 1)) / (sum q_b)^2, q_b a band's chi2.
    """
    chi2 = np.array([np.sum(curve.weight[own] * curve.flux[own] ** 2) for own in curve.bands()])
    return float(np.sum(chi2) ** 2 / np.sum(chi2**2 / (np.diff(curve.starts) - 1)))


def _effective_span(curve: Curve) -> float:
    """sqrt(4 pi variance of the times) [d]."""
    total = np.sum(curve.weight)
    mean = np.sum(curve.weight * curve.time) / total
    return math.sqrt(4 * math.pi * float(np.sum(curve.weight * (curve.time - mean) ** 2) / total))
