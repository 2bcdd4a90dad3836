"""The period of an object from its bands together, how it stands out, and how far each band alone would be from it."""

import functools
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.curve_features.period_names import MULTIPLES, NAMES
from science_modules.common.fourier_sums import N_FREQUENCIES, Spreading, spreading, window_sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Complexes = NDArray[np.complex128]

SHORTEST, LONGEST = 0.045, 500.0  # d
SHIFT = 0.4  # cycles over the time span between one frequency and the next; the published grid's two times 0.2
MIN_FREQUENCIES = 1000
MAX_SPAN = 3000.0  # d: of a longer curve the densest such stretch is searched
MIN_POINTS = 11  # of a band that takes part
N_PEAKS = 10  # the highest are refined
FINER = 10  # steps of the refinement in one of the grid
N_ENTROPY = 100  # highest values of the spectrum whose entropy is taken
_SOFTENING = 0.01  # added to them
_ROUNDING = 1e-9  # of the chi2 is always left
_SMALLEST = 1e-9  # a determinant, in weights: below, all points lie at one phase or at two opposite ones


def multiband_period(
    time: Floats, mag: Floats, err: Floats, offsets: Ints, n_bands: int = 2, min_points: int = MIN_POINTS
) -> dict[str, Floats]:
    """The period at which a sinusoid in every band takes the most of the scatter.

    Parameters
    ----------
    time, mag, err : numpy.ndarray of float64, shape (n_points,)
        Time [d], ascending within a group, magnitude and its error [mag].
    offsets : numpy.ndarray of int64, shape (n_objects * n_bands + 1,)
        Group k owns the points offsets[k]:offsets[k + 1]; the bands of an object are neighbours.
    n_bands : int
        Groups of an object.
    min_points : int
        Of a group that takes part.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_objects,)
        Multiband_period [d]; PPE, 1 less the normalised entropy of the 100 highest values of the spectrum; Power_rate_1/4 to
        Power_rate_4, the spectrum at that multiple of the period over its maximum; and, of shape (n_objects * n_bands,),
        delta_period [d], by how much the period of the group alone is off. NaN where no group has enough points.

    Notes
    -----
    Schwarzenberg-Czerny 1996, ApJ 460, L107; bands as in Mondrik et al. 2015, ApJ 811, L34; settings of Sanchez-Saez et al.
    2021, AJ 161, 141.
    """
    n_objects, how = (len(offsets) - 1) // n_bands, _how()
    out, alone = np.full((len(NAMES), n_objects), np.nan), np.full((n_objects, n_bands), np.nan)
    for k in range(n_objects):
        own = offsets[k * n_bands : (k + 1) * n_bands + 1]
        curve = _curve(time, mag, err, own, min_points)
        if curve.span > 0 and (curve.chi2 > 0).all():
            out[:, k], periods = _search(curve, how)
            alone[k, curve.bands] = np.abs(periods - out[0, k])
    return dict(zip(NAMES, out, strict=True)) | {"delta_period": alone.ravel()}


@functools.cache
def _how() -> Spreading:
    return spreading()


@dataclass(frozen=True)
class _Curve:
    """The bands of an object that take part; y is the magnitude less its weighted mean, chi2 that about it."""

    bands: list[int]
    starts: Ints
    time: Floats
    y: Floats
    weight: Floats
    chi2: Floats

    @property
    def span(self) -> float:
        return float(self.time.max(initial=0))

    @property
    def freedom(self) -> Floats:
        return np.diff(self.starts) - 3.0


def _curve(time: Floats, mag: Floats, err: Floats, offsets: Ints, min_points: int) -> _Curve:
    inside = _densest(time[offsets[0] : offsets[-1]])
    owns = [low + np.flatnonzero(inside[low - offsets[0] : high - offsets[0]]) for low, high in pairwise(offsets)]
    bands = [j for j, own in enumerate(owns) if len(own) >= min_points]
    parts = [owns[j] for j in bands]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    every = np.concatenate([offsets[:0], *parts])
    weight, y = err[every] ** -2, mag[every]
    chi2 = np.empty(len(parts))
    for j, (low, high) in enumerate(pairwise(starts)):
        y[low:high] -= np.sum(weight[low:high] * y[low:high]) / np.sum(weight[low:high])
        chi2[j] = np.sum(weight[low:high] * y[low:high] ** 2)
    return _Curve(bands, starts, time[every] - time[every].min(initial=np.inf), y, weight, chi2)


