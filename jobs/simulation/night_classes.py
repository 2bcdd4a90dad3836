"""The kinds of objects: how the difference flux runs with time, and what stands in the reference image."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.observing import Visits
from jobs.simulation.sky import Sources
from science_modules.common.photometry import magnitude_of_flux

Floats = NDArray[np.float64]

# Shares of a night. Variable stars lead, as in the survey; bogus alerts are those that its cuts let through.
SHARES = {"variable_star": 0.35, "supernova": 0.15, "agn": 0.15, "asteroid": 0.2, "bogus": 0.15}
LASTING = ("variable_star", "supernova", "agn")  # still there an hour later, so they may have a pair of alerts
BOGUS_KINDS = ("dipole", "cosmic_ray", "bad_column", "ring")


@dataclass(frozen=True)
class Model:
    """What an object does.

    Attributes
    ----------
    shape : numpy.ndarray, shape (n_visits,)
        Difference flux relative to that at the last visit, so the last is 1.
    sign : int
        1 if brighter than the reference at the last visit, -1 if fainter.
    mag : float
        Difference magnitude at the last visit.
    counterpart : Sources
        The star, nucleus or host behind the alert (none, one or two).
    artefact : str
        One of BOGUS_KINDS, or empty.
    """

    shape: Floats
    sign: int
    mag: float
    counterpart: Sources
    artefact: str = ""


def draw_kind(rng: np.random.Generator, lasting: bool) -> str:
    """A class by its share of a night.

    Parameters
    ----------
    rng : numpy.random.Generator
    lasting : bool
        Whether the object must have two alerts: one of LASTING then.
    """
    names = LASTING if lasting else tuple(SHARES)
    shares = np.array([SHARES[name] for name in names])
    return names[int(np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.uniform(), side="right"))]


def model(kind: str, visits: Visits, rng: np.random.Generator) -> Model:
    """An object of a class, bright enough for an alert at the last visit.

    Parameters
    ----------
    kind : str
        A key of SHARES.
    visits : Visits
        When its field is observed.
    rng : numpy.random.Generator
    """
    return _MODELS[kind](visits, rng)


def _counterpart(*sources: tuple[float, float, float, float]) -> Sources:
    return Sources(*np.array(sources, dtype=np.float64).reshape(-1, 4).T)


def _above_limit(visits: Visits, scale: float, rng: np.random.Generator) -> float:
    return float(max(visits.limit[-1] - 0.3 - rng.exponential(scale), 13.0))


def _supernova(visits: Visits, rng: np.random.Generator) -> Model:
    rise, fall, phase = rng.uniform(2.5, 5), rng.uniform(18, 35), rng.uniform(-10, 35)
    days = visits.jd - visits.jd[-1] + phase
    # Bazin et al. 2009; reddens by 0.02 mag a day after maximum
    colour = np.where(visits.fid == 1, -0.4 * np.clip(0.02 * days - 0.1, -0.2, 1.0), 0.0)
    light = np.exp(-days / fall) / (1 + np.exp(-days / rise)) * 10**colour
    mag = _above_limit(visits, 0.9, rng)
    if rng.uniform() < 0.1:
        return Model(light / light[-1], 1, mag, _counterpart())
    radius = float(np.clip(rng.lognormal(np.log(2.5), 0.6), 0.5, 8))
    separation = min(radius * rng.lognormal(np.log(1.1), 0.95), 25.0)
    angle = rng.uniform(0, 2 * np.pi)
    host = (separation * np.cos(angle), separation * np.sin(angle), rng.normal(17.6, 1.3), radius)
    return Model(light / light[-1], 1, mag, _counterpart(host))


def _variable_star(visits: Visits, rng: np.random.Generator) -> Model:
    sign = 1 if rng.uniform() < 0.36 else -1
    period, phase = 10 ** rng.uniform(-0.3, 2.3), 0.25 + rng.uniform(-0.1, 0.1)
    light = np.sin(2 * np.pi * ((visits.jd - visits.jd[-1]) / period + phase))
    amplitude = np.where(visits.fid == 1, 1.2, 1.0)
    shape = light * amplitude / (light[-1] * amplitude[-1])
    mag = _above_limit(visits, 1.8, rng)
    fraction = float(np.clip(rng.lognormal(np.log(0.25), 0.6), 0.03, 0.5))
    star = (*_centroid_offset(rng), max(mag - float(magnitude_of_flux(fraction, zero_point=0.0)), 12.0), 0.0)
    return Model(shape, sign, mag, _counterpart(star))


def _agn(visits: Visits, rng: np.random.Generator) -> Model:
    sign = 1 if rng.uniform() < 0.59 else -1
    shape = _damped_walk_back(visits.jd, rng.lognormal(np.log(100), 0.7), rng.uniform(0.4, 1.0), rng)
    mag = _above_limit(visits, 1.0, rng)
    offset = _centroid_offset(rng)
    nucleus = (*offset, mag - rng.uniform(0.8, 2.0), 0.0)
    if rng.uniform() < 0.6:
        return Model(shape, sign, mag, _counterpart(nucleus))
    galaxy = (*offset, nucleus[2] - rng.uniform(-0.5, 1.5), rng.uniform(1, 4))
    return Model(shape, sign, mag, _counterpart(nucleus, galaxy))


def _damped_walk_back(jd: Floats, decay_days: float, spread: float, rng: np.random.Generator) -> Floats:
    """A damped random walk that ends at 1, drawn backwards: the process looks the same in both directions."""
    kept = np.exp(-np.diff(jd) / decay_days)
    kicks = spread * np.sqrt(1 - kept**2) * rng.standard_normal(len(kept))
    walk = np.ones(len(jd))
    for i in range(len(jd) - 2, -1, -1):
        walk[i] = walk[i + 1] * kept[i] + kicks[i]
    return walk


def _asteroid(visits: Visits, rng: np.random.Generator) -> Model:
    return Model(_only_tonight(visits), 1, _above_limit(visits, 0.8, rng), _counterpart())


def _bogus(visits: Visits, rng: np.random.Generator) -> Model:
    artefact = BOGUS_KINDS[int(rng.integers(len(BOGUS_KINDS)))]
    sign = 1 if artefact == "cosmic_ray" or rng.uniform() < 0.29 else -1
    mag = _above_limit(visits, 1.5, rng)
    if artefact in ("cosmic_ray", "bad_column"):
        return Model(_only_tonight(visits), sign, mag, _counterpart(), artefact)
    star = (*rng.normal(0, 0.5, 2), mag - rng.uniform(1.0, 3.0), 0.0)
    return Model(_only_tonight(visits), sign, mag, _counterpart(star), artefact)


def _only_tonight(visits: Visits) -> Floats:
    return np.asarray(np.arange(len(visits)) == len(visits) - 1, dtype=np.float64)


def _centroid_offset(rng: np.random.Generator) -> tuple[float, float]:
    east, north = rng.normal(0, 0.15, 2)
    return float(east), float(north)


_MODELS: dict[str, Callable[[Visits, np.random.Generator], Model]] = {
    "variable_star": _variable_star,
    "supernova": _supernova,
    "agn": _agn,
    "asteroid": _asteroid,
    "bogus": _bogus,
}
