"""Light of accreting black holes: one damped random walk in magnitudes, larger in the blue."""

import numpy as np

from jobs.simulation.cosmology import distance_modulus, draw_redshifts
from jobs.simulation.epochs import Epochs, Floats
from jobs.simulation.forms.damped_walk import draw_walks, read_walks
from jobs.simulation.forms.spectra import WAVELENGTH
from jobs.simulation.object_class import Parameters
from jobs.simulation.reach import Reach

_MEAN_OF_EXPONENTIAL = 0.2 * np.log(10)  # mag brighter per sd^2: the mean of the flux above that of the magnitude
# Colour band - r per g - r of a power law.
RELATIVE_COLOUR = np.log(WAVELENGTH / WAVELENGTH[2]) / np.log(WAVELENGTH[1] / WAVELENGTH[2])
_SLOPE = -0.479  # of the amplitude with wavelength: MacLeod et al. 2010


def draw_variability(
    rng: np.random.Generator, abs_i_mag: Floats, log_mass: Floats, redshift: Floats
) -> tuple[Floats, Floats]:
    """Standard deviation and damping time of quasars.

    Parameters
    ----------
    rng : numpy.random.Generator
    abs_i_mag : numpy.ndarray, shape (n,)
        Absolute i magnitude.
    log_mass : numpy.ndarray, shape (n,)
        Decimal logarithm of the black hole's mass in those of the Sun.
    redshift : numpy.ndarray, shape (n,)

    Returns
    -------
    sd : numpy.ndarray, shape (n,)
        In observed r [mag].
    tau : numpy.ndarray, shape (n,)
        As observed [d].

    Notes
    -----
    MacLeod et al. 2010, eq. 7 and table 1; scatter of 0.2 dex.
    """
    wave, luminosity, mass = np.log10(WAVELENGTH[2] / (1 + redshift) / 4000), abs_i_mag + 23, log_mass - 9
    scatter = rng.normal(0, 0.2, (2, len(redshift)))
    log_structure = -0.51 + _SLOPE * wave + 0.131 * luminosity + 0.18 * mass + scatter[0]
    log_tau = 2.4 + 0.17 * wave + 0.03 * luminosity + 0.21 * mass + scatter[1]
    return 10**log_structure / np.sqrt(2), 10**log_tau * (1 + redshift)


def draw_nuclei(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    """Nuclei of nearby galaxies, less luminous than quasars.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    reach : Reach

    Returns
    -------
    mapping of str to numpy.ndarray
        As `walk_magnitude` takes them; `mean_mag` is of the nucleus without the galaxy, `nucleus_share` its part of the
        light of both in r.
    """
    abs_mag = rng.uniform(-23, -21, n)
    redshift = draw_redshifts(rng, abs_mag, reach, z_max=0.3)
    log_mass = rng.uniform(7, 8.2, n)
    sd, tau = draw_variability(rng, abs_mag, log_mass, redshift)
    return {
        "mean_mag": abs_mag + distance_modulus(redshift),
        "redshift": redshift,
        "abs_mag": abs_mag,
        "log_mass": log_mass,
        "sd": sd,
        "tau": tau,
        "g_r": rng.normal(0.3, 0.12, n),
        "nucleus_share": rng.uniform(0.15, 0.85, n),  # half of the real ones look like points to Pan-STARRS
        "walk": draw_walks(rng, tau),
    }


def walk_magnitude(parameters: Parameters, epochs: Epochs, slope: float = _SLOPE) -> Floats:
    """Magnitude of a nucleus that walks about its mean: parameters `mean_mag`, `sd`, `g_r`, `walk`.

    Parameters
    ----------
    parameters : mapping
        mean_mag : r magnitude of the mean flux; sd : of the r magnitude; g_r : mean colour; walk : shape (n, days).
    epochs : Epochs
    slope : float
        Power of the wavelength with which the amplitude falls.

    Returns
    -------
    numpy.ndarray, shape (m,)
        [AB mag].
    """
    sd = epochs.of_objects(parameters["sd"]) * ((WAVELENGTH / WAVELENGTH[2]) ** slope)[epochs.band]
    colour = epochs.of_objects(parameters["g_r"]) * RELATIVE_COLOUR[epochs.band]
    mean = epochs.of_objects(parameters["mean_mag"]) + colour + _MEAN_OF_EXPONENTIAL * sd**2
    return np.asarray(mean + sd * read_walks(parameters["walk"], epochs))
