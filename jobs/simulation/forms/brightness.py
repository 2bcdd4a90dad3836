"""How bright objects of a class are, and how numbers with two widths are drawn."""

import numpy as np

from jobs.simulation.epochs import Floats
from jobs.simulation.reach import Reach


def draw_star_magnitudes(rng: np.random.Generator, n: int, reach: Reach, above_limit: float = 3.5) -> Floats:
    """Mean r magnitudes of stars whose variability a survey can see.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    reach : Reach
    above_limit : float
        How much brighter than the survey's limit the median is [mag].

    Returns
    -------
    numpy.ndarray, shape (n,)
        [AB mag]; scatter 1.3, turned back where the detector saturates and half a magnitude above the limit, so that
        none of the two has a crowd.
    """
    faintest = reach.faint - 0.5
    within = reach.bright + np.abs(rng.normal(reach.faint - above_limit, 1.3, n) - reach.bright)
    return np.asarray(np.clip(faintest - np.abs(faintest - within), reach.bright, faintest))


def draw_two_sided(rng: np.random.Generator, mode: float, below: float, above: float, n: int) -> Floats:
    """Normal numbers with one width below the mode and another above it.

    Parameters
    ----------
    rng : numpy.random.Generator
    mode, below, above : float
        Of the density, which is continuous.
    n : int
    """
    half = np.abs(rng.standard_normal(n))
    is_below = rng.uniform(size=n) < below / (below + above)
    return np.asarray(mode + np.where(is_below, -below, above) * half)


def draw_times(rng: np.random.Generator, n: int, reach: Reach, before: float = 30.0) -> Floats:
    """Times of maximum, spread evenly over the survey and a little before [MJD TAI].

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    reach : Reach
    before : float
        [d].
    """
    return rng.uniform(reach.first - before, reach.last, n)
