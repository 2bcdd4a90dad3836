"""The sky in cells of nearly equal area, and on an equal-area map."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_DEG = 2.0
_ROWS = int(180 / CELL_DEG)
_MIDDLES = -90 + CELL_DEG * (np.arange(_ROWS) + 0.5)
_PER_ROW = np.maximum(np.rint(360 * np.cos(np.radians(_MIDDLES)) / CELL_DEG), 1).astype(np.int64)
_FIRST = np.concatenate([[0], np.cumsum(_PER_ROW)])


@dataclass
class SkyCells:
    """How many alerts lie in each cell: rows of declination, each cut into cells of about 4 square degrees.

    Attributes
    ----------
    counts : numpy.ndarray of int64, shape (n_cells,)
        From south to north, in each row by right ascension.
    """

    counts: Ints = field(default_factory=lambda: np.zeros(_FIRST[-1], dtype=np.int64))

    def add(self, ra: Floats, dec: Floats) -> None:
        """Count positions; those that are not finite are left out.

        Parameters
        ----------
        ra, dec : numpy.ndarray of float64, shape (n,)
            Right ascension and declination [deg].
        """
        known = np.isfinite(ra) & np.isfinite(dec)
        row = np.clip((dec[known] + 90) / CELL_DEG, 0, _ROWS - 1).astype(np.int64)
        column = np.minimum((ra[known] % 360 / 360 * _PER_ROW[row]).astype(np.int64), _PER_ROW[row] - 1)
        self.counts += np.bincount(_FIRST[row] + column, minlength=len(self.counts))

    def filled(self) -> tuple[Ints, Floats, Floats]:
        """The cells that have alerts: counts, shape (n,); corners in right ascension and declination [deg], (n, 4)."""
        cells = np.flatnonzero(self.counts)
        row = np.searchsorted(_FIRST, cells, side="right") - 1
        width = 360 / _PER_ROW[row]
        west, south = (cells - _FIRST[row]) * width, -90 + CELL_DEG * row
        ra = west[:, None] + width[:, None] * np.array([0, 1, 1, 0])
        return self.counts[cells], ra, south[:, None] + CELL_DEG * np.array([0, 0, 1, 1])

    def centre(self) -> float:
        """Right ascension about which the alerts lie, to 30 degrees: a map centred there does not cut them."""
        row = np.searchsorted(_FIRST, np.arange(len(self.counts)), side="right") - 1
        ra = np.radians((np.arange(len(self.counts)) - _FIRST[row] + 0.5) * 360 / _PER_ROW[row])
        angle = np.angle((self.counts * np.exp(1j * ra)).sum())
        return float(30 * round(np.degrees(angle) / 30) % 360)


def mollweide(ra: Floats, dec: Floats, centre: float) -> tuple[Floats, Floats]:
    """Mollweide's equal-area map of the whole sky: x from -2 (east) to 2 (west), y from -1 (south) to 1 (north).

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        Right ascension and declination [deg].
    centre : float
        Right ascension in the middle of the map [deg].

    Notes
    -----
    Snyder 1987, Map Projections: A Working Manual, USGS Professional Paper 1395, eq. 31-1 to 31-4; Newton's method.
    """
    latitude = np.radians(np.clip(dec, -90, 90))
    theta = latitude.copy()
    for _ in range(25):
        slope = 2 + 2 * np.cos(2 * theta)
        step = (2 * theta + np.sin(2 * theta) - np.pi * np.sin(latitude)) / np.where(slope > 1e-9, slope, 1.0)
        theta = np.clip(theta - np.where(slope > 1e-9, step, 0.0), -np.pi / 2, np.pi / 2)
    longitude = (np.asarray(ra) - centre + 180) % 360 - 180
    return -2 * longitude / 180 * np.cos(theta), np.sin(theta)
