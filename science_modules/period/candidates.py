"""The frequencies that may be a light curve's: peaks of the spectrum, refined with harmonics, and their aliases."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.period.curves import Curve
from science_modules.period.harmonics import MAX_HARMONICS, fit, harmonics_allowed
from science_modules.period.spectrum import MIN_CYCLES, Spectrum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_PEAKS = 20  # of a sinusoid; the true one of 282 of 285 Stripe 82 RR Lyrae is among them
# What a multiple of the period (or its alias) has to be better by: its first harmonic takes less than half of what the
# best does. Very strong evidence on the scale of Kass & Raftery 1995, J. Am. Stat. Assoc. 90, 773.
EVIDENCE = 10.0
_WEAK = 0.5
N_RELATED = 3  # of these, the best, also aliases and multiples are tried
_REACH, _STEP, _HALVINGS = 6, 0.1, 5  # around a peak, in units of 1 / span: +-0.6 by 0.1, then down to 0.003


@dataclass(frozen=True)
class Candidate:
    """A frequency, and how well its best number of harmonics describes the light curve.

    Attributes
    ----------
    frequency : float
        [1/d].
    n_harmonics : int
    bic : float
        n ln(chi2 / chi2 about the means) + (number of coefficients) ln n: lower is better, 0 is no better than the means.
    explained, sinusoid : float
        The share of the chi2 that the series takes, and that one harmonic takes at its best within the peak.
    """

    frequency: float
    n_harmonics: int
    bic: float
    explained: float
    sinusoid: float


def candidates(curve: Curve, spectrum: Spectrum, highest: float) -> list[Candidate]:
    """Everything worth a look, the best first; equal ones by frequency.

    Parameters
    ----------
    curve : Curve
    spectrum : Spectrum
        Of the curve.
    highest : float
        [1/d].
    """
    found = [refined(curve, frequency) for frequency in peaks(spectrum)]
    for best in ranked(found)[:N_RELATED]:
        _add_related(found, curve, best, spectrum, highest)
    best = ranked(found)[0]
    _add_related(found, curve, best, spectrum, highest)
    return ranked(found)


def ranked(found: list[Candidate]) -> list[Candidate]:
    """The same, the best first.

    Parameters
    ----------
    found : list of Candidate
    """
    ordered = sorted(zip(scores(found), found, strict=True), key=lambda pair: (pair[0], pair[1].frequency))
    return [candidate for _, candidate in ordered]


def scores(found: list[Candidate]) -> list[float]:
    """BIC of each, and EVIDENCE more where its first harmonic is weak; lower is better.

    Parameters
    ----------
    found : list of Candidate
    """
    strong = _WEAK * max(each.sinusoid for each in found)
    return [each.bic + EVIDENCE * (each.sinusoid < strong) for each in found]


def _add_related(found: list[Candidate], curve: Curve, best: Candidate, spectrum: Spectrum, highest: float) -> None:
    """Those that are in the list already, to half a peak's width, are not looked at again."""
    for _, frequency in related(best.frequency, spectrum):
        known = any(abs(each.frequency - frequency) < 0.5 / curve.span for each in found)
        if not known and MIN_CYCLES / curve.span <= frequency <= highest:
            found.append(refined(curve, frequency))


def peaks(spectrum: Spectrum) -> list[float]:
    """The frequencies of the highest local maxima, the highest first [1/d].

    Parameters
    ----------
    spectrum : Spectrum
    """
    power = np.concatenate([[-1.0], spectrum.power, [-1.0]])
    middle = power[1:-1]
    numbers = np.flatnonzero((middle > power[:-2]) & (middle >= power[2:]))
    chosen = numbers[np.argsort(-middle[numbers], kind="stable")[:N_PEAKS]]
    return [float(spectrum.step * (spectrum.first + number)) for number in chosen]


