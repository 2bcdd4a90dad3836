"""What stands around objects in Rubin's images: host galaxies and neighbours, as deep as a single visit shows them."""

from dataclasses import dataclass
from typing import Literal

import erfa
import numpy as np

from jobs.simulation.blocks import BLOCK
from jobs.simulation.cosmology import distance_modulus
from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.object_class import Floats, Parameters
from jobs.simulation.population import Population
from jobs.simulation.profiles import Mixture, exponential, moffat
from jobs.simulation.visits import chance
from science_modules.common.photometry import flux_of_magnitude, flux_ratio

_REACH_ARCSEC = 11.0  # half of the largest cutout's side, and a seeing disc
_FAINTEST = 24.0
# Colours band - r of a galaxy at z = 0.2 and of a field star.
_GALAXY = np.array([1.9, 0.65, 0.0, -0.3, -0.5, -0.6])
_STAR = np.array([2.2, 0.8, 0.0, -0.35, -0.55, -0.65])
# Slope of log10 counts per magnitude, brightest [mag], colours, half-light radius [arcsec].
_FIELD = {"stars": (0.25, 15.0, _STAR, 0.0), "galaxies": (0.4, 16.0, _GALAXY, 0.6)}
_COLUMNS = ("owner", "east", "north", "flux", "radius")


@dataclass(frozen=True)
class Scene:
    """k sources around n objects, object after object.

    Attributes
    ----------
    owner : numpy.ndarray of int64, shape (k,)
        The object of each, ascending.
    east, north : numpy.ndarray, shape (k,)
        Distance from the object [arcsec].
    flux : numpy.ndarray, shape (k, 6)
        Per band of BANDS [nJy].
    radius : numpy.ndarray, shape (k,)
        Half-light radius [arcsec]; 0 for a star.
    """

    owner: Ints
    east: Floats
    north: Floats
    flux: Floats
    radius: Floats

    def of(self, one: int) -> slice:
        """Where an object's sources are.

        Parameters
        ----------
        one : int
        """
        return slice(*np.searchsorted(self.owner, [one, one + 1]).tolist())


def scene(curves: LightCurves) -> Scene:
    """The sources around the objects of a block; the object's own light in the reference is the first of each.

    Parameters
    ----------
    curves : LightCurves
    """
    objects = curves.population
    n = len(objects.number)
    own = Scene(np.arange(n), np.zeros(n), np.zeros(n), curves.reference, np.zeros(n))
    parts = [own, _hosts(objects), _neighbours(objects)]
    owner = np.concatenate([part.owner for part in parts])
    order = np.argsort(owner, kind="stable")
    return Scene(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in _COLUMNS))


def _hosts(objects: Population) -> Scene:
    """A galaxy for every transient and nucleus; separations of 1.1 radii with a scatter of 0.95 in ln: Gomez et al. 2020."""
    n, index = len(objects.number), objects.number - objects.block.first
    if objects.kind.counterpart not in ("host", "nucleus"):
        return Scene(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros((0, 6)), np.zeros(0))
    rng = objects.block.generator("lsst hosts")
    z = _redshift(objects.parameters, n)
    draws, turn = rng.standard_normal((3, BLOCK))[:, index], rng.uniform(0, 2 * np.pi, BLOCK)[index]
    mag = np.clip(-20.8 + 0.9 * draws[0] + distance_modulus(z), 14.0, 27.0)
    radius = np.clip(4.0 * np.exp(0.4 * draws[1]) / _kpc_per_arcsec(z), 0.2, 4.0)
    away = radius * np.minimum(1.1 * np.exp(0.95 * draws[2]), 5.0) * (objects.kind.counterpart == "host")
    return Scene(np.arange(n), away * np.sin(turn), away * np.cos(turn), _fluxes(mag, _GALAXY), radius)


def _redshift(parameters: Parameters, n: int) -> Floats:
    return np.maximum(np.asarray(parameters.get("redshift", np.full(n, 0.15)), dtype=np.float64), 0.003)


def _kpc_per_arcsec(z: Floats) -> Floats:
    return np.asarray(10 ** ((distance_modulus(z) - 25) / 5) / (1 + z) ** 2 * 1000 / 206265)


