"""Light of two stars that pass before each other."""

import numpy as np

from jobs.simulation.epochs import Floats

# Of a detached pair's dips and of the sum of a wave and a dip: nearest to 120 and 100 pairs of ellc 1.8.15 (Maxted 2016).
_FLAT, _STEEP, _NARROW = 1.5, 1.8, 8


def dips(cycles: Floats, width: Floats, secondary: Floats) -> Floats:
    """Two separate eclipses a turn.

    Parameters
    ----------
    cycles : numpy.ndarray, shape (m,)
        Turns; the deeper eclipse is at whole numbers, the other at halves.
    width : numpy.ndarray, shape (m,)
        From the first contact to the last, as a part of the period; at half its depth a dip lasts 0.47 of that.
    secondary : numpy.ndarray, shape (m,)
        Depth of the second relative to the first.

    Returns
    -------
    numpy.ndarray, shape (m,)
        0 outside, 1 in the middle of the first.
    """

    def dip(centre: float) -> Floats:
        distance = np.abs((cycles - centre + 0.5) % 1 - 0.5) / (0.5 * width)
        return np.maximum(1 - distance**_FLAT, 0) ** _STEEP

    return np.asarray(dip(0.0) + secondary * dip(0.5))


def rounded(cycles: Floats, secondary: Floats, eclipsed: float) -> Floats:
    """Stars that are drawn out towards each other: light changes all the time, minima narrower than maxima.

    Parameters
    ----------
    cycles, secondary : numpy.ndarray, shape (m,)
        As for `dips`.
    eclipsed : float
        Part of the depth that is eclipse; the rest is the wave of two long bodies that turn.

    Returns
    -------
    numpy.ndarray, shape (m,)
        0 at maximum, 1 at the deeper minimum.
    """
    wave = 0.5 + 0.5 * np.cos(4 * np.pi * cycles)
    twice = wave + eclipsed * (wave**_NARROW - wave)
    first = 0.5 + 0.5 * np.cos(2 * np.pi * cycles)
    return np.asarray(twice * (secondary + (1 - secondary) * first))
