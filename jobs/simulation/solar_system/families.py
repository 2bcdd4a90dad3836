"""Families of minor planets: orbits, colours, and which of them a survey comes upon."""

from dataclasses import dataclass

import numpy as np

from jobs.simulation.object_class import Floats, Parameters
from jobs.simulation.reach import Reach
from jobs.simulation.solar_system.ephemeris import Ephemeris, ephemeris_at

_CANDIDATES = 64  # orbits from which one is chosen that stands where the survey looks
_COUNTS = 0.35  # decimal logarithm of the numbers per magnitude: Gladman et al. 2009
_SMALLEST_ELONGATION = 75.0  # deg


@dataclass(frozen=True)
class Family:
    """A family.

    Attributes
    ----------
    name : str
    share : float
        Of the alerts of moving objects [0 to 1].
    a_au : (float, float)
        Semi-major axes.
    e : (float, float)
        Mean and scatter of the eccentricity.
    inclination_deg : (float, float)
        Least inclination, and scale of a Rayleigh distribution above it.
    carbonaceous : float
        Share of dark, neutral surfaces [0 to 1].
    """

    name: str
    share: float
    a_au: tuple[float, float]
    e: tuple[float, float]
    inclination_deg: tuple[float, float]
    carbonaceous: float


# DeMeo & Carry 2013 (surfaces), Nesvorny et al. 2015 (orbits), Granvik et al. 2018 (near the Earth).
FAMILIES = (
    Family("main belt, inner", 0.30, (2.10, 2.50), (0.15, 0.06), (0.0, 4.5), 0.4),
    Family("main belt, middle", 0.33, (2.50, 2.82), (0.14, 0.07), (0.0, 7.0), 0.55),
    Family("main belt, outer", 0.28, (2.83, 3.28), (0.14, 0.07), (0.0, 8.0), 0.75),
    Family("Hungaria", 0.03, (1.82, 2.00), (0.08, 0.03), (17.0, 4.0), 0.2),
    Family("Trojan", 0.02, (5.05, 5.35), (0.07, 0.04), (0.0, 9.0), 0.95),
    Family("near the Earth", 0.04, (0.9, 2.8), (0.5, 0.14), (0.0, 10.0), 0.4),
)


def draw_seen(rng: np.random.Generator, n: int, reach: Reach, t0: Floats) -> tuple[Parameters, Ephemeris]:
    """Minor planets that stand in the survey's sky at given times, by their number at a given brightness.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    reach : Reach
    t0 : numpy.ndarray, shape (n,)
        [MJD TAI].

    Returns
    -------
    parameters : mapping of str to numpy.ndarray, shape (n,)
        `family`, place in FAMILIES; the elements; `slope`; `carbonaceous`, 1 or 0.
    ephemeris : Ephemeris
        At t0.

    Notes
    -----
    Of 64 orbits of the family one is chosen with the weight 10^(-0.35 dimming): among bodies of one apparent magnitude
    those that are near are the more numerous.
    """
    family = rng.choice(len(FAMILIES), size=n, p=[one.share for one in FAMILIES])
    many = _draw_orbits(rng, np.repeat(family, _CANDIDATES), np.repeat(t0, _CANDIDATES))
    seen = ephemeris_at(many, np.repeat(t0, _CANDIDATES))
    allowed = (seen.dec > reach.south) & (seen.dec < reach.north) & (seen.elongation > _SMALLEST_ELONGATION)
    liking = np.where(allowed, -_COUNTS * np.log(10) * seen.dimming, -1e3) + rng.gumbel(size=n * _CANDIDATES)
    chosen = np.arange(n) * _CANDIDATES + liking.reshape(n, _CANDIDATES).argmax(axis=1)
    picked = {name: values[chosen] for name, values in many.items()}
    return picked, ephemeris_at(picked, t0)


def _draw_orbits(rng: np.random.Generator, family: Floats, epoch: Floats) -> Parameters:
    n = len(family)
    a_au, e, tilt, dark = (
        np.array([getattr(one, name) for one in FAMILIES])[family]
        for name in ("a_au", "e", "inclination_deg", "carbonaceous")
    )
    carbonaceous = rng.uniform(size=n) < dark
    return {
        "family": family,
        "a": rng.uniform(a_au[:, 0], a_au[:, 1]),
        "e": np.clip(np.abs(rng.normal(e[:, 0], e[:, 1])), 0.005, 0.85),
        "inclination": tilt[:, 0] + rng.rayleigh(tilt[:, 1]),
        "node": rng.uniform(0, 360, n),
        "perihelion": rng.uniform(0, 360, n),
        "mean_anomaly": rng.uniform(0, 360, n),
        "epoch": epoch,
        "slope": np.where(carbonaceous, 0.12, 0.23),
        "carbonaceous": carbonaceous.astype(np.float64),
    }
