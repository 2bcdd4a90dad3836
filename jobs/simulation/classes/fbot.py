"""Fast blue optical transients like AT 2018cow: days from nothing to maximum and days back."""

from functools import partial

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import burst_flux
from jobs.simulation.object_class import ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-19.3, 1.0, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=1.5)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": rng.uniform(0.5, 1.3, n),
        "fall": rng.uniform(3.5, 9, n),
        "temperature": np.clip(rng.normal(20000, 5000, n), 10000, 35000),
    }


_flux = partial(burst_flux, cool=9000, scale=15, blanketing=0.0)

CLASS = ObjectClass(
    "fbot", "FBOT", "transient", "FBOT", "SN", _draw, _flux, "extragalactic", "host", 0.0008, "Ho et al. 2023"
)
