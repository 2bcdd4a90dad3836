"""Quasars: damped random walks that scale with wavelength, luminosity and mass of the black hole."""

from dataclasses import replace

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.damped_walk import draw_walks
from jobs.simulation.forms.nuclei import draw_variability, walk_magnitude
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_of_magnitude


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    abs_mag = np.clip(rng.normal(-25, 1.2, n), -29, -22.5)
    redshift = draw_redshifts(rng, abs_mag, replace(reach, faint=reach.faint - 0.3), z_max=3.0)
    log_mass = np.clip(rng.normal(8.7, 0.5, n), 7.0, 10.3)
    sd, tau = draw_variability(rng, abs_mag, log_mass, redshift)
    return {
        "mean_mag": abs_mag + distance_modulus(redshift),
        "redshift": redshift,
        "abs_mag": abs_mag,
        "log_mass": log_mass,
        "sd": sd,
        "tau": tau,
        "g_r": rng.normal(0.1, 0.12, n),
        "walk": draw_walks(rng, tau),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    return flux_of_magnitude(walk_magnitude(parameters, epochs))


CLASS = ObjectClass(
    "qso", "QSO", "stochastic", "QSO", "AGN", _draw, _flux, "extragalactic", "quasar", 0.08, "MacLeod et al. 2010"
)
