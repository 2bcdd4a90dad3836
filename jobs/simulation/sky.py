"""Where on the sky an object of a kind is found, and what stands around it."""

from dataclasses import dataclass

import erfa
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PALOMAR_LONGITUDE_DEG = -116.863
_FIELD_SIDE_ARCSEC = 180.0  # the Gaia look-ups in a packet reach out to 90 arcsec


@dataclass(frozen=True)
class Sources:
    """What the reference image and the catalogues hold around the position.

    Attributes
    ----------
    east, north : numpy.ndarray, shape (n,)
        Offset from the alert's position [arcsec].
    mag : numpy.ndarray, shape (n,)
        r magnitude.
    radius : numpy.ndarray, shape (n,)
        Half-light radius [arcsec]; 0 for a star.
    """

    east: Floats
    north: Floats
    mag: Floats
    radius: Floats

    @property
    def distance(self) -> Floats:
        """Distance from the alert's position [arcsec]."""
        return np.hypot(self.east, self.north)

    def select(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Sources":
        """Some of the sources.

        Parameters
        ----------
        which : numpy.ndarray of bool, shape (n,), or of int, shape (k,)
            A mask, or indices.
        """
        return Sources(self.east[which], self.north[which], self.mag[which], self.radius[which])

    def together_with(self, other: "Sources") -> "Sources":
        """These sources, then others.

        Parameters
        ----------
        other : Sources
            Around the same position.
        """
        pairs = zip(self.columns, other.columns, strict=True)
        return Sources(*(np.concatenate(pair) for pair in pairs))

    @property
    def columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        """East, north, mag, radius."""
        return self.east, self.north, self.mag, self.radius


def position(kind: str, jd: float, rng: np.random.Generator) -> tuple[float, float]:
    """A place where Palomar can see such an object at that time: right ascension and declination, ICRS [deg].

    Variable stars crowd towards the Galactic plane, asteroids towards the ecliptic, galaxies avoid the plane, bogus
    alerts are anywhere.

    Parameters
    ----------
    kind : str
        A key of night_classes.SHARES.
    jd : float
        The time [JD UTC].
    rng : numpy.random.Generator
    """
    ra, dec = _anywhere(kind, rng, 256)
    sidereal = 280.46062 + 360.98564737 * (jd - 2451545.0) + PALOMAR_LONGITUDE_DEG
    hour_angle = (sidereal - ra + 180) % 360 - 180
    visible = (dec > -28) & (np.abs(hour_angle) < 60)
    first = int(np.argmax(visible))
    return float(ra[first]), float(dec[first])


def _anywhere(kind: str, rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    longitude = rng.uniform(0, 2 * np.pi, n)
    uniform = np.arcsin(rng.uniform(-1, 1, n))
    if kind == "bogus":
        return np.degrees(longitude), np.degrees(uniform)
    if kind == "asteroid":
        latitude = np.clip(rng.laplace(0, np.radians(12), n), -1.5, 1.5)
        angles = erfa.eceq06(2451545.0, 0.0, longitude, latitude)
    elif kind == "variable_star":
        latitude = np.clip(rng.laplace(0, np.radians(12), n), -1.5, 1.5)
        angles = erfa.g2icrs(longitude, latitude)
    else:
        sine = rng.uniform(np.sin(np.radians(12)), 1, n) * rng.choice([-1, 1], n)
        angles = erfa.g2icrs(longitude, np.arcsin(sine))
    return np.degrees(angles[0]), np.degrees(angles[1])


def surroundings(ra: float, dec: float, rng: np.random.Generator) -> Sources:
    """Field stars and galaxies within 90 arcsec in each direction, more of them towards the Galactic plane.

    Parameters
    ----------
    ra, dec : float
        The alert's position, ICRS [deg].
    rng : numpy.random.Generator

    Notes
    -----
    1 + 60 exp(-|b| / 12 deg) stars brighter than 21.5 in a cutout, 10^0.25 times more per magnitude, followed to
    22.5; 3 galaxies per square arcminute brighter than 22.
    """
    latitude = abs(float(np.degrees(erfa.icrs2g(np.radians(ra), np.radians(dec))[1])))
    per_stamp = (1 + 60 * np.exp(-latitude / 12)) * 10**0.25
    stars = rng.poisson(per_stamp * (_FIELD_SIDE_ARCSEC / 63.6) ** 2)
    galaxies = rng.poisson(3 * (_FIELD_SIDE_ARCSEC / 60) ** 2)
    n = stars + galaxies
    east, north = rng.uniform(-_FIELD_SIDE_ARCSEC / 2, _FIELD_SIDE_ARCSEC / 2, (2, n))
    mag = np.maximum(22.5 + np.log10(rng.uniform(0, 1, n)) / 0.25, 11.0)
    mag[stars:] = np.maximum(22.0 + np.log10(rng.uniform(0, 1, galaxies)) / 0.4, 15.0)
    radius = np.concatenate([np.zeros(stars), rng.lognormal(np.log(1.0), 0.4, galaxies)])
    return Sources(east, north, mag, radius)


def moved(ra: float, dec: float, east: Floats | float, north: Floats | float) -> tuple[Floats, Floats]:
    """A position shifted by small offsets: right ascension and declination [deg].

    Parameters
    ----------
    ra, dec : float
        The position [deg].
    east, north : float or numpy.ndarray, any shape
        The offsets [arcsec].
    """
    shifted_ra = ra + np.asarray(east) / 3600 / np.cos(np.radians(dec))
    return shifted_ra % 360, dec + np.asarray(north) / 3600
