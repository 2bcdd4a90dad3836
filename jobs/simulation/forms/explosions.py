"""Light of explosions: shapes that are 1 at maximum, and thermal spectra that cool."""

import numpy as np

from jobs.simulation.epochs import Epochs, Floats
from jobs.simulation.forms.spectra import WAVELENGTH, thermal_colour
from jobs.simulation.object_class import Parameters
from science_modules.common.photometry import flux_of_magnitude, flux_ratio

_BLANKETED_BELOW = 5200.0  # Angstrom: lines of iron eat the blue and ultraviolet light
_NO_LINES, _ALL_LINES = 9000.0, 5000.0  # K: hotter gas is ionised


def rest_days(parameters: Parameters, epochs: Epochs) -> Floats:
    """Days from maximum in the rest frame, shape (m,).

    Parameters
    ----------
    parameters : mapping
        `t0` and `redshift`, shape (n,).
    epochs : Epochs
    """
    return np.asarray(
        (epochs.mjd - epochs.of_objects(parameters["t0"])) / epochs.of_objects(1 + parameters["redshift"])
    )


def bazin(days: Floats, rise: Floats, fall: Floats) -> Floats:
    """Exponential rise and fall that meet smoothly.

    Parameters
    ----------
    days : numpy.ndarray, shape (m,)
        From maximum.
    rise, fall : numpy.ndarray, shape (m,)
        Times in which the light changes by e [d]; the fall is the longer.

    Returns
    -------
    numpy.ndarray, shape (m,)
        1 at maximum.

    Notes
    -----
    Bazin et al. 2009, eq. 1, counted from its maximum.
    """
    peak = rise * np.log(fall / rise - 1)

    def log_light(t: Floats) -> Floats:
        return np.asarray(-t / fall - np.logaddexp(0, -t / rise))

    return np.exp(log_light(days + peak) - log_light(peak))


def thermal_flux(
    parameters: Parameters, epochs: Epochs, shape: Floats, temperature: Floats, blanketing: float = 0.0
) -> Floats:
    """Flux of an explosion whose light curve is known in r and whose spectrum is nearly a black body's.

    Parameters
    ----------
    parameters : mapping
        `peak_mag` and `redshift`, shape (n,).
    epochs : Epochs
    shape : numpy.ndarray, shape (m,)
        Light in r, 1 at maximum.
    temperature : numpy.ndarray, shape (m,)
        [K].
    blanketing : float
        Absorption below 5200 Angstrom by gas of 5000 K [mag per 1000 Angstrom]; none by gas of 9000 K.

    Returns
    -------
    numpy.ndarray, shape (m,)
        [nJy].
    """
    stretched = epochs.of_objects(1 + parameters["redshift"])
    wavelength, reference = WAVELENGTH[epochs.band] / stretched, WAVELENGTH[2] / stretched
    colour = thermal_colour(temperature, wavelength, reference)
    lines = blanketing * np.clip((_NO_LINES - temperature) / (_NO_LINES - _ALL_LINES), 0, 1)
    eaten = lines / 1000 * (_short_of(wavelength) - _short_of(reference))
    return np.asarray(epochs.of_objects(flux_of_magnitude(parameters["peak_mag"])) * shape * colour * flux_ratio(eaten))


def cooling(days: Floats, since: Floats, hot: Floats | float, cool: float, scale: float) -> Floats:
    """Temperature that falls exponentially after an explosion [K].

    Parameters
    ----------
    days : numpy.ndarray, shape (m,)
        From maximum.
    since : numpy.ndarray, shape (m,)
        Days from the explosion to maximum.
    hot : float or numpy.ndarray, shape (m,)
        At maximum [K].
    cool : float
        In the end [K].
    scale : float
        [d].
    """
    return np.asarray(cool + (hot - cool) * np.exp(-np.maximum(days, -since) / scale))


def burst_flux(parameters: Parameters, epochs: Epochs, *, cool: float, scale: float, blanketing: float) -> Floats:
    """Flux of an explosion that rises and falls exponentially and cools from the day it went off.

    Parameters
    ----------
    parameters : mapping
        `t0`, `redshift`, `peak_mag`, `rise` and `fall` as of `bazin`, `temperature` at maximum [K], shape (n,).
    epochs : Epochs
    cool, scale : float
        As of `cooling` [K, d].
    blanketing : float
        As of `thermal_flux`.

    Returns
    -------
    numpy.ndarray, shape (m,)
        [nJy].
    """
    days = rest_days(parameters, epochs)
    rise, fall, hot = (epochs.of_objects(parameters[name]) for name in ("rise", "fall", "temperature"))
    shape = bazin(days, rise, fall)
    # The whole rise is about four times that by e.
    return thermal_flux(parameters, epochs, shape, cooling(days, 4 * rise, hot, cool, scale), blanketing)


def _short_of(wavelength: Floats) -> Floats:
    return np.maximum(_BLANKETED_BELOW - wavelength, 0.0)
