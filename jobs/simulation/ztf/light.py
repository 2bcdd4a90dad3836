"""Images as sums of Gaussians, added to a stack of cutouts: galaxies, aureoles, patches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.profiles import Mixture, exponential, moffat
from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

SIDE = 63
FAINTEST = 3e-3  # what is drawn, per pixel [DN]: less than three thousandths of the noise
_REACH = 4.2  # standard deviations that are drawn, at most
_AUREOLE, _AUREOLE_PX = 0.05, np.array([5.0, 10.0, 20.0])  # share of the light, and standard deviations of its parts


@dataclass(frozen=True)
class Gaussians:
    """k Gaussians on the cutouts of n alerts.

    Attributes
    ----------
    image : numpy.ndarray of int64, shape (k,)
        The cutout.
    flux, row, col : numpy.ndarray, shape (k,)
        Whole flux, and centre [px].
    rr, rc, cc : numpy.ndarray, shape (k,)
        Covariance [px^2] along rows, across, along columns.
    """

    image: Ints
    flux: Floats
    row: Floats
    col: Floats
    rr: Floats
    rc: Floats
    cc: Floats

    def add_to(self, images: Floats32) -> None:
        """Add them.

        Parameters
        ----------
        images : numpy.ndarray of float32, shape (n, 63, 63)
        """
        columns = (self.flux, self.row, self.col, self.rr, self.rc, self.cc)
        _add(images, self.image, *map(np.ascontiguousarray, columns))  # one kind of array, compiled once


UNIT_MOFFAT = moffat(1.0)  # beta = 3, full width at half maximum 1
_UNIT_DISC = exponential(1.0)


def _de_vaucouleurs() -> Mixture:
    """r^1/4 law of half-light radius 1: Hogg & Lang 2013, table 1, six Gaussians."""
    share = np.array([0.00139, 0.00941, 0.04441, 0.16162, 0.48121, 1.20357, 2.54182, 4.46441, 6.22820, 6.15393])
    sigma = np.array([0.00087, 0.00296, 0.00792, 0.01902, 0.04289, 0.09351, 0.20168, 0.44126, 1.01833, 2.74555])
    return Mixture(share / share.sum(), sigma**2)


_UNIT_BULGE = _de_vaucouleurs()


def psf_parts(n: int) -> tuple[Floats, Floats]:
    """Shares and unit variances of the seeing's Gaussians.

    Parameters
    ----------
    n : int
        How many of them, the largest shares.
    """
    order = np.argsort(-UNIT_MOFFAT.share)[:n]
    return UNIT_MOFFAT.share[order] / UNIT_MOFFAT.share[order].sum(), UNIT_MOFFAT.variance[order]


def aureoles(image: Ints, flux: Floats, row: Floats, col: Floats) -> Gaussians:
    """What the air and the mirrors scatter of bright stars far beyond the seeing, falling as the square of the distance.

    Parameters
    ----------
    image : numpy.ndarray of int64, shape (k,)
    flux, row, col : numpy.ndarray, shape (k,)
        Of the stars [DN], [px].

    Notes
    -----
    King 1971: a twentieth of the light.
    """
    each, zero = len(_AUREOLE_PX), np.zeros(len(image) * len(_AUREOLE_PX))
    variance = np.tile(_AUREOLE_PX**2, len(image))
    return Gaussians(
        np.repeat(image, each), np.repeat(flux * _AUREOLE / each, each), np.repeat(row, each), np.repeat(col, each),
        variance, zero, variance,
    )  # fmt: skip


def galaxies(
    image: Ints,
    flux: Floats,
    row: Floats,
    col: Floats,
    radius: Floats,
    bulge: NDArray[np.bool_],
    axis_ratio: Floats,
    angle: Floats,
    fwhm: Floats,
) -> Gaussians:
    """Discs and bulges behind the seeing.

    Parameters
    ----------
    image : numpy.ndarray of int64, shape (k,)
    flux, row, col, radius, axis_ratio, angle, fwhm : numpy.ndarray, shape (k,)
        [DN], [px], [rad]: as in scenes.Sources; the angle is from the rows' direction.
    bulge : numpy.ndarray of bool, shape (k,)
    """
    parts = [_galaxies(bulge == kind, profile, image, flux, row, col, radius, axis_ratio, angle, fwhm)
             for kind, profile in ((True, _UNIT_BULGE), (False, _UNIT_DISC))]  # fmt: skip
    names = ("image", "flux", "row", "col", "rr", "rc", "cc")
    return Gaussians(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _galaxies(which: NDArray[np.bool_], profile: Mixture, *columns: NDArray) -> Gaussians:  # type: ignore[type-arg]
    image, flux, row, col, radius, ratio, angle, fwhm = (column[which] for column in columns)
    seeing_share, seeing_unit = psf_parts(3)
    share = np.multiply.outer(profile.share, seeing_share).ravel()
    own = np.repeat(profile.variance, len(seeing_share))
    blur = np.tile(seeing_unit, len(profile.share))
    seen = share > 2e-3
    share, own, blur = share[seen], own[seen], blur[seen]
    long = np.multiply.outer(radius**2 / ratio, own)  # the area, so the half-light radius, stays
    short = np.multiply.outer(radius**2 * ratio, own)
    seeing = np.multiply.outer(fwhm**2, blur)
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    each = len(share)
    return Gaussians(
        np.repeat(image, each), np.multiply.outer(flux, share / share.sum()).ravel(),
        np.repeat(row, each), np.repeat(col, each),
        (long * cosine**2 + short * sine**2 + seeing).ravel(), ((long - short) * cosine * sine).ravel(),
        (long * sine**2 + short * cosine**2 + seeing).ravel(),
    )  # fmt: skip


@compiled
def _quadratic(out: Floats32, first: int, last: int, centre: float, linear: float, square: float) -> None:
    """exp(linear x - square x^2 / 2) at x = j - centre, j from first to last: two products each, from near the centre on."""
    begin = min(max(int(np.round(centre)), first), last)
    x, step = begin - centre, np.exp(-square)
    value = np.exp(x * (linear - 0.5 * square * x))
    here, ratio = value, np.exp(linear - square * (x + 0.5))
    for j in range(begin, last + 1):
        out[j] = here
        here *= ratio
        ratio *= step
    here, ratio = value, np.exp(-linear + square * (x - 0.5))
    for j in range(begin - 1, first - 1, -1):
        here *= ratio
        ratio *= step
        out[j] = here


@compiled
def _add_row(row: Floats32, peak: np.float32, light: Floats32, factor: Floats32) -> None:
    """A row of an image, and the next row's light."""
    for j in range(len(light)):
        row[j] += peak * light[j]
        light[j] *= factor[j]


