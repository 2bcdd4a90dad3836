"""RR Lyrae stars of type ab: a steep rise, a slow fall, brighter and bluer at maximum."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.stars import PULSATION, star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

# Fourier series of the magnitude: Jurcsik & Kovacs 1996, their typical star. A steep rise, from faint to bright 1.
_WEIGHT = np.array([1.0, 0.5, 0.35, 0.23, 0.14]) / 3.03
_ANGLE = np.array([0.0, 2.4, 5.1, 1.5, 4.2])


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    period = np.clip(rng.normal(0.580, 0.066, n), 0.42, 0.9)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.0),
        "g_r": rng.normal(0.26, 0.05, n),
        "period": period,
        "phase": rng.uniform(0, 1, n),
        "amplitude_g": np.clip(2.56 - 2.72 * period + rng.normal(0, 0.2, n), 0.3, 1.5),
        "blazhko": np.where(rng.uniform(size=n) < 0.3, rng.uniform(0.1, 0.4, n), 0.0),
        "blazhko_period": rng.uniform(20, 200, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    shape = np.sum(_WEIGHT * np.sin(2 * np.pi * np.outer(turns(parameters, epochs), np.arange(1, 6)) + _ANGLE), axis=1)
    modulation = np.sin(2 * np.pi * epochs.mjd / epochs.of_objects(parameters["blazhko_period"]))
    amplitude = epochs.of_objects(parameters["amplitude_g"]) * (
        1 + epochs.of_objects(parameters["blazhko"]) * modulation
    )
    return star_flux(parameters, epochs, PULSATION[epochs.band] * amplitude * shape)


CLASS = ObjectClass(
    "rr_lyrae_ab", "RR Lyrae ab", "periodic", "RRL", "VS", _draw, _flux, "halo", "star", 0.05, "Sesar et al. 2010"
)
