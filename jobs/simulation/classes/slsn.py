"""Superluminous supernovae: hot, slow, in faint galaxies."""

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import bazin, cooling, rest_days, thermal_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-20.95, 0.9, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=4.0)
    rise = np.clip(rng.normal(41.9, 17.8, n), 15, 90) / 4  # the whole rise is about four times that by e
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": rise,
        "fall": np.maximum(rng.uniform(40, 90, n), 2.5 * rise),
        "temperature": np.clip(rng.normal(16000, 3000, n), 10000, 25000),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    days = rest_days(parameters, epochs)
    rise, fall, hot = (epochs.of_objects(parameters[name]) for name in ("rise", "fall", "temperature"))
    return thermal_flux(
        parameters, epochs, bazin(days, rise, fall), cooling(days, 4 * rise, hot, 6500, 40), blanketing=0.6
    )


CLASS = ObjectClass(
    "slsn", "SLSN", "transient", "SLSN", "SN", _draw, _flux, "extragalactic", "host", 0.004, "Chen et al. 2023"
)
