"""Distances in a flat Lambda-CDM universe (H0 = 70 km/s/Mpc, matter 0.3), tabulated once."""

from functools import cache

import numpy as np

from jobs.simulation.epochs import Floats
from jobs.simulation.reach import Reach

_MATTER, _HUBBLE_MPC = 0.3, 299_792.458 / 70  # share of the critical density; c / H0
_REDSHIFT = np.geomspace(1e-4, 8.0, 4000)


@cache
def _distance_moduli() -> Floats:
    """The integral of 1 / E(z), five points a step; scipy and astropy.cosmology give the same and take long to import."""
    edges = np.concatenate([[0.0], _REDSHIFT])
    place, weight = np.polynomial.legendre.leggauss(5)
    half = np.diff(edges) / 2
    redshift = edges[:-1, None] + half[:, None] * (1 + place)
    expansion = np.sqrt(_MATTER * (1 + redshift) ** 3 + 1 - _MATTER)
    comoving = _HUBBLE_MPC * np.cumsum(half * (weight / expansion).sum(axis=1))
    return np.asarray(5 * np.log10((1 + _REDSHIFT) * comoving) + 25)


@cache
def _volume_seen() -> Floats:
    """Comoving volume within each redshift; a clock there runs slower, so it counts 1 / (1 + z)."""
    comoving = 10 ** (_distance_moduli() / 5 - 5) / (1 + _REDSHIFT)  # Mpc
    shells = np.diff(comoving**3) / (1 + _REDSHIFT[1:])
    return np.concatenate([[0.0], np.cumsum(shells)])


def distance_modulus(redshift: Floats) -> Floats:
    """Apparent less absolute magnitude.

    Parameters
    ----------
    redshift : numpy.ndarray
        0.0001 to 8.

    Returns
    -------
    numpy.ndarray
        [mag].
    """
    return np.interp(np.log(redshift), np.log(_REDSHIFT), _distance_moduli())


def redshift_of_modulus(modulus: Floats) -> Floats:
    """Redshift at which objects appear fainter by so much than they are at 10 pc.

    Parameters
    ----------
    modulus : numpy.ndarray
        [mag].
    """
    return np.exp(np.interp(modulus, _distance_moduli(), np.log(_REDSHIFT)))


def draw_redshifts(rng: np.random.Generator, peak_abs_mag: Floats, reach: Reach, z_max: float = 8.0) -> Floats:
    """Redshifts of events of constant comoving rate, of those that appear between the survey's limits.

    Parameters
    ----------
    rng : numpy.random.Generator
    peak_abs_mag : numpy.ndarray, shape (n,)
        Absolute magnitude at maximum, in the observed r band.
    reach : Reach
    z_max : float
        None is farther.

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    near = redshift_of_modulus(reach.bright - peak_abs_mag)
    far = np.minimum(redshift_of_modulus(reach.faint - peak_abs_mag), z_max)
    low, high = np.interp([near, far], _REDSHIFT, _volume_seen())
    volume = low + (high - low) * rng.uniform(size=len(peak_abs_mag))
    return np.asarray(np.interp(volume, _volume_seen(), _REDSHIFT))
