"""Red dwarfs that flare: blue light for minutes to hours, over slow spots."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.events import chance, draw_keys, events
from jobs.simulation.forms.spectra import WAVELENGTH, thermal_colour
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude

_FLARE = thermal_colour(np.array(10_000.0), WAVELENGTH, WAVELENGTH[2])  # flux relative to r: Kowalski et al. 2013
_BRIGHTEST = 20.0  # times the star's light in r


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach),
        "g_r": rng.normal(1.45, 0.08, n),
        "period": 10 ** rng.uniform(-0.3, 1.3, n),
        "phase": rng.uniform(0, 1, n),
        "spot": rng.uniform(0.01, 0.06, n),
        "flare_interval": 10 ** rng.uniform(-0.5, 0.7, n),
        "smallest_flare": rng.uniform(0.005, 0.03, n),  # in r, times the star's light
        "flare_days": rng.uniform(5, 40, n) / 1440,
        "key": draw_keys(rng, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(values) for name, values in parameters.items()}
    quiet = star_flux(parameters, epochs, 0.5 * each["spot"] * np.sin(2 * np.pi * turns(parameters, epochs)))
    flares = np.zeros(len(epochs.mjd))
    for index, since in events(each["key"], each["flare_interval"], epochs.mjd):
        # Energies by a power law of index -2: Lacy, Moffett & Evans 1976.
        height = each["smallest_flare"] / (1 - chance(each["key"], index, "height"))
        flares += np.minimum(height, _BRIGHTEST) * _decay(since / each["flare_days"])
    return np.asarray(quiet + flares * flux_of_magnitude(each["mean_mag"]) * _FLARE[epochs.band])


def _decay(since: Floats) -> Floats:
    """An immediate rise, then a quick and a slow fall: Davenport et al. 2014, eq. 4."""
    after = np.maximum(since, 0)
    return np.asarray(np.where(since < 0, 0.0, 0.6890 * np.exp(-1.600 * after) + 0.3030 * np.exp(-0.2783 * after)))


CLASS = ObjectClass(
    "flare_star",
    "Flare star",
    "stochastic",
    "Flare",
    "VS",
    _draw,
    _flux,
    "thick_disc",
    "star",
    0.004,
    "Davenport et al. 2014",
)
