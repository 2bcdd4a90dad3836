"""The numbers of an alert's history, compiled, one alert at a time."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]

_SAME_DAYS = 1e-4  # a detection this near in time is the alert's own
_COLOUR_DAYS = 5.0


@compiled
def numbers(
    offsets: NDArray[np.int64],
    mjd: Floats,
    flux: Floats,
    flux_err: Floats,
    band: NDArray[np.int8],
    now: Floats,
    earlier: float,
    g: int,
    r: int,
    out: Floats,
) -> None:
    """Fill `out` with what `history.NAMES` are; NaN stays where there is no earlier detection, or not the alert's own.

    Parameters
    ----------
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Alert i owns the points offsets[i]:offsets[i + 1].
    mjd, flux, flux_err, band : numpy.ndarray, shape (n_points,)
        Sound detections, ascending in time.
    now : numpy.ndarray of float64, shape (n,)
        Time of the alerts [d].
    earlier : float
        Points at least so long before count [d].
    g, r : int
        Codes of these bands.
    out : numpy.ndarray of float64, shape (n, 8)
    """
    for i in range(len(now)):
        first, own, before = offsets[i], -1, offsets[i]
        for j in range(first, offsets[i + 1]):
            if own < 0 and abs(mjd[j] - now[i]) < _SAME_DAYS:
                own = j
            if mjd[j] < now[i] - earlier:
                before = j + 1
        if own < 0 or before == first:
            continue
        _over_all(flux[first:before], flux[own], out[i])
        out[i, 3] = _colour(mjd, flux, band, first, before, own, g, r)
        same = np.empty(before - first + 1, np.int64)
        count = 0
        for j in range(first, before):
            if band[j] == band[own]:
                same[count] = j
                count += 1
        if count:
            same[count] = own
            chosen = same[: count + 1]
            _in_one_band(mjd[chosen], flux[chosen], flux_err[chosen], out[i])


@compiled
def _over_all(old: Floats, flux: float, out: Floats) -> None:
    """Signs, and the largest over the smallest."""
    positive, low, high = 0, abs(flux), abs(flux)
    for each in old:
        positive += each > 0
        low, high = min(low, abs(each)), max(high, abs(each))
    out[0] = positive / len(old)
    out[1] = out[0] if flux > 0 else 1 - out[0]
    out[2] = high / low


@compiled
def _colour(
    mjd: Floats, flux: Floats, band: NDArray[np.int8], first: int, before: int, own: int, g: int, r: int
) -> float:
    """Flux in g over that in r, of the last positive detections of the days before the alert and its own."""
    blue = red = np.nan
    for place in range(first, before + 1):
        j = place if place < before else own
        if flux[j] > 0 and mjd[j] > mjd[own] - _COLOUR_DAYS:
            if band[j] == g:
                blue = flux[j]
            elif band[j] == r:
                red = flux[j]
    return blue / red


@compiled
def _in_one_band(mjd: Floats, flux: Floats, flux_err: Floats, out: Floats) -> None:
    """Change, scatter, chi2 and slope; the last point is the alert's own."""
    n = len(flux)
    size = np.abs(flux).mean()
    out[4] = (flux[-1] - np.median(flux[:-1])) / flux_err[-1]
    out[5] = flux.std() / size
    weight = 1 / flux_err**2
    mean = (flux * weight).sum() / weight.sum()
    out[6] = ((flux - mean) ** 2 * weight).sum() / (n - 1)
    time = mjd - mjd.mean()
    if mjd[-1] - mjd[0] > 0.5:
        out[7] = (time * flux).sum() / (time * time).sum() / size
