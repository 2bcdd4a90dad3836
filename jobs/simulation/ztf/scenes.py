"""What stands around alerts in the reference image: the counterpart, then neighbours by Galactic latitude."""

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.sky_places import galactic_latitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WIDE_ARCSEC, _NEAR_ARCSEC = 91.0, 46.0  # half a side: Gaia is asked out to 90, cutouts and Pan-STARRS reach 45
_GAIA_LIMIT, _FAINTEST = 20.6, 23.3
_STAR_SLOPE, _GALAXY_SLOPE = 0.22, 0.36  # decimal logarithm of the numbers per magnitude
_BRIGHTEST_STAR, _BRIGHTEST_GALAXY = 10.0, 15.0
_GALAXIES = 11.0  # per square arcminute to the faintest


@dataclass(frozen=True)
class Sources:
    """Sources around n alerts; k in all, in no order.

    Attributes
    ----------
    owner : numpy.ndarray of int64, shape (k,)
        The alert that each is beside, from 0.
    east, north : numpy.ndarray, shape (k,)
        From the alert's position [arcsec].
    mag, g_r : numpy.ndarray, shape (k,)
        r magnitude and colour g - r.
    radius : numpy.ndarray, shape (k,)
        Half-light radius [arcsec]; 0 for a point.
    bulge : numpy.ndarray of bool, shape (k,)
        Light falls as in an elliptical galaxy (Sersic index 4), else as in a disc (1).
    axis_ratio, angle : numpy.ndarray, shape (k,)
        Short axis over long, and direction of the long one [rad].
    central : numpy.ndarray of bool, shape (k,)
        Whether it is the alert's own counterpart or host.
    """

    owner: Ints
    east: Floats
    north: Floats
    mag: Floats
    g_r: Floats
    radius: Floats
    bulge: NDArray[np.bool_]
    axis_ratio: Floats
    angle: Floats
    central: NDArray[np.bool_]

    @cached_property
    def distance(self) -> Floats:
        """From the alert's position [arcsec]."""
        return np.hypot(self.east, self.north)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Sources":
        """Some of the sources.

        Parameters
        ----------
        which : numpy.ndarray of bool, shape (k,), or of int, or slice
        """
        return Sources(*(getattr(self, each.name)[which] for each in fields(self)))

    def of_owners(self, begin: int, end: int) -> "Sources":
        """Of sources in the order of their owners those of some; the first of these is owner 0.

        Parameters
        ----------
        begin, end : int
            The first owner, and the first that is none any more.
        """
        first, last = np.searchsorted(self.owner, (begin, end))
        some = self.take(slice(first, last))
        return replace(some, owner=some.owner - begin)

    def of_alerts(self, of: Ints) -> "Sources":
        """Sources around objects as those around the objects' alerts.

        Parameters
        ----------
        of : numpy.ndarray of int64, shape (n,)
            The object of each alert, as `owner` numbers them.

        Returns
        -------
        Sources
            The owner is the alert.
        """
        order = np.argsort(self.owner, kind="stable")
        begin = np.searchsorted(self.owner[order], np.arange(np.max(of, initial=-1) + 2))
        many = np.diff(begin)[of]
        owner = np.repeat(np.arange(len(of)), many)
        each = np.arange(len(owner)) + np.repeat(begin[of] - np.cumsum(many) + many, many)
        return replace(self.take(order[each]), owner=owner)

    def distinct(self) -> tuple["Sources", Ints]:
        """Each source once, and for every one of these which of them it is: the alerts of an object share theirs.

        No two sources have the same magnitude.
        """
        _, first, which = np.unique(self.mag, return_index=True, return_inverse=True)
        return self.take(first), which.astype(np.int64)

    def with_these(self, other: "Sources") -> "Sources":
        """These and others.

        Parameters
        ----------
        other : Sources
            Around the same alerts.
        """
        pairs = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return Sources(*(np.concatenate(pair) for pair in pairs))