@compiled
def _add(
    images: Floats32, image: Ints, flux: Floats, row: Floats, col: Floats, rr: Floats, rc: Floats, cc: Floats
) -> None:
    start, step = np.empty(SIDE, np.float32), np.empty(SIDE, np.float32)
    height, here = np.empty(SIDE, np.float32), np.empty(SIDE, np.float32)
    for k in range(len(image)):
        determinant = rr[k] * cc[k] - rc[k] * rc[k]
        peak = flux[k] / (2 * np.pi * np.sqrt(determinant))
        a, b, c = cc[k] / determinant, -rc[k] / determinant, rr[k] / determinant
        if np.abs(peak) < FAINTEST:
            continue
        reach = min(_REACH, np.sqrt(2 * np.log(np.abs(peak) / FAINTEST)))
        half_rows, half_cols = reach * np.sqrt(rr[k]), reach * np.sqrt(cc[k])
        first_row, last_row = max(0, int(np.ceil(row[k] - half_rows))), min(SIDE - 1, int(np.floor(row[k] + half_rows)))
        first_col, last_col = max(0, int(np.ceil(col[k] - half_cols))), min(SIDE - 1, int(np.floor(col[k] + half_cols)))
        if first_col > last_col or first_row > last_row:
            continue
        # exp of a quadratic as a row's factor times a column's, which gains the same factor from row to row
        middle = min(max(int(np.round(row[k])), first_row), last_row)
        _quadratic(start, first_col, last_col, col[k], -b * (middle - row[k]), c)
        _quadratic(step, first_col, last_col, col[k], -b, 0.0)
        _quadratic(height, first_row, last_row, row[k], 0.0, a)
        columns = slice(first_col, last_col + 1)
        part, first, factor, some = images[image[k], :, columns], start[columns], step[columns], here[columns]
        for j in range(len(some)):
            some[j] = first[j]
        for i in range(middle, last_row + 1):
            _add_row(part[i], np.float32(peak) * height[i], some, factor)
        for j in range(len(some)):
            factor[j] = 1 / factor[j]
            some[j] = first[j] * factor[j]
        for i in range(middle - 1, first_row - 1, -1):
            _add_row(part[i], np.float32(peak) * height[i], some, factor)
