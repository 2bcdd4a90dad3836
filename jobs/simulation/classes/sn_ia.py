"""Thermonuclear supernovae: stretch and colour, a second hump in the red, light curves by rest wavelength and phase."""

from functools import cache

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_times, draw_two_sided
from jobs.simulation.forms.spectra import WAVELENGTH, Template
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude, flux_ratio, magnitude_change, magnitude_of_flux

_EXPLOSION, _LATE, _SLOPE = -18.0, 80.0, 0.018  # [d], [d], [mag/d]
_PHASE = np.array([-15, -10, -5, 0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80.0])
_REST = np.array([2000, 2700, 3600, 4400, 5500, 6500, 7200, 8000, 9500, 11000.0])
# AB magnitude at maximum of B less M_B, and fading since then [mag], for stretch 1 and colour 0: the shapes of U, B, V, R, I
# and Y in Hsiao et al. 2007, those of V and R moved by up to 0.2 mag to the medians of 649 SN Ia of BTS in g and r.
_PEAK = np.array([4.5, 2.3, 0.42, -0.09, 0.0, 0.12, 0.58, 0.77, 0.72, 0.95])
_FADING = np.array(
    [
        [2.6, 0.8, 0.10, 0, 0.55, 1.35, 2.05, 2.60, 3.0, 3.2, 3.5, 3.7, 3.8, 4.1],
        [2.6, 0.8, 0.10, 0, 0.55, 1.35, 2.05, 2.60, 3.0, 3.2, 3.5, 3.7, 3.8, 4.1],
        [2.5, 0.9, 0.13, 0, 0.40, 1.05, 1.75, 2.35, 2.8, 3.05, 3.4, 3.55, 3.7, 4.0],
        [2.7, 1.0, 0.20, 0, 0.17, 0.60, 1.14, 1.68, 2.18, 2.55, 3.0, 3.2, 3.35, 3.65],
        [2.7, 1.0, 0.25, 0, 0.05, 0.27, 0.55, 0.79, 1.04, 1.33, 1.95, 2.3, 2.55, 3.1],
        [2.7, 1.0, 0.25, 0, 0.10, 0.40, 0.60, 0.60, 0.62, 0.80, 1.5, 2.0, 2.3, 2.9],
        [2.4, 0.70, 0.05, 0, 0.12, 0.46, 0.72, 0.65, 0.60, 0.72, 1.3, 1.85, 2.3, 2.95],
        [2.2, 0.68, 0.02, 0, 0.18, 0.50, 0.66, 0.60, 0.47, 0.55, 1.25, 1.75, 2.2, 2.9],
        [2.2, 0.70, 0.05, 0, 0.28, 0.50, 0.45, 0.28, 0.18, 0.18, 0.80, 1.4, 1.85, 2.65],
        [2.2, 0.70, 0.05, 0, 0.30, 0.50, 0.43, 0.23, 0.12, 0.07, 0.65, 1.3, 1.75, 2.55],
    ]
)
# Dust-like: A / E(B-V) less that of B. Cardelli, Clayton & Mathis 1989.
_REDDER = np.array([4.7, 2.1, 0.75, 0.0, -1.0, -1.75, -2.15, -2.5, -2.9, -3.2])


@cache
def _template() -> Template:
    phase = np.arange(-20.0, 401.0)
    log_wave = np.linspace(np.log(_REST[0]), np.log(_REST[-1]), 60)
    fading = np.stack([_faded(phase, row) for row in _FADING]) + _PEAK[:, None]
    mag = np.stack([np.interp(log_wave, np.log(_REST), column) for column in fading.T], axis=1)
    # A fireball before the first entry: light grows as time squared.
    early = np.clip((phase - _EXPLOSION) / (_PHASE[0] - _EXPLOSION), 0, 1) ** 2
    return Template(float(log_wave[0]), float(log_wave[1] - log_wave[0]), -20.0, 1.0, flux_of_magnitude(mag) * early)


def _faded(phase: Floats, row: Floats) -> Floats:
    return np.asarray(np.interp(phase, _PHASE, row) + _SLOPE * np.maximum(phase - _LATE, 0))


def _redder(wavelength: Floats) -> Floats:
    return np.asarray(np.interp(wavelength, _REST, _REDDER))


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    x1 = draw_two_sided(rng, 0.973, 1.472, 0.222, n)
    c = draw_two_sided(rng, -0.054, 0.043, 0.101, n)
    abs_mag = -19.36 - 0.14 * x1 + 3.1 * c + rng.normal(0, 0.1, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=1.2)
    rest_r = WAVELENGTH[2] / (1 + redshift)
    at_peak = magnitude_of_flux(_template().at(rest_r, np.zeros(n))) + c * _redder(rest_r)
    return {
        "t0": draw_times(rng, n, reach),
        "redshift": redshift,
        "peak_mag": abs_mag + distance_modulus(redshift) + at_peak + magnitude_change(1 + redshift),
        "abs_mag": abs_mag,
        "x1": x1,
        "c": c,
        "stretch": 0.98 + 0.091 * x1 + 0.003 * x1**2 - 0.00075 * x1**3,  # Guy et al. 2007, eq. 6
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    scale = 1 + parameters["redshift"]
    wavelength = WAVELENGTH[epochs.band] / epochs.of_objects(scale)
    phase = (epochs.mjd - epochs.of_objects(parameters["t0"])) / epochs.of_objects(scale * parameters["stretch"])
    bolometric = parameters["abs_mag"] + distance_modulus(parameters["redshift"]) + magnitude_change(scale)
    dimming = epochs.of_objects(bolometric) + epochs.of_objects(parameters["c"]) * _redder(wavelength)
    return np.asarray(_template().at(wavelength, phase) * flux_ratio(dimming))


CLASS = ObjectClass(
    "sn_ia", "SN Ia", "transient", "SNIa", "SN", _draw, _flux, "extragalactic", "host", 0.07, "Scolnic & Kessler 2016"
)
