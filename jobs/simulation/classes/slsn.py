"""Superluminous supernovae: hot, slow, in faint galaxies."""

from functools import partial

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import burst_flux
from jobs.simulation.object_class import ObjectClass, Parameters
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


_flux = partial(burst_flux, cool=6000, scale=22, blanketing=0.6)

CLASS = ObjectClass(
    "slsn", "SLSN", "transient", "SLSN", "SN", _draw, _flux, "extragalactic", "host", 0.004, "Chen et al. 2023"
)