def _densest(time: Floats) -> NDArray[np.bool_]:
    """Which points lie in the stretch of MAX_SPAN that has the most of them; the first of equal ones."""
    if time.max(initial=-np.inf) - time.min(initial=np.inf) <= MAX_SPAN:
        return np.ones(len(time), bool)
    ordered = np.sort(time)
    counts = np.searchsorted(ordered, ordered + MAX_SPAN, side="right") - np.arange(len(ordered))
    first = ordered[np.argmax(counts)]
    inside: NDArray[np.bool_] = (time >= first) & (time <= first + MAX_SPAN)
    return inside


def _search(curve: _Curve, how: Spreading) -> tuple[Floats, Floats]:
    """The features of the object, and the period of each band alone."""
    step = min(SHIFT / curve.span, (1 / SHORTEST - 1 / LONGEST) / MIN_FREQUENCIES)
    first, last = max(math.ceil(1 / (LONGEST * step)), 1), int(1 / (SHORTEST * step))
    explained = _spectrum(curve, step, first, last - first + 1, how)
    n_bands, together = len(curve.bands), np.arange(len(curve.bands))
    frequency = _highest(curve, together, explained[n_bands], step, first)
    highest = _at(curve, together, frequency)
    if not highest > 0:  # all points lie at one phase of every period
        return np.full(len(NAMES), np.nan), np.full(n_bands, np.nan)
    periods = [1 / _highest(curve, together[j : j + 1], explained[j], step, first) for j in range(n_bands)]
    rates = [_at(curve, together, frequency / k) for k in MULTIPLES.values()]
    excess = _excess(_statistic(curve, together, _largest(explained[n_bands])))
    found = [1 / frequency, excess, *(np.array(rates) / highest)]
    return np.array(found), np.array(periods)


def _spectrum(curve: _Curve, step: float, first: int, n: int, how: Spreading) -> Floats:
    """The chi2 that a sinusoid takes from each band and, last, from all, at n frequencies, shape (n_bands + 1, n)."""
    places = curve.time * step
    owns = [slice(low, high) for low, high in pairwise(curve.starts)]
    rows = [(places[own], curve.weight[own]) for own in owns]
    rows += [(places[own], curve.weight[own] * curve.y[own]) for own in owns]
    rows += [(2 * places[own], curve.weight[own]) for own in owns]
    totals = np.array([np.sum(curve.weight[own]) for own in owns])
    explained, most = np.empty((len(owns) + 1, n)), (1 - _ROUNDING) * curve.chi2
    for start in range(0, n, N_FREQUENCIES):
        _take(window_sums(rows, first + start, how), totals, most, explained[:, start : start + N_FREQUENCIES])
    return explained


@compiled
def _take(sums: Complexes, totals: Floats, most: Floats, explained: Floats) -> None:
    """What the sinusoids of each band take, at most `most` of it, and all together."""
    n_bands = len(totals)
    explained[:] = 0.0
    for band in range(n_bands):
        w, y, double = sums[band], sums[n_bands + band], sums[2 * n_bands + band]
        total = totals[band]
        for k in range(explained.shape[1]):
            cc = 0.5 * (total + double[k].real) - w[k].real * w[k].real / total
            ss = 0.5 * (total - double[k].real) - w[k].imag * w[k].imag / total
            cs = 0.5 * double[k].imag - w[k].real * w[k].imag / total
            determinant = cc * ss - cs * cs
            if determinant > _SMALLEST * total * total:
                c, s = y[k].real, y[k].imag
                taken = (c * c * ss + s * s * cc - 2 * c * s * cs) / determinant
                explained[band, k] = min(taken, most[band])
                explained[n_bands, k] += explained[band, k]


