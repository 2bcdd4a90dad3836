"""What catalogues say of an alert's surroundings: ZTF's reference image, Pan-STARRS, Gaia."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.ztf.alerted import PIXEL_ARCSEC
from jobs.simulation.ztf.scenes import Floats, Ints, Sources
from science_modules.common.compiled import compiled
from science_modules.common.photometry import flux_of_magnitude, magnitude_of_flux

REFERENCE_LIMIT = 22.9
PS1_RADIUS_ARCSEC = 30.0
_GAIA_RADIUS_ARCSEC, _GAIA_LIMIT, _GAIA_BRIGHT = 90.0, 20.6, 14.0
# Cores of galaxies that Pan-STARRS' fit of a point finds brighter than that are in Gaia's catalogue, fainter by so much:
# hosts of real supernovae.
_GAIA_CORE, _CORE_FAINTER = 18.6, 0.6
# Stars have moved since Gaia's epoch: 0.27 arcsec from its entry in the median, 0.22 from that of Pan-STARRS (155 real ones).
_MOVED_ARCSEC = 0.11
_PS1_LIMIT = 22.0
_PS1_SEEING_ARCSEC, _PS1_EXTENDED_ARCSEC = 0.6, 0.35  # half-light radii
MISSING = -999.0
# Colour band - r per g - r, and where half of the sources lack a magnitude in the band: 3,000 neighbours of real alerts.
_PS1_BANDS = {"sg": (1.0, 21.9), "sr": (0.0, 21.9), "si": (-0.35, 22.2), "sz": (-0.55, 21.7)}


def catalogued(sources: Sources) -> Sources:
    """Sources as catalogues list them: a nucleus and its galaxy are one, extended as far as the galaxy's light is in it.

    Parameters
    ----------
    sources : Sources
    """
    points = np.flatnonzero(sources.central & (sources.radius == 0))
    galaxies = np.flatnonzero(sources.central & (sources.radius > 0))
    point_of = np.full(int(np.max(sources.owner, initial=-1)) + 1, -1)
    point_of[sources.owner[points]] = points
    galaxies = galaxies[point_of[sources.owner[galaxies]] >= 0]
    nuclei = point_of[sources.owner[galaxies]]
    nucleus, galaxy = (flux_of_magnitude(sources.mag[rows], 0.0) for rows in (nuclei, galaxies))
    mag, radius, kept = sources.mag.copy(), sources.radius.copy(), np.ones(len(sources.mag), dtype=bool)
    mag[nuclei] = magnitude_of_flux(nucleus + galaxy, 0.0)
    radius[nuclei] = sources.radius[galaxies] * galaxy / (nucleus + galaxy)
    kept[galaxies] = False
    return replace(sources, mag=mag, radius=radius).take(kept)


def nearest_reference(sources: Sources, n: int) -> tuple[Floats, Floats]:
    """The nearest source of the reference image's catalogue.

    Parameters
    ----------
    sources : Sources
        Around n alerts, as `catalogued` gives them.
    n : int

    Returns
    -------
    magnitude, distance : numpy.ndarray, shape (n,)
        [mag], [px]; a source at the limit 15 px away where there is none.
    """
    order, has = nearest(sources, n, sources.mag < REFERENCE_LIMIT + 0.25)
    first = np.where(has, order, 0)
    mag = np.where(has, np.minimum(point_magnitude(sources)[first], 23.2), 23.0)
    return mag, np.where(has, sources.distance[first] / PIXEL_ARCSEC, 15.0)


def point_magnitude(sources: Sources, seeing: float = 0.9) -> Floats:
    """r magnitude as a fit of the seeing to a source gives it: a galaxy's outskirts are lost.

    Parameters
    ----------
    sources : Sources
    seeing : float
        Its half-light radius [arcsec].
    """
    return np.asarray(sources.mag + 1.25 * np.log10(1 + (sources.radius / seeing) ** 2))


def nearest(sources: Sources, n: int, which: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Of each alert the nearest of some sources.

    Parameters
    ----------
    sources : Sources
        k sources around n alerts.
    n : int
    which : numpy.ndarray of bool, shape (k,)

    Returns
    -------
    index : numpy.ndarray of int64, shape (n,)
        Of the source; meaningless where there is none.
    has : numpy.ndarray of bool, shape (n,)
    """
    index = np.full(n, -1)
    _nearest(sources.owner, sources.distance, which, index)
    return np.maximum(index, 0), index >= 0


@compiled
def _nearest(owner: Ints, distance: Floats, which: NDArray[np.bool_], index: Ints) -> None:
    """Of equal distances the first."""
    for k in range(len(owner)):
        best = index[owner[k]]
        if which[k] and (best < 0 or distance[k] < distance[best]):
            index[owner[k]] = k


