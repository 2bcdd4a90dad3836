"""From a light curve to a period: spectrum, candidates, the best of them, its aliases, how likely noise is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.fourier_sums import Spreading
from science_modules.period.aliases import Alias, alias
from science_modules.period.candidates import Candidate, candidates, polished
from science_modules.period.curves import MIN_IN_BAND, Curve
from science_modules.period.false_alarm import false_alarm
from science_modules.period.scaling import coefficients, rescaled
from science_modules.period.spectrum import MIN_CYCLES, Spectrum, spectrum

Floats = NDArray[np.float64]

MIN_POINTS = 20
TOO_FEW = f"too few points: n < {MIN_POINTS} in bands with {MIN_IN_BAND} at least"
LONGEST = 20_000.0  # d; 55 years: beyond, a time is wrong, and a spectrum of it would take seconds
TOO_LONG = f"too long: the times span more than {LONGEST:.0f} d"
TOO_SHORT = f"too short: the light curve spans less than {2 * MIN_CYCLES} of the shortest period"
NO_SCATTER = "no scatter: all fluxes of a band are equal, or it overflows"


@dataclass(frozen=True)
class Period:
    """The result of a search.

    Attributes
    ----------
    adopted : Candidate
    amplitudes : numpy.ndarray, shape (n_bands, n_harmonics)
        Semi-amplitude of each harmonic in each band [nJy].
    power, false_alarm : float
        Of the highest peak of the spectrum, and the upper bound of its probability in noise.
    window : float
        Of the observing times, at the adopted frequency.
    alias : Alias or None
    """

    adopted: Candidate
    amplitudes: Floats
    power: float
    false_alarm: float
    window: float
    alias: Alias | None


def reason(curve: Curve, highest: float) -> str | None:
    """Why there is no period to look for; None if there may be one.

    Parameters
    ----------
    curve : Curve
    highest : float
        [1/d].
    """
    if len(curve) < MIN_POINTS:
        return TOO_FEW
    if curve.span * highest < 2 * MIN_CYCLES:
        return TOO_SHORT
    if curve.span > LONGEST:
        return TOO_LONG
    return None if curve.chi2 > 0 else NO_SCATTER


def search(curve: Curve, highest: float, how: Spreading) -> Period:
    """The period of a light curve.

    Parameters
    ----------
    curve : Curve
        One of which `reason` says nothing.
    highest : float
        Highest frequency [1/d].
    how : Spreading
    """
    periodogram = spectrum(curve, highest, how)
    found = candidates(curve, periodogram, highest)
    first = polished(curve, found[0])
    power = max(each.sinusoid for each in [*found, first])
    scaled = rescaled(curve, first.frequency, first.n_harmonics)
    adopted = polished(scaled, first)
    series = coefficients(scaled, adopted.frequency, adopted.n_harmonics)
    return Period(
        adopted=adopted,
        amplitudes=np.outer(scaled.scatter, np.hypot(series[::2], series[1::2])),
        power=power,
        false_alarm=false_alarm(curve, power, highest),
        window=_window(periodogram, adopted.frequency),
        alias=alias(found, periodogram),
    )


def _window(periodogram: Spectrum, frequency: float) -> float:
    """At the nearest frequency of the spectrum."""
    number = round(frequency / periodogram.step) - periodogram.first
    return float(periodogram.window[min(max(number, 0), len(periodogram.window) - 1)])