def _highest(curve: _Curve, which: Ints, values: Floats, step: float, first: int) -> float:
    """The best frequency of some of the bands: the highest maxima of what they give up on the grid, looked at more finely."""
    best, highest = 0.0, -1.0
    for number in _peaks(values, N_PEAKS):
        low, high = max(number - 1, 0), min(number + 1, len(values) - 1)
        taken = _taken(curve, which, (first + low) * step, step / FINER, FINER * (high - low) + 1)
        at = int(np.argmax(taken))
        if taken[at] > highest:
            best, highest = (first + low) * step + at * step / FINER, taken[at]
    return best


@compiled
def _peaks(values: Floats, n: int) -> Ints:
    """Numbers of the n highest local maxima, the ends among them; the highest first."""
    numbers, heights = np.zeros(n, np.int64), np.full(n, -1.0)
    found, lowest = 0, -1.0
    for k in range(len(values)):
        if values[k] <= lowest:  # of almost all: no need to look at its neighbours
            continue
        left = values[k - 1] if k > 0 else -1.0
        right = values[k + 1] if k + 1 < len(values) else -1.0
        if values[k] > left and values[k] >= right:
            place = min(found, n - 1)
            while place > 0 and heights[place - 1] < values[k]:
                numbers[place], heights[place] = numbers[place - 1], heights[place - 1]
                place -= 1
            numbers[place], heights[place], found = k, values[k], min(found + 1, n)
            lowest = heights[n - 1]
    return numbers[:found]


def _at(curve: _Curve, which: Ints, frequency: float) -> float:
    """The statistic at one frequency."""
    taken = np.minimum(_taken(curve, which, frequency, 0.0, 1), (1 - _ROUNDING) * curve.chi2[which].sum())
    return float(_statistic(curve, which, taken)[0])


def _taken(curve: _Curve, which: Ints, first: float, step: float, n: int) -> Floats:
    """The chi2 that sinusoids take from some of the bands, by plain sums at n frequencies."""
    taken = np.zeros(n)
    for j in which:
        own = slice(curve.starts[j], curve.starts[j + 1])
        sums = _plain_sums(curve.time[own], curve.y[own], curve.weight[own], first, step, n)
        explained = np.empty((2, n))
        _take(sums, np.array([curve.weight[own].sum()]), np.array([np.inf]), explained)
        taken += explained[0]
    return taken


@compiled
def _plain_sums(time: Floats, y: Floats, weight: Floats, first: float, step: float, n: int) -> Complexes:
    """Sums of w, of w y, and of w at twice the frequency, as `window_sums` gives them, shape (3, n)."""
    sums = np.zeros((3, n), np.complex128)
    for i in range(len(time)):
        wave, turn = _wave(time[i] * first), _wave(time[i] * step)
        for k in range(n):
            sums[0, k] += weight[i] * wave
            sums[1, k] += weight[i] * y[i] * wave
            sums[2, k] += weight[i] * wave * wave
            wave *= turn
    return sums


@compiled
def _wave(turns: float) -> complex:
    angle = 2 * math.pi * (turns - math.floor(turns))
    return complex(math.cos(angle), math.sin(angle))


def _statistic(curve: _Curve, which: Ints, taken: Floats) -> Floats:
    """Analysis of variance: what the sinusoids take by what they leave, each by its degrees of freedom (2 a band)."""
    left = curve.chi2[which].sum() - taken
    return np.asarray(curve.freedom[which].sum() * taken / (2 * left))


def _largest(values: Floats) -> Floats:
    return np.partition(values, len(values) - N_ENTROPY)[-N_ENTROPY:]


def _excess(largest: Floats) -> float:
    """1 for a single high value among the largest of a spectrum, 0 for equal ones."""
    share = (largest + _SOFTENING) / np.sum(largest + _SOFTENING)
    return float(1 + np.sum(share * np.log(share)) / math.log(N_ENTROPY))
