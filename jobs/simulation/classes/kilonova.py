"""Mergers of neutron stars: blue for a day, red and gone in a week."""

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import rest_days, thermal_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_ratio

_RISE = 0.6  # d
_COOLEST = 2500.0  # K: lanthanides recombine


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-16.0, 1.0, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=0.5)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "decline": np.clip(rng.normal(1.0, 0.25, n), 0.5, 2.0),  # mag/d in r
        "temperature": np.clip(rng.normal(13000, 2500, n), 8000, 20000),
        "cooling": rng.uniform(0.6, 0.9, n),  # power of time: Drout et al. 2017
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    days = rest_days(parameters, epochs)
    decline, hot, power = (epochs.of_objects(parameters[name]) for name in ("decline", "temperature", "cooling"))
    after = np.maximum(days, 0)
    temperature = np.maximum(hot * (1 + after / _RISE) ** -power, _COOLEST)
    shape = np.clip(1 + np.minimum(days, 0) / _RISE, 0, 1) * flux_ratio(decline * after)
    return thermal_flux(parameters, epochs, shape, temperature)


CLASS = ObjectClass(
    "kilonova",
    "Kilonova",
    "transient",
    "Kilonova",
    "SN",
    _draw,
    _flux,
    "extragalactic",
    "host",
    0.0002,
    "Drout et al. 2017",
)
