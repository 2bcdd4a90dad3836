"""Supernovae of massive stars that lost their hydrogen: like type Ia, but fainter, redder and single-humped."""

from functools import partial

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import burst_flux
from jobs.simulation.object_class import ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-17.8, 0.9, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=1.0)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": np.clip(rng.lognormal(np.log(4.2), 0.25, n), 2, 9),
        "fall": np.clip(rng.lognormal(np.log(25), 0.3, n), 14, 60),
        "temperature": np.clip(rng.normal(7300, 900, n), 5200, 10000),
    }


_flux = partial(burst_flux, cool=4600, scale=20, blanketing=0.8)

CLASS = ObjectClass(
    "sn_ibc", "SN Ib/c", "transient", "SNIbc", "SN", _draw, _flux, "extragalactic", "host", 0.015, "Taddia et al. 2018"
)
