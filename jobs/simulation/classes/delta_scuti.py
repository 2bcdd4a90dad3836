"""Delta Scuti stars: half of them with one large asymmetric pulsation, half with several small ones."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.stars import PULSATION, saw_tooth, star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_OVERTONES = (
    1.0,
    0.773,
    0.61,
)  # periods of the radial modes relative to the first: Petersen & Christensen-Dalsgaard 1996


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    large = rng.uniform(size=n) < 0.5
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.2),
        "g_r": rng.normal(0.05, 0.1, n),
        "period": np.clip(10 ** rng.normal(-1.15, 0.18, n), 0.02, 0.3),
        "phase": rng.uniform(0, 1, n),
        "amplitude_g": np.where(large, rng.uniform(0.15, 0.75, n), rng.uniform(0.01, 0.1, n)),
        "overtones": np.where(large, 0.05, rng.uniform(0.2, 0.9, n)),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    cycles, overtones = turns(parameters, epochs), epochs.of_objects(parameters["overtones"])
    first, second, third = (saw_tooth(cycles / ratio, steep=0.6) for ratio in _OVERTONES)
    shape = first + overtones * second + 0.6 * overtones * third
    return star_flux(parameters, epochs, PULSATION[epochs.band] * epochs.of_objects(parameters["amplitude_g"]) * shape)


CLASS = ObjectClass(
    "delta_scuti",
    "Delta Scuti",
    "periodic",
    "DSCT",
    "VS",
    _draw,
    _flux,
    "thin_disc",
    "star",
    0.02,
    "Palaversa et al. 2013",
)
