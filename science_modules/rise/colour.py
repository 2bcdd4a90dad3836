"""g - r of detections of the same night, now and at the start of the packet."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.view import BANDS
from science_modules.rise.points import Detections

Floats = NDArray[np.float64]

TOGETHER_DAYS = 0.5
COLOUR_NAMES = ("g_r", "g_r_err", "g_r_change", "g_r_change_err", "g_r_change_days")
_G, _R = BANDS.index("g"), BANDS.index("r")


def g_minus_r(found: Detections) -> Floats:
    """Latest g - r, its error, its change since the first g - r, the error of this, and the time between.

    A colour is taken from a g and an r detection that follow one another within 0.5 d.

    Parameters
    ----------
    found : Detections
        Of n alerts.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 5)
        [mag, mag, mag, mag, d], as COLOUR_NAMES; NaN without a pair; the change is NaN with fewer than two pairs
        0.5 d apart.
    """
    owner, time, colour, error = _pairs(found)
    first, last = np.full(found.n, -1), np.full(found.n, -1)
    first[owner[::-1]] = np.arange(len(owner))[::-1]  # of repeated indices NumPy keeps the last one assigned
    last[owner] = np.arange(len(owner))
    table = np.column_stack([time, colour, error])
    table = np.vstack([table, np.full((1, 3), np.nan)])  # row -1: no pair
    days, change, _ = (table[last] - table[first]).T
    known = days >= TOGETHER_DAYS
    change_err = np.hypot(table[last, 2], table[first, 2])
    changes = np.where(known[:, None], np.column_stack([change, change_err, days]), np.nan)
    return np.column_stack([table[last, 1:], changes])


def _pairs(found: Detections) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Owner, mean time, g - r and its error of every pair of neighbours g, r or r, g."""
    kept = np.flatnonzero((found.band == _G) | (found.band == _R))
    one, two = kept[:-1], kept[1:]
    close = found.mjd[two] - found.mjd[one] <= TOGETHER_DAYS
    pair = (found.owner[one] == found.owner[two]) & (found.band[one] != found.band[two]) & close
    one, two = one[pair], two[pair]
    sign = np.where(found.band[one] == _G, 1.0, -1.0)
    colour = sign * (found.mag[one] - found.mag[two])
    error = np.hypot(found.mag_err[one], found.mag_err[two])
    return found.owner[one], 0.5 * (found.mjd[one] + found.mjd[two]), colour, error
