"""Dust of the Milky Way in front of an object."""

import numpy as np

from jobs.simulation.epochs import Floats

# A / E(B-V) in ugrizy for a law of R_V = 3.1: Schlafly & Finkbeiner 2011, table 6 (LSST).
PER_REDDENING = np.array([4.145, 3.237, 2.273, 1.684, 1.323, 1.088])

_POLE, _MOST = 0.06, 0.6


def draw_reddening(rng: np.random.Generator, galactic_latitude: Floats) -> Floats:
    """E(B-V) towards some directions: a slab of dust, patchy.

    Parameters
    ----------
    rng : numpy.random.Generator
    galactic_latitude : numpy.ndarray, shape (n,)
        [deg].

    Returns
    -------
    numpy.ndarray, shape (n,)
        [mag]; the median is 0.06 / |sin b|, 0.6 at most.
    """
    slab = _POLE / np.maximum(np.abs(np.sin(np.radians(galactic_latitude))), _POLE / _MOST)
    return np.asarray(slab * rng.lognormal(0, 0.4, len(slab)))