def by_distance(sources: Sources, n: int, which: np.ndarray) -> tuple[Ints, Ints]:
    """Sources by alert, then by distance.

    Parameters
    ----------
    sources : Sources
        k sources around n alerts.
    n : int
    which : numpy.ndarray of bool, shape (k,)

    Returns
    -------
    index : numpy.ndarray of int64
        Of the sources of `which`.
    begin : numpy.ndarray of int64, shape (n + 1,)
        Where each alert's begin in it.
    """
    some = np.flatnonzero(which)
    ranked = some[np.lexsort((sources.distance[some], sources.owner[some]))]
    return ranked, np.searchsorted(sources.owner[ranked], np.arange(n + 1))


def ps1_fields(rng: np.random.Generator, sources: Sources, n: int) -> dict[str, Floats | Ints]:
    """The three nearest Pan-STARRS sources of n alerts, and how many there are within 30 arcsec.

    Parameters
    ----------
    rng : numpy.random.Generator
    sources : Sources
        As `catalogued` gives them.
    n : int
    """
    k = len(sources.mag)
    entries, entry = sources.distinct()
    seen = rng.uniform(size=len(entries.mag)) < 1 / (1 + np.exp((entries.mag - _PS1_LIMIT) / 0.25))
    ranked, begin = by_distance(sources, n, seen[entry] & (sources.distance < PS1_RADIUS_ARCSEC))
    score = _star_scores(rng, entries)[entry]
    ids = rng.integers(75 * 10**15, 210 * 10**15, len(entries.mag))[entry]
    mags = {band: _ps1_magnitudes(rng, entries, *_PS1_BANDS[band])[entry] for band in _PS1_BANDS}
    found: dict[str, Floats | Ints] = {"nmtchps": np.maximum(begin[1:] - begin[:-1], 0)}
    padded = np.append(ranked, np.zeros(4, dtype=np.int64))
    for i in range(3):
        has = begin[:-1] + i < begin[1:]
        row = padded[np.where(has, begin[:-1] + i, 0)]
        values = {f"{band}mag": mags[band] for band in _PS1_BANDS} | {"sgscore": score, "distpsnr": sources.distance}
        for name, column in values.items():
            found[f"{name}{i + 1}"] = np.where(has, column[row] if k else MISSING, MISSING)
        found[f"objectidps{i + 1}"] = np.where(has, ids[row] if k else -999, -999)
    return found


def _ps1_magnitudes(rng: np.random.Generator, sources: Sources, per_colour: float, half_missing: float) -> Floats:
    mag = point_magnitude(sources, _PS1_SEEING_ARCSEC) + per_colour * sources.g_r
    lacks = rng.uniform(size=len(mag)) < 1 / (1 + np.exp((half_missing - mag) / 0.5)) + 0.02
    return np.where(lacks, MISSING, mag + rng.normal(0, 0.03, len(mag)))


def _star_scores(rng: np.random.Generator, sources: Sources) -> Floats:
    """1 for a star, 0 for a galaxy (Tachibana & Miller 2018), undecided for the faint; 0.5 where it was not made."""
    k = len(sources.mag)
    own = np.where(is_extended(sources), rng.beta(0.35, 6, k), rng.beta(8, 0.3, k))
    doubt = 1 / (1 + np.exp((20.9 - sources.mag) / 0.5))
    blended = own + doubt * rng.uniform(0, 1, k) * (0.5 - own)
    unknown = rng.uniform(size=k) < 0.04 + 0.5 * doubt
    return np.where(unknown, 0.5, blended)


def is_extended(sources: Sources) -> NDArray[np.bool_]:
    """Whether Pan-STARRS sees more than a point, shape (k,).

    Parameters
    ----------
    sources : Sources
        As `catalogued` gives them.
    """
    return np.asarray(sources.radius > _PS1_EXTENDED_ARCSEC)


def gaia_fields(rng: np.random.Generator, sources: Sources, n: int) -> dict[str, Floats]:
    """The nearest entry of Gaia beside n alerts, a star or a galaxy's core, and the nearest brighter than 14.

    Parameters
    ----------
    rng : numpy.random.Generator
    sources : Sources
    n : int
    """
    extended = sources.radius > 0
    core = point_magnitude(sources, _PS1_SEEING_ARCSEC)
    mag = np.where(extended, core + _CORE_FAINTER, sources.mag)
    listed = np.where(extended, core < _GAIA_CORE, mag < _GAIA_LIMIT) & (sources.distance < _GAIA_RADIUS_ARCSEC)
    along, across = rng.standard_normal((2, n)) * _MOVED_ARCSEC * rng.lognormal(0, 0.8, n)
    found: dict[str, Floats] = {}
    for suffix, which in (("", listed), ("bright", listed & (mag < _GAIA_BRIGHT))):
        index, has = nearest(sources, n, which)
        found[f"neargaia{suffix}"] = np.where(has, np.hypot(sources.distance[index] + along, across), MISSING)
        found[f"maggaia{suffix}"] = np.where(has, mag[index], MISSING)
    return found
