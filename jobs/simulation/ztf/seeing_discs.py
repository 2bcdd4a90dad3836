"""Points behind the seeing, added to a stack of cutouts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.ztf.light import FAINTEST, SIDE, Floats, Floats32, Ints
from science_modules.common.compiled import compiled

# Radius of a Moffat profile (beta = 3) per full width at half maximum
_PER_WIDTH = 1 / (2 * np.sqrt(2 ** (1 / 3) - 1))
# Square of the full width at half maximum that a small galaxy adds, per square of its half-light radius
_DISC_WIDENS, _BULGE_WIDENS = 4.0, 6.0
_REACH = 12.0  # full widths that are drawn, at most


@dataclass(frozen=True)
class Stars:
    """k Moffat discs with beta = 3 on the cutouts of n alerts.

    Attributes
    ----------
    image : numpy.ndarray of int64, shape (k,)
        The cutout.
    flux, row, col, fwhm : numpy.ndarray, shape (k,)
        Whole flux [DN], centre and full width at half maximum [px].
    shape : numpy.ndarray, shape (k, 2)
        Ellipticity of the seeing: along rows less along columns, and across, as parts of the variance.

    Notes
    -----
    Drawn as far as there is more than FAINTEST in a pixel; the profile falls with the sixth power of the distance.
    """

    image: Ints
    flux: Floats
    row: Floats
    col: Floats
    fwhm: Floats
    shape: Floats

    def add_to(self, images: Floats32) -> None:
        """Add them.

        Parameters
        ----------
        images : numpy.ndarray of float32, shape (n, 63, 63)
        """
        columns = (self.flux, self.row, self.col, self.fwhm, *self.shape.T)
        _add(images, self.image, *map(np.ascontiguousarray, columns))  # one kind of array, compiled once


def is_small(radius: Floats, bulge: NDArray[np.bool_], fwhm: Floats) -> NDArray[np.bool_]:
    """Whether galaxies are so small that the seeing's profile is theirs.

    Parameters
    ----------
    radius, fwhm : numpy.ndarray, shape (k,)
        Half-light radius, and full width at half maximum of the seeing [px].
    bulge : numpy.ndarray of bool, shape (k,)
    """
    return np.asarray(radius < np.where(bulge, 0.25, 0.4) * fwhm)


def small_galaxies(
    image: Ints,
    flux: Floats,
    row: Floats,
    col: Floats,
    radius: Floats,
    bulge: NDArray[np.bool_],
    axis_ratio: Floats,
    angle: Floats,
    fwhm: Floats,
    shape: Floats,
) -> Stars:
    """Galaxies much smaller than the seeing: its profile, wider as their own light is spread.

    Parameters
    ----------
    image, flux, row, col, fwhm, shape : numpy.ndarray
        As of Stars.
    radius, bulge, axis_ratio, angle : numpy.ndarray, shape (k,)
        As of `light.galaxies`.

    Notes
    -----
    Those that `is_small` tells are within 7 % of the peak of the same galaxy drawn as Gaussians, which are 3 % off
    themselves.
    """
    widened = np.where(bulge, _BULGE_WIDENS, _DISC_WIDENS) * radius**2
    long, short = widened / axis_ratio, widened * axis_ratio
    cosine, sine = np.cos(angle), np.sin(angle)
    down = fwhm**2 * (1 + shape[:, 0]) + long * cosine**2 + short * sine**2
    across = fwhm**2 * (1 - shape[:, 0]) + long * sine**2 + short * cosine**2
    both = fwhm**2 * shape[:, 1] + (long - short) * cosine * sine
    mean = (down + across) / 2
    own = np.stack([(down - across) / 2, both], axis=1) / mean[:, None]
    return Stars(image, flux, row, col, np.sqrt(mean), own)


@compiled
def _add(
    images: Floats32, image: Ints, flux: Floats, row: Floats, col: Floats, fwhm: Floats, first: Floats, second: Floats
) -> None:
    across = np.empty(SIDE, np.float32)
    one = np.float32(1)
    for k in range(len(image)):
        scale = (fwhm[k] * _PER_WIDTH) ** 2
        determinant = 1 - first[k] * first[k] - second[k] * second[k]
        peak = 2 * flux[k] / (np.pi * scale * np.sqrt(determinant))
        if np.abs(peak) < FAINTEST:
            continue
        inverse = 1 / (scale * determinant)
        a, b, c = (1 - first[k]) * inverse, np.float32(-2 * second[k] * inverse), np.float32((1 + first[k]) * inverse)
        reach = min(_REACH * fwhm[k], np.sqrt(scale * ((np.abs(peak) / FAINTEST) ** (1 / 3) - 1)))
        half_rows, half_cols = reach * np.sqrt(1 + first[k]), reach * np.sqrt(1 - first[k])
        first_row, last_row = max(0, int(np.ceil(row[k] - half_rows))), min(SIDE - 1, int(np.floor(row[k] + half_rows)))
        first_col, last_col = max(0, int(np.ceil(col[k] - half_cols))), min(SIDE - 1, int(np.floor(col[k] + half_cols)))
        height = np.float32(peak)
        for j in range(first_col, last_col + 1):
            across[j] = j - col[k]
        for i in range(first_row, last_row + 1):
            along = np.float32((i - row[k]) ** 2 * a + 1)
            slope = np.float32(i - row[k]) * b
            for j in range(first_col, last_col + 1):
                base = along + across[j] * (slope + c * across[j])
                images[image[k], i, j] += height * (one / (base * base * base))
