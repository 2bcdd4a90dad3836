"""RR Lyrae stars of type c: nearly a sine, half a magnitude in g."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.stars import PULSATION, saw_tooth, star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.2),
        "g_r": rng.normal(0.12, 0.05, n),
        "period": np.clip(rng.normal(0.340, 0.040, n), 0.22, 0.45),
        "phase": rng.uniform(0, 1, n),
        "amplitude_g": np.clip(rng.normal(0.56, 0.09, n), 0.25, 0.8),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    amplitude = PULSATION[epochs.band] * epochs.of_objects(parameters["amplitude_g"])
    return star_flux(parameters, epochs, amplitude * saw_tooth(turns(parameters, epochs), steep=0.25))


CLASS = ObjectClass(
    "rr_lyrae_c", "RR Lyrae c", "periodic", "RRL", "VS", _draw, _flux, "halo", "star", 0.02, "Sesar et al. 2010"
)
