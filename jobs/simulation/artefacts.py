"""What bogus alerts look like in a difference image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.profiles import image, moffat

Floats = NDArray[np.float64]
Pattern = Callable[[int, float, float, float, np.random.Generator], Floats]


def pattern(name: str, side: int, row: float, col: float, fwhm: float, rng: np.random.Generator) -> Floats:
    """An artefact, per unit of flux.

    Parameters
    ----------
    name : str
        One of night_classes.BOGUS_KINDS: dipole (a star that moved between the images), ring (a badly subtracted core),
        cosmic_ray, bad_column.
    side : int
        Pixels along an edge.
    row, col, fwhm : float
        Where, and the seeing [px].
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (side, side)
    """
    return _PATTERNS[name](side, row, col, fwhm, rng)


def _star(side: int, row: float, col: float, fwhm: float) -> Floats:
    return image(side, np.ones(1), np.array([row]), np.array([col]), moffat(fwhm))


def _dipole(side: int, row: float, col: float, fwhm: float, rng: np.random.Generator) -> Floats:
    angle, half = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.0) * fwhm / 2
    down, across = half * np.sin(angle), half * np.cos(angle)
    positive = _star(side, row - down, col - across, fwhm)
    return 1.5 * positive - 1.2 * _star(side, row + down, col + across, fwhm)


def _ring(side: int, row: float, col: float, fwhm: float, rng: np.random.Generator) -> Floats:
    excess = rng.uniform(1.3, 1.8)
    return 2 * _star(side, row, col, excess * fwhm) - 1.5 * _star(side, row, col, 0.8 * fwhm)


def _cosmic_ray(side: int, row: float, col: float, fwhm: float, rng: np.random.Generator) -> Floats:
    hit = np.zeros((side, side))
    step = rng.integers(-1, 2, 2)
    for share, distance in ((0.6, 0), (0.3, 1), (0.1, 2)):
        hit[round(row) + distance * step[0], round(col) + distance * step[1]] += share
    return hit


def _bad_column(side: int, row: float, col: float, fwhm: float, rng: np.random.Generator) -> Floats:
    column = np.zeros((side, side))
    column[:, round(col)] = rng.normal(1, 0.2, side) / 8
    return column


_PATTERNS: dict[str, Pattern] = {"dipole": _dipole, "ring": _ring, "cosmic_ray": _cosmic_ray, "bad_column": _bad_column}
