"""Contact binaries (W Ursae Majoris): two nearly equal minima in a third of a day."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.eclipses import rounded
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    period = np.clip(10 ** rng.normal(-0.49, 0.12, n), 0.21, 0.9)
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=4.5),
        "g_r": np.clip(
            0.45 - 1.8 * (period - 0.32) + rng.normal(0, 0.12, n), 0.1, 1.2
        ),  # the shorter, the redder: Rucinski 1997
        "period": period,
        "phase": rng.uniform(0, 1, n),
        "depth": np.clip(rng.lognormal(np.log(0.47), 0.28, n), 0.08, 1.0),
        "secondary": rng.uniform(0.85, 1.0, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    dip = rounded(turns(parameters, epochs), epochs.of_objects(parameters["secondary"]), eclipsed=0.4)
    return star_flux(parameters, epochs, epochs.of_objects(parameters["depth"]) * (dip - 0.35))


CLASS = ObjectClass(
    "eclipsing_ew", "EW", "periodic", "E", "VS", _draw, _flux, "thick_disc", "star", 0.07, "Palaversa et al. 2013"
)