def _neighbours(objects: Population) -> Scene:
    """Stars by Galactic latitude, counts 10^0.25 per magnitude; galaxies, 3 per square arcminute to r = 22, 10^0.4."""
    latitude = np.degrees(erfa.icrs2g(np.radians(objects.ra), np.radians(objects.dec))[1])
    area = (2 * _REACH_ARCSEC / 60) ** 2
    stars = (1 + 60 * np.exp(-np.abs(latitude) / 12)) / 1.1 * 10 ** (0.25 * (_FAINTEST - 21.5)) * area
    galaxies = np.full(len(stars), 3 * flux_ratio(22 - _FAINTEST) * area)
    fields = (_field(objects, "stars", stars), _field(objects, "galaxies", galaxies))
    return Scene(*(np.concatenate([getattr(part, name) for part in fields]) for name in _COLUMNS))


def _field(objects: Population, kind: Literal["stars", "galaxies"], expected: Floats) -> Scene:
    """Neighbours as functions of the object's number, so that other objects change none."""
    slope, brightest, colours, size = _FIELD[kind]
    seed = objects.block.seed
    many = _poisson(chance.uniform(seed, f"lsst {kind}", objects.number), expected)
    owner = np.repeat(np.arange(len(many)), many)
    keys = objects.number[owner], np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    east, north = (2 * chance.uniform(seed, f"lsst {kind} {way}", *keys) - 1 for way in ("east", "north"))
    mag = np.maximum(_FAINTEST + np.log10(chance.uniform(seed, f"lsst {kind} mag", *keys)) / slope, brightest)
    radius = size * np.exp(0.4 * chance.normal(seed, f"lsst {kind} radius", *keys))
    return Scene(owner, _REACH_ARCSEC * east, _REACH_ARCSEC * north, _fluxes(mag, colours), radius)


def _poisson(chance_of: Floats, expected: Floats) -> Ints:
    """Poisson's distribution, inverted; its tail ends at 200."""
    number = np.arange(1, 200)
    log_share = np.cumsum(np.log(expected)[:, None] - np.log(number), axis=1) - expected[:, None]
    below = np.exp(-expected)[:, None] + np.cumsum(np.exp(log_share), axis=1)
    return np.asarray((chance_of > np.exp(-expected)).astype(np.int64) + (chance_of[:, None] > below).sum(axis=1))


def _fluxes(mag: Floats, colours: Floats) -> Floats:
    return np.asarray(flux_of_magnitude(mag[:, None] + colours))


def template_seeing(objects: Population) -> Floats:
    """Seeing of the template at each object [arcsec], shape (n,): 0.82 to 1.37 in 107 real alerts.

    Parameters
    ----------
    objects : Population
    """
    spread = objects.block.generator("lsst template").standard_normal(BLOCK)[objects.number - objects.block.first]
    return np.clip(1.07 * np.exp(0.12 * spread), 0.8, 1.4)


def template_fluxes(around: Scene, seeing: Floats) -> Floats:
    """What a fit of the template's seeing disc finds at each object's place [nJy], without noise.

    Parameters
    ----------
    around : Scene
        Of n objects.
    seeing : numpy.ndarray, shape (n,)
        Of the template [arcsec].

    Returns
    -------
    numpy.ndarray, shape (n, 6)

    Notes
    -----
    The fit of a disc P to an image I is sum(P I) / sum(P^2). For sums of Gaussians both are sums over pairs of them.
    """
    disc, galaxy = moffat(1.0), exponential(1.0)
    share, variance = _pairs(disc, disc)
    self_overlap = np.sum(share / variance)
    scale = seeing[around.owner, None] ** 2
    blur = around.radius[:, None] ** 2
    distance = (around.east**2 + around.north**2)[:, None]
    found = np.zeros(len(around.owner))
    for part, width in zip(galaxy.share, galaxy.variance, strict=True):
        total = scale * variance + blur * width
        found += part * np.sum(share / total * np.exp(-distance / (2 * total)), axis=1)
    found *= scale[:, 0] / self_overlap
    return np.stack([np.bincount(around.owner, found * flux, len(seeing)) for flux in around.flux.T], axis=1)


def _pairs(one: Mixture, other: Mixture) -> tuple[Floats, Floats]:
    return np.multiply.outer(one.share, other.share).ravel(), np.add.outer(one.variance, other.variance).ravel()
