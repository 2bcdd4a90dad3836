"""Stars that another passes before: one symmetric rise and fall of one colour, diluted by what stands beside."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes, draw_times
from jobs.simulation.forms.stars import star_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import magnitude_change


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    mean_mag = draw_star_magnitudes(rng, n, reach, above_limit=2.0)
    u0 = rng.uniform(0.01, 1, n)
    # Share of the light that is lensed; quartiles of 193 events of OGLE-II.
    lensed = np.interp(rng.uniform(size=n), [0, 0.25, 0.5, 0.75, 1], [0.03, 0.16, 0.48, 1, 1])
    return {
        "t0": draw_times(rng, n, reach),
        "peak_mag": mean_mag + magnitude_change(lensed * (_magnification(u0) - 1) + 1),
        "mean_mag": mean_mag,
        "g_r": np.clip(rng.normal(0.8, 0.25, n), 0.2, 1.5),
        "u0": u0,
        "einstein_days": 10 ** rng.normal(1.35, 0.38, n),  # Mroz et al. 2019
        "lensed_share": lensed,
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(parameters[name]) for name in ("t0", "u0", "einstein_days", "lensed_share")}
    distance = np.hypot(each["u0"], (epochs.mjd - each["t0"]) / each["einstein_days"])
    brighter = -magnitude_change(each["lensed_share"] * (_magnification(distance) - 1) + 1)
    return star_flux(parameters, epochs, -brighter)


def _magnification(distance: Floats) -> Floats:
    """Paczynski 1986, eq. 3, of the distance in Einstein radii."""
    return np.asarray((distance**2 + 2) / (distance * np.sqrt(distance**2 + 4)))


CLASS = ObjectClass(
    "microlensing",
    "Microlensing",
    "transient",
    "Microlensing",
    "VS",
    _draw,
    _flux,
    "thin_disc",
    "star",
    0.002,
    "Paczynski 1986",
)
