"""Where on the sky objects of a kind are: the Galaxy's discs and halo, star-forming clouds, the ecliptic."""

from collections.abc import Callable

import erfa
import numpy as np

from jobs.simulation.epochs import Floats
from jobs.simulation.object_class import Place

_SUN_KPC = 8.2
_J2000 = 2451545.0
# Galactic longitude, latitude and radius [deg] of clouds where young stars are found: Taurus, Perseus, Orion, Monoceros,
# Cygnus, Cepheus, Serpens, Ophiuchus, Lupus, Chamaeleon, Carina. Reipurth 2008.
_CLOUDS = np.array(
    [
        (172, -15, 5), (160, -19, 3), (209, -18, 4), (203, 2, 2), (80, 1, 5), (108, 10, 5),
        (29, 4, 3), (354, 17, 3), (339, 12, 4), (298, -15, 3), (287, -1, 2),
    ]
)  # fmt: skip
Directions = tuple[Floats, Floats]  # right ascension and declination [rad]


def draw_places(rng: np.random.Generator, place: Place, n: int, south: float, north: float) -> Directions:
    """Positions of n objects, of those that a survey can see.

    Parameters
    ----------
    rng : numpy.random.Generator
    place : str
        How such objects are spread over the sky.
    n : int
    south, north : float
        Declinations between which the survey observes [deg].

    Returns
    -------
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].

    Raises
    ------
    ValueError
        If nothing of the kind is found between the declinations.
    """
    found: list[Floats] = []
    for _ in range(1000):
        ra, dec = np.degrees(_DRAW[place](rng, 2 * n))
        found.append(np.stack([ra, dec])[:, (dec >= south) & (dec <= north)])
        if sum(some.shape[1] for some in found) >= n:
            ra, dec = np.concatenate(found, axis=1)[:, :n]
            return ra % 360, dec
    raise ValueError(f"no {n} places of kind {place} were found between declinations {south} and {north}; widen them")


def galactic_latitude(ra: Floats, dec: Floats) -> Floats:
    """Galactic latitude [deg].

    Parameters
    ----------
    ra, dec : numpy.ndarray
        ICRS [deg].
    """
    return np.asarray(np.degrees(erfa.icrs2g(np.radians(ra), np.radians(dec))[1]))


def _everywhere(rng: np.random.Generator, n: int) -> Directions:
    return rng.uniform(0, 2 * np.pi, n), np.arcsin(rng.uniform(-1, 1, n))


def _extragalactic(rng: np.random.Generator, n: int) -> Directions:
    """Galaxies fade behind the plane: dust hides half of them at |b| = 12 deg, nearly all below 7."""
    longitude, latitude = _everywhere(rng, 2 * n)
    hidden = rng.uniform(size=2 * n) > 1 / (1 + np.exp(-(np.degrees(np.abs(latitude)) - 12) / 1.5))
    return _equatorial(longitude[~hidden], latitude[~hidden])


def _disc(height_kpc: float, towards_centre: float) -> Callable[[np.random.Generator, int], Directions]:
    """Stars at some kiloparsec in an exponential disc, more of them towards the Galaxy's centre."""

    def draw(rng: np.random.Generator, n: int) -> Directions:
        in_plane = rng.lognormal(np.log(2.0), 0.6, n)
        above = rng.laplace(0, height_kpc, n)
        return _equatorial(rng.vonmises(0, towards_centre, n), np.arctan2(above, in_plane))

    return draw


def _halo(rng: np.random.Generator, n: int) -> Directions:
    """Density r^-3 from 5 to 60 kpc of the Galaxy's centre, flattened to 0.7 (Sesar et al. 2010), seen from the Sun."""
    radius = np.exp(rng.uniform(np.log(5.0), np.log(60.0), n))
    around, sine = rng.uniform(0, 2 * np.pi, n), rng.uniform(-1, 1, n)
    in_plane = radius * np.sqrt(1 - sine**2)
    x, y, z = _SUN_KPC - in_plane * np.cos(around), in_plane * np.sin(around), 0.7 * radius * sine
    return _equatorial(np.arctan2(y, x), np.arctan2(z, np.hypot(x, y)))


def _star_forming(rng: np.random.Generator, n: int) -> Directions:
    """Half in the clouds near the Sun, half along the plane."""
    cloud = _CLOUDS[rng.integers(len(_CLOUDS), size=n)]
    nearby = rng.uniform(size=n) < 0.5
    scatter = rng.standard_normal((2, n)) * cloud[:, 2]
    latitude = np.where(nearby, cloud[:, 1] + scatter[1], rng.laplace(0, 2.5, n))
    longitude = np.where(nearby, cloud[:, 0] + scatter[0] / np.cos(np.radians(latitude)), rng.uniform(0, 360, n))
    return _equatorial(np.radians(longitude), np.radians(latitude))


def _ecliptic(rng: np.random.Generator, n: int) -> Directions:
    latitude = np.clip(rng.laplace(0, np.radians(12), n), -1.5, 1.5)
    ra, dec = erfa.eceq06(_J2000, 0.0, rng.uniform(0, 2 * np.pi, n), latitude)
    return ra, dec


def _equatorial(longitude: Floats, latitude: Floats) -> Directions:
    ra, dec = erfa.g2icrs(longitude, latitude)
    return ra, dec


_DRAW: dict[Place, Callable[[np.random.Generator, int], Directions]] = {
    "everywhere": _everywhere,
    "extragalactic": _extragalactic,
    "thin_disc": _disc(0.3, 0.5),
    "thick_disc": _disc(0.9, 0.5),
    "halo": _halo,
    "star_forming": _star_forming,
    "ecliptic": _ecliptic,
}
