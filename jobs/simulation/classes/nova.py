"""Classical novae: up by ten magnitudes in days, down by a power law in weeks to months."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.stars import star_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_POWER = 1.75  # of the fall with time: Hachisu & Kato 2006
_H_ALPHA = 0.7  # mag brighter in r, in the end
_FAINTEST = 26.0  # of quiescence that matters


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    peak_mag = rng.uniform(reach.bright - 1, reach.faint - 2, n)
    amplitude = rng.uniform(8, 13, n)
    return {
        "t0": draw_times(rng, n, reach),
        "peak_mag": peak_mag,
        "mean_mag": np.minimum(peak_mag + amplitude, _FAINTEST),
        "g_r": rng.normal(0.2, 0.15, n),
        "t2": 10 ** rng.uniform(0.7, 2.0, n),  # days to fall by 2 mag
        "rise": rng.uniform(1, 3, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(values) for name, values in parameters.items()}
    days, above = epochs.mjd - each["t0"], each["mean_mag"] - each["peak_mag"]
    scale = each["t2"] / (10 ** (2 / (2.5 * _POWER)) - 1)
    fall = 2.5 * _POWER * np.log10(1 + np.maximum(days, 0) / scale)
    rising = np.maximum(-days, 0) / each["rise"] * above
    brighter = np.maximum(above - np.maximum(fall, rising), 0)
    lines = np.where(epochs.band == 2, 0.0, _H_ALPHA) * (days > 0) * np.minimum(fall / 3, 1) * (brighter > 0)
    return star_flux(parameters, epochs, lines - brighter)


CLASS = ObjectClass(
    "nova", "Nova", "stochastic", "CV/Nova", "VS", _draw, _flux, "thin_disc", "star", 0.001, "Strope et al. 2010"
)
