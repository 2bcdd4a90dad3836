"""Stars torn up by black holes: in the nuclei of galaxies, blue at one temperature, falling as time^-5/3."""

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import rest_days, thermal_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-19.1, 0.75, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=2.0)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": np.clip(10 ** rng.normal(0.9, 0.3, n), 3, 30),
        "fall": 10 ** rng.uniform(1.4, 2.2, n),
        "temperature": np.exp(rng.uniform(np.log(12e3), np.log(35e3), n)),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    days = rest_days(parameters, epochs)
    rise, fall, temperature = (epochs.of_objects(parameters[name]) for name in ("rise", "fall", "temperature"))
    shape = np.exp(-0.5 * (np.minimum(days, 0) / rise) ** 2) * (1 + np.maximum(days, 0) / fall) ** (-5 / 3)
    return thermal_flux(parameters, epochs, shape, temperature)


CLASS = ObjectClass(
    "tde", "TDE", "transient", "TDE", "SN", _draw, _flux, "extragalactic", "nucleus", 0.004, "van Velzen et al. 2021"
)
