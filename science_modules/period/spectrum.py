"""The power spectrum of a light curve in several bands, and that of its observing times, on one grid of frequencies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.fourier_sums import N_FREQUENCIES, Spreading, window_sums
from science_modules.period.curves import Curve

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

OVERSAMPLING = 5  # frequencies per 1 / time span: a peak between two is at most 2 % higher
SMALLEST = 1e-6  # a determinant, in weights: below, all points lie at one phase or at two opposite ones
MIN_CYCLES = 2  # of the longest period in the light curve: what does not come back is no period


@dataclass(frozen=True)
class Spectrum:
    """Power of a sinusoid in all bands at frequencies first * step, (first + 1) * step, ...

    Attributes
    ----------
    step : float
        [1/d].
    first : int
        Number of the first frequency, in steps.
    power : numpy.ndarray, shape (n_frequencies,)
        Share of the chi2 about the bands' means that a sinusoid takes away, 0 to 1; one phase and, in units of the bands'
        scatter, one amplitude, a mean for each band.
    window : numpy.ndarray, shape (n_frequencies,)
        |sum of w exp(2 pi i f t)| / sum of w of all points: 1 where the observing times have that frequency.
    """

    step: float
    first: int
    power: Floats
    window: Floats


def spectrum(curve: Curve, highest: float, how: Spreading) -> Spectrum:
    """The floating-mean periodogram of a light curve, bands added by chi2, up to a frequency.

    Parameters
    ----------
    curve : Curve
        With scatter; its span holds MIN_CYCLES of the highest frequency.
    highest : float
        [1/d].
    how : Spreading

    Notes
    -----
    Zechmeister & Kürster 2009, A&A 496, 577, eq. 5 to 18, with one mean per band (VanderPlas & Ivezić 2015, ApJ 812, 18).
    """
    step = 1 / (OVERSAMPLING * curve.span)
    first = MIN_CYCLES * OVERSAMPLING
    n = int(highest / step) - first + 1
    power, window = np.zeros(n), np.zeros(n)
    totals = np.array([np.sum(curve.weight[own]) for own in curve.bands()])
    rows = _rows(curve, step)
    for start in range(0, n, N_FREQUENCIES):
        part = slice(start, min(start + N_FREQUENCIES, n))
        _powers(window_sums(rows, first + start, how), totals, power[part], window[part])
    return Spectrum(step, first, power / curve.chi2, window)


def _rows(curve: Curve, step: float) -> list[tuple[Floats, Floats]]:
    """What is transformed: w of each band, w y of all, w of all at twice the frequency."""
    places = curve.time * step
    bands = [(places[own], curve.weight[own]) for own in curve.bands()]
    return [*bands, (places, curve.weight * curve.flux), (2 * places, curve.weight)]


@compiled
def _powers(sums: Complexes, totals: Floats, power: Floats, window: Floats) -> None:
    n_bands, total = len(totals), totals.sum()
    for k in range(len(power)):
        y, double = sums[n_bands, k], sums[n_bands + 1, k]
        cc, ss, cs = 0.5 * (total + double.real), 0.5 * (total - double.real), 0.5 * double.imag
        weights = 0j
        for band in range(n_bands):
            w = sums[band, k]
            weights += w
            if totals[band] > 0:
                cc -= w.real * w.real / totals[band]
                ss -= w.imag * w.imag / totals[band]
                cs -= w.real * w.imag / totals[band]
        determinant = cc * ss - cs * cs
        if determinant > SMALLEST * total * total:
            power[k] = (y.real * y.real * ss + y.imag * y.imag * cc - 2 * y.real * y.imag * cs) / determinant
        window[k] = abs(weights) / total
