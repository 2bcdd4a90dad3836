"""Damped random walks on a grid of days, drawn once and read at any time."""

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Epochs, Floats
from science_modules.common.compiled import compiled

FIRST_DAY = 58100.0  # MJD TAI: before ZTF's reference images
DAYS = 4401  # to 62500: four years of LSST


def draw_walks(rng: np.random.Generator, tau: Floats) -> NDArray[np.float32]:
    """Stationary walks of mean 0 and standard deviation 1, a step a day.

    Parameters
    ----------
    rng : numpy.random.Generator
    tau : numpy.ndarray, shape (n,)
        Damping time [d].

    Returns
    -------
    numpy.ndarray of float32, shape (n, DAYS)

    Notes
    -----
    Kelly, Bechtold & Siemiginowska 2009, eq. 1; exact for any step.
    """
    walks = rng.standard_normal((len(tau), DAYS), dtype=np.float32)
    _walk(walks, np.exp(-1 / tau).astype(np.float32), np.sqrt(-np.expm1(-2 / tau)).astype(np.float32))
    return walks


@compiled
def _walk(walks: NDArray[np.float32], kept: NDArray[np.float32], new: NDArray[np.float32]) -> None:
    """From independent numbers to walks, in place."""
    for k in range(len(walks)):
        for day in range(1, walks.shape[1]):
            walks[k, day] = kept[k] * walks[k, day - 1] + new[k] * walks[k, day]


def read_walks(walks: NDArray[np.float32], epochs: Epochs) -> Floats:
    """The walks at the epochs, linear between days; beyond the grid its ends.

    Parameters
    ----------
    walks : numpy.ndarray, shape (n, DAYS)
    epochs : Epochs
        Of n objects, m epochs.

    Returns
    -------
    numpy.ndarray, shape (m,)
    """
    days = walks.shape[1]
    place = np.clip(epochs.mjd - FIRST_DAY, 0, days - 1.001)
    day = place.astype(np.int64)
    cell = epochs.object * days + day
    table = walks.ravel()
    before, after = table[cell].astype(np.float64), table[cell + 1]
    return np.asarray(before + (after - before) * (place - day))
