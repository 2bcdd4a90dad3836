"""Active nuclei that turn on or off in months, and stay so for years."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.nuclei import draw_nuclei, walk_magnitude
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    direction = np.where(rng.uniform(size=n) < 0.5, 1.0, -1.0)
    return {
        **draw_nuclei(rng, n, reach),
        "t0": rng.uniform(reach.first, reach.last, n),
        "change": direction * rng.uniform(0.8, 2.5, n),  # mag fainter, from the first state to the second
        "change_days": 10 ** rng.uniform(1.4, 2.3, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(parameters[name]) for name in ("t0", "change", "change_days")}
    done = 0.5 * (1 + np.tanh((epochs.mjd - each["t0"]) / each["change_days"]))
    return flux_of_magnitude(walk_magnitude(parameters, epochs) + each["change"] * (done - 0.5))


CLASS = ObjectClass(
    "changing_look_agn",
    "Changing-look AGN",
    "stochastic",
    "AGN",
    "AGN",
    _draw,
    _flux,
    "extragalactic",
    "nucleus",
    0.002,
    "MacLeod et al. 2016",
)