def points(owner: Ints, east: Floats, north: Floats, mag: Floats, g_r: Floats, central: bool) -> Sources:
    """Stars and other points.

    Parameters
    ----------
    owner, east, north, mag, g_r : numpy.ndarray, shape (k,)
        As in Sources.
    central : bool
    """
    zero, one = np.zeros(len(owner)), np.ones(len(owner))
    return Sources(owner, east, north, mag, g_r, zero, zero > 0, one, zero, np.full(len(owner), central))


def surroundings(rng: np.random.Generator, ra: Floats, dec: Floats) -> Sources:
    """Field stars, more towards the Galactic plane, and galaxies.

    Parameters
    ----------
    rng : numpy.random.Generator
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].

    Notes
    -----
    0.65 + 12.5 exp(-|b| / 13.5 deg) stars per square arcminute to 20.6 in the median, less behind the dust of the innermost
    degrees, and from field to field by a factor of 1.3 at the poles, 1.8 near the plane: Pan-STARRS has 5, 8, 12, 24 and 29
    sources within 30 arcsec of 540 real alerts at |b| = 65, 30, 15, 7 and 3 deg in the median, and 2 to 10, 3 to 30, 4 to 32,
    9 to 135 and 13 to 125 in nine of ten.
    """
    latitude = np.abs(galactic_latitude(ra, dec))
    behind_dust = 1 - 0.45 * np.exp(-latitude / 3)
    richness = rng.lognormal(0, 0.25 + 0.4 * np.exp(-((latitude / 35) ** 2)))
    density = (0.65 + 12.5 * np.exp(-latitude / 13.5) * behind_dust) * richness
    stars = _stars(rng, density * _area(_WIDE_ARCSEC), _WIDE_ARCSEC, _BRIGHTEST_STAR, _GAIA_LIMIT)
    # The plane has more faint stars for each bright one
    slope = _STAR_SLOPE + 0.2 * np.exp(-latitude / 8)
    more = 10 ** (slope * (_FAINTEST - _GAIA_LIMIT)) - 1
    faint = _stars(rng, density * more * _area(_NEAR_ARCSEC), _NEAR_ARCSEC, _GAIA_LIMIT, _FAINTEST)
    # Dust hides galaxies near the plane
    seen = 1 / (1 + np.exp(-(latitude - 7) / 3))
    return stars.with_these(faint).with_these(_galaxies(rng, seen * _GALAXIES * _area(_NEAR_ARCSEC)))


def _area(half: float) -> float:
    """Of a square, in square arcminutes."""
    return float((2 * half / 60) ** 2)


def _stars(rng: np.random.Generator, expected: Floats, half: float, bright: float, faint: float) -> Sources:
    owner = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    east, north = rng.uniform(-half, half, (2, len(owner)))
    mag = _magnitudes(rng, len(owner), _STAR_SLOPE, bright, faint)
    return points(owner, east, north, mag, rng.normal(0.75, 0.35, len(owner)), central=False)


def _galaxies(rng: np.random.Generator, expected: Floats) -> Sources:
    owner = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    n = len(owner)
    east, north = rng.uniform(-_NEAR_ARCSEC, _NEAR_ARCSEC, (2, n))
    mag = _magnitudes(rng, n, _GALAXY_SLOPE, _BRIGHTEST_GALAXY, _FAINTEST)
    radius = 10 ** (0.1 * (21 - mag)) * 0.8 * rng.lognormal(0, 0.35, n)
    bulge, turned = rng.uniform(size=n) < 0.3, rng.uniform(0, np.pi, n)
    ratio = rng.uniform(0.35, 1.0, n)
    return Sources(
        owner, east, north, mag, rng.normal(0.7, 0.3, n), radius, bulge, ratio, turned, np.zeros(n, dtype=bool)
    )


def _magnitudes(rng: np.random.Generator, n: int, slope: float, bright: float, faint: float) -> Floats:
    least = 10 ** (slope * (bright - faint))
    return np.asarray(faint + np.log10(rng.uniform(least, 1, n)) / slope)
