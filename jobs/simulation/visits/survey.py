"""What a survey's observing model answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jobs.simulation.epochs import Conditions, Epochs, Floats, Ints
from jobs.simulation.visits.gathering import Bools


@dataclass(frozen=True)
class References:
    """The reference images at the places of n objects, per band of BANDS.

    Attributes
    ----------
    first, last : numpy.ndarray, shape (n, 6)
        Time of the first and last frame [MJD TAI].
    frames : numpy.ndarray of int64, shape (n, 6)
        How many frames were added; 0 in a band that the survey does not have.
    limit : numpy.ndarray, shape (n, 6)
        5-sigma limit [AB mag].
    """

    first: Floats
    last: Floats
    frames: Ints
    limit: Floats


@dataclass(frozen=True)
class Survey:
    """How a survey observes.

    All that it answers is a function of the seed and of what is asked: two objects of one field share their visits, and
    a span asked in parts gives the visits of the whole.

    Attributes
    ----------
    name : str
        `ztf` or `lsst`.
    start : float
        The survey's first night [MJD TAI].
    bands : tuple of int
        Places in BANDS of the bands that it has.
    visits : callable
        (seed, ra, dec, first, last) to Epochs and Conditions of the positions [deg, ICRS] from `first` to `last`
        [MJD TAI]; positions outside its sky have none.
    sees : callable
        (ra, dec) to whether the survey observes there, shape (n,).
    references : callable
        (seed, ra, dec) to the References of the positions.
    earlier : callable
        (seed, ra, dec, mjd) to the number of visits of each position before a time, from the survey's start: it grows
        with the survey's age, so nothing that learns should lean on it.
    saturation : float
        A source brighter than this is not measured [AB mag].
    low : tuple of float
        By place in BANDS: share of visits in which a difference of less than five sigma is reported too [0 to 1].
    noise : float
        Variance of a flux beyond that of the limit, per flux of the source [nJy].
    declinations : tuple of float
        From south to north, where most of its fields are [deg].
    deeper : float
        By how much its images are deeper than the real survey's [mag].
    """

    name: str
    start: float
    bands: tuple[int, ...]
    visits: Callable[[int, Floats, Floats, float, float], tuple[Epochs, Conditions]]
    sees: Callable[[Floats, Floats], Bools]
    references: Callable[[int, Floats, Floats], References]
    earlier: Callable[[int, Floats, Floats, Floats], Ints]
    saturation: float
    low: tuple[float, ...]
    noise: float
    declinations: tuple[float, float]
    deeper: float = 0.0

    def observes_in(self, seed: int, night: float) -> bool:
        """Whether the survey observes at all in a night: clouds close the dome in some.

        Parameters
        ----------
        seed : int
        night : float
            Its beginning [MJD TAI].
        """
        grid = np.meshgrid(np.arange(0.0, 360, 7), np.arange(*self.declinations, 7))
        ra, dec = (each.ravel() for each in grid)
        return bool(len(self.visits(seed, ra, dec, night, night + 1)[0].mjd))
