"""Spotted stars that turn, the spots growing and fading."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_BANDS = np.array([1.2, 1.1, 1.0, 0.8, 0.7, 0.65])  # amplitude relative to r


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=5.0),
        "g_r": np.clip(rng.normal(0.9, 0.25, n), 0.4, 1.5),
        "period": 10 ** rng.uniform(0, 1.78, n),
        "phase": rng.uniform(0, 1, n),
        "amplitude_r": np.clip(rng.lognormal(np.log(0.11), 0.5, n), 0.02, 0.4),
        "spot_life": rng.uniform(30, 200, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    angle = 2 * np.pi * turns(parameters, epochs)
    life = 2 * np.pi * epochs.mjd / (3 * epochs.of_objects(parameters["spot_life"]))
    spots = (0.6 + 0.4 * np.sin(life)) * np.sin(angle) + 0.35 * np.sin(0.7 * life) * np.sin(2 * angle + 1)
    return star_flux(
        parameters, epochs, 0.5 * epochs.of_objects(parameters["amplitude_r"]) * _BANDS[epochs.band] * spots
    )


CLASS = ObjectClass(
    "rotational",
    "Rotational",
    "periodic",
    "Periodic-Other",
    "VS",
    _draw,
    _flux,
    "thin_disc",
    "star",
    0.03,
    "Strassmeier 2009",
)
