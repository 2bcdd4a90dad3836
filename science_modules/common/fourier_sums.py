"""Fourier sums at many frequencies of points at any times: spread onto a grid, one FFT, correct for the spreading."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

N_GRID = 4096  # an FFT that stays in the cache of a core; long spectra are made of many
WIDTH = (
    18  # grid points that a sample is spread over: light curves are short, the FFT costs, so wide and little padding
)
N_FREQUENCIES = 3584  # 7/8 of the grid: with WIDTH the sums are right to 1e-7 of the sum of the strengths
# Kaiser-Bessel shape parameter for this padding (Fessler & Sutton 2003, IEEE Trans. Signal Process. 51, 560).
_BETA = math.pi * WIDTH * (1 - 0.5 * N_FREQUENCIES / N_GRID) * 0.98
_TABLE = 4096  # kernel values per grid step, between which it is interpolated


@dataclass(frozen=True)
class Spreading:
    """The kernel that a sample is spread with, and what its spectrum is divided by.

    Attributes
    ----------
    kernel : numpy.ndarray, shape (WIDTH * _TABLE + 2,)
        The kernel from -WIDTH / 2 to WIDTH / 2 grid steps.
    correction : numpy.ndarray, shape (N_FREQUENCIES,)
        Factors of the FFT's values, in order of frequency, the middle of the window in the middle.
    """

    kernel: Floats
    correction: Floats


def spreading() -> Spreading:
    """The one kernel for every light curve; about a millisecond to make."""
    x = np.linspace(-1, 1, WIDTH * _TABLE + 1)
    kernel = np.i0(_BETA * np.sqrt(np.maximum(1 - x * x, 0)))
    wave = (np.arange(N_FREQUENCIES) - N_FREQUENCIES // 2) * (math.pi * WIDTH / N_GRID)
    root = np.sqrt(_BETA**2 - wave**2)  # real: wave < _BETA for this padding
    return Spreading(np.append(kernel, kernel[-1]), root / (WIDTH * np.sinh(root)))


def window_sums(rows: Sequence[tuple[Floats, Floats]], first: int, how: Spreading) -> Complexes:
    """Sums of strength * exp(2 pi i k place) for k = first ... first + N_FREQUENCIES - 1.

    Parameters
    ----------
    rows : sequence of (places, strengths)
        Each of shape (n_points,); a place is a time times the step of the frequencies: cycles per step, 0 to 1.
    first : int
        Number of the first frequency, in steps.
    how : Spreading

    Returns
    -------
    numpy.ndarray of complex128, shape (n_rows, N_FREQUENCIES)
    """
    grid = np.zeros((len(rows), N_GRID), np.complex128)
    for row, (places, strengths) in zip(grid, rows, strict=True):
        _spread(places, strengths, first + N_FREQUENCIES // 2, how.kernel, row)
    return _in_order(np.fft.ifft(grid, axis=1, norm="forward"), how.correction)


@compiled
def _in_order(spectrum: Complexes, correction: Floats) -> Complexes:
    """The FFT's values in order of frequency, corrected, in one pass."""
    n_rows, n = len(spectrum), len(correction)
    half = n // 2
    sums = np.empty((n_rows, n), np.complex128)
    for row in range(n_rows):
        for k in range(half):
            sums[row, k] = spectrum[row, N_GRID - half + k] * correction[k]
        for k in range(n - half):
            sums[row, half + k] = spectrum[row, k] * correction[half + k]
    return sums


@compiled
def _spread(places: Floats, strengths: Floats, middle: int, kernel: Floats, grid: Complexes) -> None:
    """The window's middle frequency is taken out first, so that the FFT's frequencies are those of the window."""
    for i in range(len(places)):
        turns = middle * places[i]
        turns = 2 * math.pi * (turns - math.floor(turns))
        real, imaginary = strengths[i] * math.cos(turns), strengths[i] * math.sin(turns)
        at = places[i] * N_GRID
        first = math.ceil(at - WIDTH / 2)
        where = (first - at + WIDTH / 2) * _TABLE
        entry = int(where)
        part = where - entry
        for j in range(WIDTH):
            value = kernel[entry] + part * (kernel[entry + 1] - kernel[entry])
            entry += _TABLE
            grid[(first + j) & (N_GRID - 1)] += complex(real * value, imaginary * value)
