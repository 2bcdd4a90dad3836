"""Light of two stars that pass before each other."""

import numpy as np

from jobs.simulation.epochs import Floats

_SPREAD = 0.28  # scale of a dip in its full width


def dips(cycles: Floats, width: Floats, secondary: Floats) -> Floats:
    """Two separate eclipses a turn.

    Parameters
    ----------
    cycles : numpy.ndarray, shape (m,)
        Turns; the deeper eclipse is at whole numbers, the other at halves.
    width : numpy.ndarray, shape (m,)
        Duration as a part of the period.
    secondary : numpy.ndarray, shape (m,)
        Depth of the second relative to the first.

    Returns
    -------
    numpy.ndarray, shape (m,)
        0 outside, 1 in the middle of the first.
    """

    def dip(centre: float) -> Floats:
        distance = np.abs((cycles - centre + 0.5) % 1 - 0.5) / (width * _SPREAD)
        return np.exp(-0.5 * distance**2.5)

    return np.asarray(dip(0.0) + secondary * dip(0.5))


def rounded(cycles: Floats, secondary: Floats) -> Floats:
    """Stars that are drawn out towards each other: light changes all the time, minima narrower than maxima.

    Parameters
    ----------
    cycles, secondary : numpy.ndarray, shape (m,)
        As for `dips`.

    Returns
    -------
    numpy.ndarray, shape (m,)
        0 at maximum, 1 at the deeper minimum.
    """
    twice = (0.5 + 0.5 * np.cos(4 * np.pi * cycles)) ** 2.2
    first = 0.5 + 0.5 * np.cos(2 * np.pi * cycles)
    return np.asarray(twice * (secondary + (1 - secondary) * first))
