"""Detached eclipsing binaries (Algol): constant light between two dips."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.eclipses import dips
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.3),
        "g_r": np.clip(rng.normal(0.5, 0.3, n), -0.3, 1.4),
        "period": np.clip(10 ** rng.normal(-0.08, 0.33, n), 0.25, 30.0),
        "phase": rng.uniform(0, 1, n),
        "depth": np.clip(rng.lognormal(np.log(0.52), 0.5, n), 0.1, 2.5),
        "width": rng.uniform(0.08, 0.27, n),
        "secondary": rng.uniform(0.1, 1.0, n) ** 1.5,
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    dip = dips(
        turns(parameters, epochs), epochs.of_objects(parameters["width"]), epochs.of_objects(parameters["secondary"])
    )
    return star_flux(parameters, epochs, epochs.of_objects(parameters["depth"]) * dip)


CLASS = ObjectClass(
    "eclipsing_ea", "EA", "periodic", "E", "VS", _draw, _flux, "thin_disc", "star", 0.03, "Palaversa et al. 2013"
)
