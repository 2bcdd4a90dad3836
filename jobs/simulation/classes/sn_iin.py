"""Supernovae in dense winds: blue, of long and very different duration."""

from functools import partial

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import burst_flux
from jobs.simulation.object_class import ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-18.9, 1.1, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=1.5)
    rise = rng.uniform(10, 50, n) / 4  # the whole rise is about four times that by e
    decline = 10 ** rng.uniform(-0.5, 0.48, n)  # mag per 100 d: Nyholm et al. 2020
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": rise,
        "fall": np.maximum(108.6 / decline, 3 * rise),
        "temperature": np.clip(rng.normal(9500, 1500, n), 6500, 15000),
    }


_flux = partial(burst_flux, cool=6500, scale=60, blanketing=0.2)

CLASS = ObjectClass(
    "sn_iin", "SN IIn", "transient", "SNII", "SN", _draw, _flux, "extragalactic", "host", 0.008, "Nyholm et al. 2020"
)
