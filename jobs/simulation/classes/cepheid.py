"""Cepheids: classical ones with Hertzsprung's bump, and those of the second population."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.stars import PULSATION, saw_tooth, star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_FROM_V = 1.2  # amplitude in g of one in V


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    classical = rng.uniform(size=n) < 0.7
    old = np.where(rng.uniform(size=n) < 0.4, rng.uniform(0, 0.6, n), rng.uniform(0.6, 1.9, n))  # BL Her; W Vir, RV Tau
    log_period = np.where(classical, np.clip(rng.normal(0.75, 0.35, n), 0.3, 1.7), old)
    # The bump walks from the fall (6 d) over the maximum (10 d) to the rise (16 d): Hertzsprung 1926.
    has_bump = classical & (np.abs(log_period - 1.0) < 0.22)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=5.0),
        "g_r": rng.uniform(0.4, 0.9, n),
        "period": 10**log_period,
        "phase": rng.uniform(0, 1, n),
        "amplitude_g": rng.uniform(0.4, 1.2, n) * _FROM_V,
        "bump": np.where(has_bump, rng.uniform(0.08, 0.2, n), 0.0),
        "bump_phase": 0.62 - 1.2 * (log_period - 1.0),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    cycles = turns(parameters, epochs)
    from_bump = (cycles - epochs.of_objects(parameters["bump_phase"]) + 0.5) % 1 - 0.5
    bump = epochs.of_objects(parameters["bump"]) * np.exp(-0.5 * (from_bump / 0.06) ** 2)
    amplitude = PULSATION[epochs.band] * epochs.of_objects(parameters["amplitude_g"])
    return star_flux(parameters, epochs, amplitude * (saw_tooth(cycles, steep=0.9) - bump))


CLASS = ObjectClass(
    "cepheid", "Cepheid", "periodic", "CEP", "VS", _draw, _flux, "thin_disc", "star", 0.01, "Soszynski et al. 2008"
)
