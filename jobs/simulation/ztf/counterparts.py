"""What stands at an alert's own place: its star, its host galaxy, its nucleus, or nothing."""

from dataclasses import dataclass, replace

import numpy as np

from jobs.simulation.cosmology import distance_modulus
from jobs.simulation.population import Population
from jobs.simulation.ztf.scenes import Floats, Ints, Sources, points
from science_modules.common.photometry import magnitude_change

_CENTROID_ARCSEC = 0.15  # scatter of a bright source's position, on each axis
_HOSTLESS = 0.1
# Knots of a host that catalogues list beside it, per arcsecond of its radius, and how much fainter than it they are [mag]:
# real supernovae have three Pan-STARRS sources more within 30 arcsec than other alerts so far from the Galaxy's plane.
_KNOTS, _KNOT_FAINTER = 0.8, (2.2, 4.7)


@dataclass(frozen=True)
class Hosts:
    """Hosts of a kind of transient: medians and quartiles of Gomez et al. 2020 (FLEET), of nearby ones.

    Attributes
    ----------
    mag, mag_scatter : float
        r magnitude of the galaxy.
    radius : float
        Median half-light radius [arcsec].
    g_r : float
        Median colour.
    redshift : float
        Median; hosts farther off are smaller and fainter.
    """

    mag: float
    mag_scatter: float
    radius: float
    g_r: float
    redshift: float


_HOSTS = {
    "sn_ibc": Hosts(16.8, 1.6, 3.2, 0.48, 0.03),
    "sn_ii": Hosts(17.0, 1.6, 3.0, 0.45, 0.03),
    "sn_iin": Hosts(18.2, 1.6, 2.0, 0.40, 0.055),
    "slsn": Hosts(21.0, 1.3, 0.95, 0.68, 0.21),
    "fbot": Hosts(19.0, 1.5, 1.5, 0.4, 0.1),
    "kilonova": Hosts(16.0, 1.5, 5.0, 0.6, 0.02),
}
_OF_OTHERS = Hosts(18.0, 1.5, 2.0, 0.58, 0.067)


def draw_counterparts(
    rng: np.random.Generator, population: Population, owner: Ints, reference_mag: Floats, g_r: Floats
) -> Sources:
    """The counterparts of n objects of a class.

    Parameters
    ----------
    rng : numpy.random.Generator
    population : Population
    owner : numpy.ndarray of int64, shape (n,)
        The objects within the population.
    reference_mag, g_r : numpy.ndarray, shape (n,)
        r magnitude and colour of the object's own light in the reference image; infinite if there is none.
    """
    n = len(owner)
    east, north = rng.standard_normal((2, n)) * _CENTROID_ARCSEC
    return _DRAW[population.kind.counterpart](
        rng, population.take(owner), (np.arange(n), east, north), reference_mag, g_r
    )


def _star(
    rng: np.random.Generator, _: Population, at: tuple[Ints, Floats, Floats], mag: Floats, g_r: Floats
) -> Sources:
    sources = points(*at, mag, g_r, central=True)
    return sources.take(np.isfinite(mag))


def _nucleus(
    rng: np.random.Generator, population: Population, at: tuple[Ints, Floats, Floats], mag: Floats, g_r: Floats
) -> Sources:
    own = _star(rng, population, at, mag, g_r)
    share = population.parameters.get("nucleus_share", np.full(len(mag), 0.5))
    beside_it = mag + magnitude_change((1 - share) / share)
    galaxy_mag = np.where(np.isfinite(mag), beside_it, rng.normal(18.0, 1.2, len(mag)))
    radius = np.clip(rng.lognormal(np.log(1.8), 0.5, len(mag)), 0.6, 8)
    return own.with_these(_galaxy(rng, *at, galaxy_mag, rng.normal(0.68, 0.15, len(mag)), radius, bulge_share=0.7))


def _quasar(
    rng: np.random.Generator, population: Population, at: tuple[Ints, Floats, Floats], mag: Floats, g_r: Floats
) -> Sources:
    """A point; in two of five the galaxy shows."""
    own = _star(rng, population, at, mag, g_r)
    fuzz = _galaxy(
        rng, *at, mag + rng.uniform(0.2, 1.8, len(mag)), g_r + 0.4, rng.lognormal(0.1, 0.4, len(mag)), bulge_share=0.7
    )
    return own.with_these(fuzz.take((rng.uniform(size=len(mag)) < 0.4) & np.isfinite(mag)))


def _host(
    rng: np.random.Generator, population: Population, at: tuple[Ints, Floats, Floats], _: Floats, __: Floats
) -> Sources:
    own = _HOSTS.get(population.kind.name, _OF_OTHERS)
    owner, east, north = at
    n = len(owner)
    size = rng.lognormal(np.log(own.radius), 0.5, n)
    redshift = np.maximum(population.parameters["redshift"], 0.003)
    farther = distance_modulus(redshift) - distance_modulus(np.array([own.redshift]))
    # Angles shrink as the luminosity distance over (1 + z) squared
    shrunk = 10 ** (-0.2 * farther) * ((1 + redshift) / (1 + own.redshift)) ** 2
    radius = np.clip(size * shrunk, 0.4, 12)
    apart = np.minimum(radius * rng.lognormal(np.log(0.95), 0.95, n), 25.0)
    around = rng.uniform(0, 2 * np.pi, n)
    mag = own.mag + farther - 2.0 * np.log10(size / own.radius) + rng.normal(0, 0.7 * own.mag_scatter, n)
    place = (owner, east + apart * np.cos(around), north + apart * np.sin(around))
    hosts = _galaxy(rng, *place, np.clip(mag, 13.5, 23.2), rng.normal(own.g_r, 0.2, n), radius, bulge_share=0.35)
    hosts = hosts.take(rng.uniform(size=n) >= _HOSTLESS)
    return hosts.with_these(_knots(rng, hosts))


def _knots(rng: np.random.Generator, hosts: Sources) -> Sources:
    """Bright parts of spirals."""
    spiral = hosts.take(~hosts.bulge)
    some = spiral.take(np.repeat(np.arange(len(spiral.mag)), rng.poisson(np.minimum(_KNOTS * spiral.radius, 6.0))))
    n = len(some.mag)
    apart, around = some.radius * rng.uniform(0.4, 2.4, n), rng.uniform(0, 2 * np.pi, n)
    east, north = some.east + apart * np.cos(around), some.north + apart * np.sin(around)
    mag = some.mag + rng.uniform(*_KNOT_FAINTER, n)
    mag += np.where(mag < 19.0, 19.0 - some.mag, 0.0)
    return points(some.owner, east, north, mag, some.g_r - rng.uniform(0, 0.4, n), central=False)


def _none(
    rng: np.random.Generator, _: Population, at: tuple[Ints, Floats, Floats], mag: Floats, g_r: Floats
) -> Sources:
    return points(*at, mag, g_r, central=True).take(np.zeros(len(mag), dtype=bool))


def _galaxy(
    rng: np.random.Generator,
    owner: Ints,
    east: Floats,
    north: Floats,
    mag: Floats,
    g_r: Floats,
    radius: Floats,
    bulge_share: float,
) -> Sources:
    n = len(owner)
    plain = points(owner, east, north, mag, g_r, central=True)
    bulge, turned = rng.uniform(size=n) < bulge_share, rng.uniform(0, np.pi, n)
    return replace(plain, radius=radius, bulge=bulge, axis_ratio=rng.uniform(0.35, 1.0, n), angle=turned)


_DRAW = {"star": _star, "quasar": _quasar, "nucleus": _nucleus, "host": _host, "none": _none}
