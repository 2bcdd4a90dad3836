"""RR Lyrae stars of type ab: a steep rise, a slow fall, brighter and bluer at maximum."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude

# Amplitude relative to g (u 0.9, r 0.72, i 0.57, z 0.52, y 0.5) and mean colour band - r.
_AMPLITUDE = np.array([0.9, 1.0, 0.72, 0.57, 0.52, 0.5])
_COLOUR = np.array([1.35, 0.25, 0.0, -0.07, -0.09, -0.1])
# Fourier series of the magnitude, sine terms relative to the first and their phases: a saw tooth of amplitude 1.
_WEIGHT = np.array([1.0, 0.45, 0.3, 0.17, 0.1])
_PHASE = np.array([0.0, 0.12, 0.25, 0.4, 0.55]) * 2 * np.pi


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    period = np.clip(rng.normal(0.580, 0.066, n), 0.42, 0.9)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach),
        "period": period,
        "phase": rng.uniform(0, 1, n),
        "amplitude_g": np.clip(2.56 - 2.72 * period + rng.normal(0, 0.2, n), 0.3, 1.5),
        "blazhko": np.where(rng.uniform(size=n) < 0.3, rng.uniform(0.1, 0.4, n), 0.0),
        "blazhko_period": rng.uniform(20, 200, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(values) for name, values in parameters.items()}
    turns = 2 * np.pi * (epochs.mjd / each["period"] + each["phase"])
    shape = np.sum(_WEIGHT * np.sin(np.outer(turns, np.arange(1, 6)) + _PHASE), axis=1) / 2.3
    slow = 1 + each["blazhko"] * np.sin(2 * np.pi * epochs.mjd / each["blazhko_period"])
    mag = each["mean_mag"] + _COLOUR[epochs.band] + each["amplitude_g"] * _AMPLITUDE[epochs.band] * slow * shape
    return np.asarray(flux_of_magnitude(mag))


CLASS = ObjectClass(
    "rr_lyrae_ab", "RR Lyrae ab", "periodic", "RRL", "VS", _draw, _flux, "halo", "star", 0.05, "Sesar et al. 2010"
)
