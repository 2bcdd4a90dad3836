"""Young stars: stochastic accretion, dips of dust, spots that turn, bursts of EX Lupi's kind."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes, draw_times
from jobs.simulation.forms.damped_walk import FIRST_DAY, draw_walks, read_walks
from jobs.simulation.forms.events import chance, draw_keys
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_BANDS = np.array([1.3, 1.15, 1.0, 0.85, 0.75, 0.7])  # amplitude relative to r
_RISE = 20.0  # of a burst [d]


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    kind = rng.choice(4, n, p=[0.45, 0.30, 0.15, 0.10])  # stochastic, dipper, spotted, bursting
    tau = 10 ** rng.uniform(0, 1.5, n)

    def only(which: int, values: Floats) -> Floats:
        return np.where(kind == which, values, 0.0)

    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.5),
        "g_r": np.clip(rng.normal(1.1, 0.3, n), 0.4, 2.2),
        "period": 10 ** rng.uniform(0, 1.1, n),
        "phase": rng.uniform(0, 1, n),
        "sd": np.where(kind == 0, 0.1 * rng.lognormal(0, 0.6, n), 0.02),
        "tau": tau,
        "dip": only(1, 10 ** rng.uniform(-1, 0, n)),
        "dip_width": rng.uniform(0.2, 0.4, n),
        "spot": only(2, rng.uniform(0.02, 0.2, n)),
        "burst": only(3, rng.uniform(1, 4, n)),
        "burst_days": rng.uniform(100, 400, n),
        "t0": draw_times(rng, n, reach),
        "trend": rng.laplace(0, 0.015, n),  # mag a year
        "key": draw_keys(rng, n),
        "walk": draw_walks(rng, tau),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    names = ("sd", "spot", "trend")
    each = {name: epochs.of_objects(parameters[name]) for name in names}
    cycles = turns(parameters, epochs)
    years = (epochs.mjd - FIRST_DAY) / 365.25 - 6  # from the middle of the grid of days
    spot = 0.5 * each["spot"] * np.sin(2 * np.pi * cycles)
    walk = each["sd"] * read_walks(parameters["walk"], epochs)
    fainter = walk + spot + _dips(parameters, epochs, cycles) - _burst(parameters, epochs)
    return star_flux(parameters, epochs, _BANDS[epochs.band] * fainter + each["trend"] * years)


def _dips(parameters: Parameters, epochs: Epochs, cycles: Floats) -> Floats:
    """A dip a turn, each of its own depth."""
    turn = np.floor(cycles).astype(np.int64)
    depth = (
        epochs.of_objects(parameters["dip"])
        * (0.3 + 1.4 * chance(epochs.of_objects(parameters["key"]), turn, "depth"))
        / 2
    )
    distance = (cycles - turn - 0.5) / (0.4 * epochs.of_objects(parameters["dip_width"]))
    return np.asarray(depth * np.exp(-0.5 * distance**2))


def _burst(parameters: Parameters, epochs: Epochs) -> Floats:
    """One burst of months: up in weeks, then a fall."""
    days = epochs.mjd - epochs.of_objects(parameters["t0"])
    fall = np.exp(-np.clip(days, 0, None) / epochs.of_objects(parameters["burst_days"]))
    return np.asarray(epochs.of_objects(parameters["burst"]) * np.clip(1 + days / _RISE, 0, 1) * fall)


CLASS = ObjectClass(
    "yso", "YSO", "stochastic", "YSO", "VS", _draw, _flux, "star_forming", "star", 0.03, "Cody et al. 2014"
)
