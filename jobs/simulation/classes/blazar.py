"""Jets that point at us: large quick walks, with flares on top, bluer or redder as they brighten."""

import numpy as np

from jobs.simulation.cosmology import draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.damped_walk import draw_walks
from jobs.simulation.forms.events import chance, draw_keys, events
from jobs.simulation.forms.nuclei import RELATIVE_COLOUR, walk_magnitude
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude

_FLARES_EVERY = 100.0  # d


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    tau = np.clip(10 ** rng.normal(2, 0.45, n), 5, 1500)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=2.0),
        "redshift": draw_redshifts(rng, np.full(n, -25.5), reach, z_max=1.5),
        "sd": 10 ** rng.normal(-0.2, 0.15, n) / np.sqrt(2),
        "tau": tau,
        "g_r": rng.normal(0.4, 0.12, n),
        "bluer_when_bright": rng.uniform(-0.1, 0.1, n),  # change of g - r per mag
        "flare_rise": rng.uniform(1, 5, n),
        "flare_fall": rng.uniform(3, 20, n),
        "key": draw_keys(rng, n),
        "walk": draw_walks(rng, tau),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    flares = _flares(parameters, epochs)
    walk = walk_magnitude(parameters, epochs, slope=0.0)
    mean = (
        epochs.of_objects(parameters["mean_mag"]) + epochs.of_objects(parameters["g_r"]) * RELATIVE_COLOUR[epochs.band]
    )
    slope = epochs.of_objects(parameters["bluer_when_bright"]) * RELATIVE_COLOUR[epochs.band]
    return flux_of_magnitude(mean + (walk - mean - flares) * (1 + slope))


def _flares(parameters: Parameters, epochs: Epochs) -> Floats:
    """Magnitudes brighter than the walk."""
    key, rise, fall = (epochs.of_objects(parameters[name]) for name in ("key", "flare_rise", "flare_fall"))
    brighter = np.zeros(len(epochs.mjd))
    for index, since in events(key, np.full(len(key), _FLARES_EVERY), epochs.mjd):
        height = 0.3 + 1.7 * chance(key, index, "height") ** 3
        brighter += height * np.exp(np.where(since < 0, since / rise, -since / fall))
    return brighter


CLASS = ObjectClass(
    "blazar",
    "Blazar",
    "stochastic",
    "Blazar",
    "AGN",
    _draw,
    _flux,
    "extragalactic",
    "quasar",
    0.028,
    "Ruan et al. 2012",
)