def related(frequency: float, spectrum: Spectrum) -> Iterator[tuple[str, float]]:
    """Names and frequencies of what a light curve of this frequency may be taken for, or this one for it.

    Parameters
    ----------
    frequency : float
        [1/d].
    spectrum : Spectrum
        Whose window says where one and two per day lie (sidereal or solar days).
    """
    yield "f / 2", frequency / 2
    yield "2 f", 2 * frequency
    for days in (1, 2):
        window = daily(spectrum, days)
        yield f"f + {days}", frequency + window
        if frequency > window:
            yield f"f - {days}", frequency - window
        else:
            yield f"{days} - f", window - frequency


def daily(spectrum: Spectrum, days: int) -> float:
    """Where the observing times have their peak near 1 (or 2) per day [1/d]; exactly there if the spectrum starts above.

    Parameters
    ----------
    spectrum : Spectrum
    days : int
        How many per day.
    """
    reach = max(1, int(0.01 / spectrum.step))  # holds the sidereal day, 1.0027 per day, and its neighbours by a year
    middle = round(days / spectrum.step) - spectrum.first
    low, high = middle - reach, middle + reach + 1
    if low < 0 or high > len(spectrum.window):
        return float(days)
    return float(spectrum.step * (spectrum.first + low + np.argmax(spectrum.window[low:high])))


def refined(curve: Curve, frequency: float) -> Candidate:
    """The best frequency and number of harmonics within a peak.

    Parameters
    ----------
    curve : Curve
    frequency : float
        The peak's, to 0.6 / span [1/d].
    """
    return _climbed(curve, frequency, _REACH, _HALVINGS)


def polished(curve: Curve, candidate: Candidate) -> Candidate:
    """The same with a frequency to 1e-7 of a peak's width.

    Parameters
    ----------
    curve : Curve
    candidate : Candidate
    """
    return _climbed(curve, candidate.frequency, 0, 20)


def _climbed(curve: Curve, frequency: float, reach: int, halvings: int) -> Candidate:
    points = curve.time, curve.flux, curve.weight, curve.starts
    return Candidate(*_climb(*points, frequency, _STEP / curve.span, curve.chi2, reach, halvings))


@compiled
def _climb(
    time: Floats, flux: Floats, weight: Floats, starts: Ints, middle: float, step: float, chi2: float,
    reach: int, halvings: int,
) -> tuple[float, int, float, float, float]:  # fmt: skip
    """Steps on both sides of the middle, then from the best one halved steps; the fields of `Candidate`."""
    matrix, vector = np.empty((2 * MAX_HARMONICS, 2 * MAX_HARMONICS)), np.empty(2 * MAX_HARMONICS)
    allowed = harmonics_allowed(len(time), len(starts) - 1)
    best, least, most, explained, sinusoid = middle, math.inf, 1, 0.0, 0.0
    for k in range(-reach, reach + 1 + 2 * halvings):
        if k <= reach:
            frequency = middle + k * step
        else:
            if (k - reach) % 2 == 1:
                step, centre = 0.5 * step, best
            frequency = centre + step * (2 * ((k - reach) % 2) - 1)
        fit(time, flux, weight, starts, frequency, matrix, vector)
        bic, n = _judge(vector, chi2, len(time), allowed)
        sinusoid = max(sinusoid, (vector[0] ** 2 + vector[1] ** 2) / chi2)
        if bic < least:
            best, least, most = frequency, bic, n
            explained = np.sum(vector[: 2 * n] ** 2) / chi2
    return best, most, least, explained, sinusoid


@compiled
def _judge(vector: Floats, chi2: float, n_points: int, allowed: int) -> tuple[float, int]:
    """The lowest BIC of 1 to `allowed` harmonics, and their number; the variance is not known (Schwarz 1978)."""
    least, most, taken = math.inf, 1, 0.0
    for k in range(allowed):
        taken += vector[2 * k] ** 2 + vector[2 * k + 1] ** 2
        left = max(1 - taken / chi2, 1e-12)
        bic = n_points * math.log(left) + 2 * (k + 1) * math.log(n_points)
        if bic < least:
            least, most = bic, k + 1
    return least, most
