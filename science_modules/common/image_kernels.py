"""The image numbers of one alert, compiled."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.rings import CENTRE, N_RINGS, REACH, SIZE

Floats = NDArray[np.float64]

_CORE = 3  # rings of which the sum is the source's light
_PEAK, _FAINT = 3.0, 1.5  # in units of the noise: a pixel that counts as a source; as part of one
_WILD = 1e7  # a fill value, not light


@compiled
def _cleaned(image: NDArray[np.float32], middle: float, noise: float, clean: Floats) -> float:
    """The middle of a stamp in units of its noise, 0 where there is no value; how many have none."""
    missing = 0
    for y in range(CENTRE - REACH, CENTRE + REACH + 1):
        for x in range(CENTRE - REACH, CENTRE + REACH + 1):
            value = (image[y, x] - middle) / noise
            sound = abs(value) < _WILD  # false for NaN
            clean[y, x] = value if sound else 0.0
            missing += not sound
    return float(missing)


@compiled
def _profile(clean: Floats, ring_of: NDArray[np.int8], out: Floats) -> float:
    """Mean and scatter of light along rings; the light of the core."""
    sums, squares, counts = np.zeros(N_RINGS), np.zeros(N_RINGS), np.zeros(N_RINGS)
    for y in range(CENTRE - REACH, CENTRE + REACH + 1):
        for x in range(CENTRE - REACH, CENTRE + REACH + 1):
            ring = ring_of[y, x]
            if ring < N_RINGS:
                sums[ring] += clean[y, x]
                squares[ring] += clean[y, x] ** 2
                counts[ring] += 1
    for ring in range(N_RINGS):
        mean = sums[ring] / counts[ring]
        out[ring] = np.arcsinh(mean)
        out[N_RINGS + ring] = np.log(1e-3 + np.sqrt(max(squares[ring] / counts[ring] - mean**2, 0.0)))
    return float(sums[:_CORE].sum())


@compiled
def _source(clean: Floats, out: Floats) -> tuple[float, float]:
    """Size, elongation, offset, share of the brightest pixel and of negative light within 5 px; where the source is."""
    total, peak, negative, at_x, at_y = 0.0, 0.0, 0.0, 0.0, 0.0
    for y in range(-5, 6):
        for x in range(-5, 6):
            value = clean[CENTRE + y, CENTRE + x]
            if value > _FAINT:
                total += value
                at_x += value * x
                at_y += value * y
                peak = max(peak, value)
            elif value < -_FAINT:
                negative -= value
    out[4] = negative / (total + negative + 1e-9)
    if total == 0:
        return np.nan, np.nan
    at_x /= total
    at_y /= total
    xx, yy, xy = 0.0, 0.0, 0.0
    for y in range(-5, 6):
        for x in range(-5, 6):
            value = clean[CENTRE + y, CENTRE + x]
            if value > _FAINT:
                xx += value / total * (x - at_x) ** 2
                yy += value / total * (y - at_y) ** 2
                xy += value / total * (x - at_x) * (y - at_y)
    half, root = (xx + yy) / 2, np.sqrt((xx - yy) ** 2 / 4 + xy**2)
    out[0] = np.sqrt(half)
    out[1] = (np.sqrt(half + root) + 0.3) / (np.sqrt(max(half - root, 0.0)) + 0.3)
    out[2] = np.sqrt(at_x**2 + at_y**2)
    out[3] = peak / total
    return at_x, at_y


@compiled
def _asymmetry(clean: Floats) -> float:
    """Difference from the stamp turned by 180 degrees within 8 px, as a share of twice the light."""
    apart, total = 0.0, 1e-9
    for y in range(CENTRE - 8, CENTRE + 9):
        for x in range(CENTRE - 8, CENTRE + 9):
            apart += abs(clean[y, x] - clean[SIZE - 1 - y, SIZE - 1 - x])
            total += abs(clean[y, x])
    return apart / (2 * total)


@compiled
def _brightest(clean: Floats) -> tuple[float, float]:
    """The brightest pixel above 3 in units of the noise, and its distance from the middle [px]."""
    best, where = 0.0, np.nan
    for y in range(-REACH, REACH + 1):
        for x in range(-REACH, REACH + 1):
            value = clean[CENTRE + y, CENTRE + x]
            if value > _PEAK and value > best:
                best, where = value, np.sqrt(float(y * y + x * x))
    return np.arcsinh(best), where


@compiled
def _likeness(a: Floats, b: Floats) -> float:
    """Correlation of the pixels of two stamps within 6 px."""
    low, high = CENTRE - 6, CENTRE + 7
    mean_a, mean_b = a[low:high, low:high].mean(), b[low:high, low:high].mean()
    ab, aa, bb = 0.0, 1e-9, 1e-9
    for y in range(low, high):
        for x in range(low, high):
            ab += (a[y, x] - mean_a) * (b[y, x] - mean_b)
            aa += (a[y, x] - mean_a) ** 2
            bb += (b[y, x] - mean_b) ** 2
    return float(ab / np.sqrt(aa * bb))


@compiled
def measure(planes: NDArray[np.float32], levels: Floats, ring_of: NDArray[np.int8], out: Floats) -> None:
    """Write all numbers of one alert.

    Parameters
    ----------
    planes : numpy.ndarray of float32, shape (3, 63, 63)
    levels : numpy.ndarray of float64, shape (3, 2)
        Of each plane: what is no light, and the noise; NaN where there is nothing to measure.
    ring_of : numpy.ndarray of int8, shape (63, 63)
        Number of the ring that a pixel is of; N_RINGS and more are in none.
    out : numpy.ndarray of float64, shape (len(NAMES),)
        NaN where not defined.
    """
    clean = np.zeros((3, SIZE, SIZE))
    core, x, y = np.empty(3), np.empty(3), np.empty(3)
    noise = levels[:, 1].copy()
    per_stamp = 2 * N_RINGS + 9
    for channel in range(3):
        own = out[channel * per_stamp : (channel + 1) * per_stamp]
        shape = own[2 * N_RINGS :]
        shape[0] = _cleaned(planes[channel], levels[channel, 0], noise[channel], clean[channel])
        if np.isnan(noise[channel]):
            continue
        core[channel] = _profile(clean[channel], ring_of, own)
        shape[1] = _asymmetry(clean[channel])
        x[channel], y[channel] = _source(clean[channel], shape[2:7])
        shape[7], shape[8] = _brightest(clean[channel])
    if not np.isnan(noise).any():
        _compare(clean, noise, core, x, y, out[3 * per_stamp :])


@compiled
def _compare(clean: Floats, noise: Floats, core: Floats, x: Floats, y: Floats, out: Floats) -> None:
    """What two stamps of an alert say together; 0 is science, 1 template, 2 difference."""
    out[0] = _likeness(clean[0], clean[1])
    out[1] = _likeness(clean[2], clean[1])
    out[2] = _likeness(clean[2], clean[0])
    out[3] = np.sqrt((x[2] - x[1]) ** 2 + (y[2] - y[1]) ** 2)
    out[4] = np.log(noise[2] / noise[1])
    flux = core[2] * noise[2]
    out[5] = np.arcsinh(flux / max(core[1] * noise[1], noise[1]))
    out[6] = np.arcsinh(flux / max(core[0] * noise[0], noise[0]))
