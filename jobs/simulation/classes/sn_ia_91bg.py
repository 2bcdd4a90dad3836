"""Faint thermonuclear supernovae like SN 1991bg: quick, red, without a second hump."""

from functools import partial

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import burst_flux
from jobs.simulation.object_class import ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-17.8, 0.45, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=0.7)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": np.clip(rng.normal(3.2, 0.4, n), 2, 5),
        "fall": np.clip(rng.normal(15, 2, n), 10, 22),
        "temperature": np.clip(rng.normal(6500, 400, n), 5500, 8000),
    }


_flux = partial(burst_flux, cool=4300, scale=6, blanketing=1.0)

CLASS = ObjectClass(
    "sn_ia_91bg",
    "SN Ia-91bg",
    "transient",
    "SNIa",
    "SN",
    _draw,
    _flux,
    "extragalactic",
    "host",
    0.002,
    "Taubenberger 2017",
)
