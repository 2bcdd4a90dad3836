"""Supernovae of massive stars with hydrogen: a rise in days, a plateau of months, a drop, a radioactive tail."""

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times
from jobs.simulation.forms.explosions import cooling, rest_days, thermal_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_ratio

_TAIL = 0.98  # mag per 100 d: decay of cobalt 56
_DROP_DAYS = 4.0


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = rng.normal(-17.65, 0.8, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=1.0)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift),
        "abs_mag": abs_mag,
        "rise": rng.uniform(5, 15, n),  # from explosion to maximum [d]
        "plateau": np.clip(rng.normal(84, 17, n), 40, 140),  # from explosion to the drop [d]
        "slope": np.clip(rng.normal(1.27, 0.93, n), 0.05, 4.5),  # mag per 100 d
        "drop": rng.uniform(0.9, 2.2, n),  # mag
        "temperature": np.clip(rng.normal(10500, 1800, n), 7500, 16000),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    days = rest_days(parameters, epochs)
    each = {name: epochs.of_objects(values) for name, values in parameters.items()}
    temperature = cooling(days, each["rise"], each["temperature"], 4300, 25)
    return thermal_flux(parameters, epochs, _shape(days, each), temperature, blanketing=0.7)


def _shape(days: Floats, each: Parameters) -> Floats:
    """Light relative to maximum: Anderson et al. 2014 give the slopes, the drop and the tail."""
    after = np.maximum(days, 0)
    end = each["plateau"] - each["rise"]
    dropped = each["drop"] / (1 + np.exp(-(after - end) / _DROP_DAYS))
    slope = np.where(after < end, each["slope"] * after, each["slope"] * end + _TAIL * (after - end))
    growth = np.clip(1 + np.minimum(days, 0) / each["rise"], 0, 1)
    return np.asarray((1 - (1 - growth) ** 2) * flux_ratio(slope / 100 + dropped))


CLASS = ObjectClass(
    "sn_ii", "SN II", "transient", "SNII", "SN", _draw, _flux, "extragalactic", "host", 0.044, "Anderson et al. 2014"
)
