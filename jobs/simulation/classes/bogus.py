"""What is no light from the sky: remains of subtractions about bright stars, and marks on single exposures."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.events import chance, draw_keys
from jobs.simulation.forms.stars import star_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude

_SHARE = 0.15 / 8
_EXPOSURES_PER_DAY = 2000.0  # remains differ from one exposure to the next
_SOURCE = "Duev et al. 2019"


def _draw_by_star(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    return {
        "mean_mag": rng.uniform(reach.bright, reach.bright + 3.0, n),
        "g_r": np.clip(rng.normal(0.7, 0.3, n), 0, 1.5),
        "begins": np.full(n, reach.first),  # the reference image is clean
        "often": 0.08 / (1 - rng.uniform(0, 0.9, n)),  # share of exposures: more stars have remains in few
        "remains": np.clip(rng.lognormal(np.log(0.045), 0.6, n), 0.004, 0.25),  # of the star's light
        "oversubtracted": np.where(rng.uniform(size=n) < 0.7, 1.0, -1.0),
        "key": draw_keys(rng, n),
    }


def _flux_by_star(parameters: Parameters, epochs: Epochs) -> Floats:
    names = ("begins", "remains", "oversubtracted", "often", "key")
    begins, remains, sign, often, key = (epochs.of_objects(parameters[name]) for name in names)
    exposure = np.floor(epochs.mjd * _EXPOSURES_PER_DAY).astype(np.int64)
    has = (epochs.mjd >= begins) & (chance(key, exposure, "has remains") < often)
    change = np.where(has, -sign * remains * (1.6 * chance(key, exposure, "remains") - 0.3), 0.0)
    return np.asarray(star_flux(parameters, epochs, np.zeros(len(key))) * (1 + change))


def _draw_once(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    brightness = np.clip(rng.exponential(1.6, n), 0, 5)
    return {"mean_mag": reach.faint - 0.3 - brightness, "t0": rng.uniform(reach.first, reach.last, n)}


def _flux_once(parameters: Parameters, epochs: Epochs) -> Floats:
    return np.asarray(epochs.of_objects(flux_of_magnitude(parameters["mean_mag"])))


def _by_star(name: str, title: str) -> ObjectClass:
    return ObjectClass(
        f"bogus_{name}",
        title,
        "bogus",
        "Bogus",
        "bogus",
        _draw_by_star,
        _flux_by_star,
        "thick_disc",
        "star",
        _SHARE,
        _SOURCE,
    )


def _once(name: str, title: str, leaf: str = "Bogus") -> ObjectClass:
    return ObjectClass(
        f"bogus_{name}",
        title,
        "bogus",
        leaf,
        "bogus",
        _draw_once,
        _flux_once,
        "everywhere",
        "none",
        _SHARE,
        _SOURCE,
        True,
    )


CLASSES = (
    _by_star("bad_subtraction", "Bad subtraction"),
    _once("cosmic_ray", "Cosmic ray"),
    _once("ghost", "Ghost"),
    _once("streak", "Streak", "Satellite"),
    _by_star("edge", "Edge of the image"),
    _by_star("spike", "Diffraction spike"),
    _by_star("dipole", "Dipole"),
    _once("hot_pixel", "Hot pixel"),
)
