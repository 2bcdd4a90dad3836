"""Semi-detached eclipsing binaries (beta Lyrae): light changes all the time, minima of two depths."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.eclipses import rounded
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    depth = np.clip(rng.lognormal(np.log(0.5), 0.4, n), 0.15, 1.5)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.3),
        "g_r": np.clip(rng.normal(0.5, 0.25, n), -0.3, 1.3),
        "period": np.clip(10 ** rng.normal(-0.1, 0.25, n), 0.35, 4.0),
        "phase": rng.uniform(0, 1, n),
        "depth": depth,
        "secondary": rng.uniform(0.3, 0.85, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    dip = rounded(turns(parameters, epochs), epochs.of_objects(parameters["secondary"]), eclipsed=0.7)
    return star_flux(parameters, epochs, epochs.of_objects(parameters["depth"]) * (dip - 0.22))


CLASS = ObjectClass(
    "eclipsing_eb", "EB", "periodic", "E", "VS", _draw, _flux, "thin_disc", "star", 0.02, "Soszynski et al. 2016"
)
