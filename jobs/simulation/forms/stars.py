"""Light of stars: colours along the stellar locus, and flux of a mean magnitude and a variation."""

import numpy as np

from jobs.simulation.epochs import Epochs, Floats
from jobs.simulation.object_class import Parameters
from science_modules.common.photometry import flux_of_magnitude

# Colours of stars by their g - r: Covey et al. 2007, rounded; beyond 1.5 giants of type M.
_G_R = np.array([-0.5, 0.0, 0.5, 1.0, 1.3, 1.5, 2.5])
_U_R = np.array([-0.6, 0.95, 1.65, 2.9, 3.7, 4.2, 5.5])
_R_I = np.array([-0.3, -0.15, 0.17, 0.40, 0.65, 1.1, 2.0])
# Amplitudes of pulsating stars relative to g: Sesar et al. 2010 (RR Lyrae), near enough for Cepheids and delta Scuti.
PULSATION = np.array([0.9, 1.0, 0.72, 0.57, 0.52, 0.5])


def star_colour(g_r: Floats, epochs: Epochs) -> Floats:
    """Magnitude in the epochs' bands less that in r.

    Parameters
    ----------
    g_r : numpy.ndarray, shape (n,)
        Mean g - r before reddening [mag].
    epochs : Epochs
        Of n objects.

    Returns
    -------
    numpy.ndarray, shape (m,)
    """
    r_i = np.interp(g_r, _G_R, _R_I)
    colours = np.stack([np.interp(g_r, _G_R, _U_R), g_r, 0 * r_i, -r_i, -1.55 * r_i, -1.8 * r_i], axis=1)
    return np.asarray(colours[epochs.object, epochs.band])


def star_flux(parameters: Parameters, epochs: Epochs, fainter: Floats) -> Floats:
    """Flux of a variable star.

    Parameters
    ----------
    parameters : mapping
        `mean_mag` and `g_r`, shape (n,).
    epochs : Epochs
    fainter : numpy.ndarray, shape (m,)
        How much fainter than on average it is at each epoch [mag].

    Returns
    -------
    numpy.ndarray, shape (m,)
        [nJy].
    """
    return flux_of_magnitude(
        epochs.of_objects(parameters["mean_mag"]) + star_colour(parameters["g_r"], epochs) + fainter
    )


def turns(parameters: Parameters, epochs: Epochs) -> Floats:
    """Cycles of `period` since a start at `phase`, shape (m,).

    Parameters
    ----------
    parameters : mapping
        `period` [d] and `phase`, shape (n,).
    epochs : Epochs
    """
    return np.asarray(epochs.mjd / epochs.of_objects(parameters["period"]) + epochs.of_objects(parameters["phase"]))


def saw_tooth(cycles: Floats, steep: float = 1.0) -> Floats:
    """A pulsating star's magnitude: a quick rise, a slow fall.

    Parameters
    ----------
    cycles : numpy.ndarray, shape (m,)
    steep : float
        0 for a sine, 1 for a Cepheid of ten days or an RR Lyrae star.

    Returns
    -------
    numpy.ndarray, shape (m,)
        Mean 0, about 1 from maximum to minimum.
    """
    angle = 2 * np.pi * cycles
    harmonics = np.sin(angle) - steep * (0.45 * np.sin(2 * angle) - 0.22 * np.sin(3 * angle) + 0.1 * np.sin(4 * angle))
    return np.asarray(harmonics / (2 + 0.6 * steep**2))
