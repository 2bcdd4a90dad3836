"""Flux and AB magnitude, one into the other, with errors: the only place in Strix that knows the formulae.

Fluxes are in nJy unless a zero point says otherwise. A magnitude has no sign: whoever publishes one of a difference says
the sign beside it, and `flux * sign` is the signed flux. What has no answer (the magnitude of a flux that is not positive,
anything of NaN) is NaN; nothing raises and nothing warns.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Number = TypeVar("Number", float, NDArray[np.float64])

AB_ZERO_NJY = 31.4  # AB magnitude of 1 nJy: that of 1 erg/s/cm2/Hz is -48.6, of 1 Jy 8.9
NJY_PER_UJY = 1000.0  # of 1 uJy the AB magnitude is 23.9
LIMIT_SIGMA = 5.0  # what surveys publish as a limiting magnitude is five times the noise
MAG_OF_RELATIVE_ERROR = 2.5 / np.log(10)  # 1.0857 mag: a small relative error of the flux, as an error in magnitudes
RELATIVE_ERROR_OF_MAG = np.log(10) / 2.5


def flux_of_magnitude(mag: Number, zero_point: float = AB_ZERO_NJY) -> Number:
    """Flux of a magnitude.

    Parameters
    ----------
    mag : float or numpy.ndarray of float64
        [mag]; NaN stays NaN.
    zero_point : float
        The magnitude of one unit of flux; AB and nJy by default.

    Returns
    -------
    float or numpy.ndarray of float64
        Positive, in nJy (or in the unit of the zero point).
    """
    # Not through an array: libm and NumPy differ in the last bit of a power, and one number keeps libm's.
    flux: Number = 10.0 ** (-0.4 * (mag - zero_point))
    return flux


def magnitude_of_flux(flux: ArrayLike, zero_point: float = AB_ZERO_NJY) -> Floats:
    """Magnitude of a flux.

    Parameters
    ----------
    flux : array_like, any shape
        [nJy], or in the unit of the zero point. For a difference flux give its absolute value.
    zero_point : float
        The magnitude of one unit of flux; AB and nJy by default.

    Returns
    -------
    numpy.ndarray of float64
        [mag]; NaN where the flux is not positive.
    """
    values = np.asarray(flux, dtype=np.float64)
    return np.asarray(zero_point - 2.5 * np.log10(np.where(values > 0, values, np.nan)))


def flux_ratio(magnitudes: Number) -> Number:
    """How many times brighter light becomes by a change of magnitude: less than 1 where it fades.

    Parameters
    ----------
    magnitudes : float or numpy.ndarray, any shape
        The change; positive is fainter [mag].
    """
    return 10 ** (-0.4 * magnitudes)


def magnitude_change(ratio: ArrayLike) -> Floats:
    """The change of magnitude that a ratio of fluxes is; negative where light becomes brighter [mag].

    Parameters
    ----------
    ratio : float or numpy.ndarray, any shape
        Of fluxes, positive.
    """
    return np.asarray(-2.5 * np.log10(ratio))


def flux_error(flux: ArrayLike, mag_err: ArrayLike) -> Floats:
    """Error of a flux of which the error is published in magnitudes; to first order.

    Parameters
    ----------
    flux : array_like
        In any unit, of any sign.
    mag_err : array_like
        [mag].

    Returns
    -------
    numpy.ndarray of float64
        In the unit of the flux, never negative.
    """
    return np.asarray(np.abs(np.asarray(flux, dtype=np.float64)) * mag_err * RELATIVE_ERROR_OF_MAG)


def magnitude_error(flux: ArrayLike, flux_err: ArrayLike) -> Floats:
    """Error of the magnitude of |flux|; to first order.

    Parameters
    ----------
    flux, flux_err : array_like
        In one unit; the flux of any sign.

    Returns
    -------
    numpy.ndarray of float64
        [mag]; NaN where the flux is 0.
    """
    size = np.abs(np.asarray(flux, dtype=np.float64))
    return np.asarray(MAG_OF_RELATIVE_ERROR * np.asarray(flux_err, np.float64) / np.where(size == 0, np.nan, size))


def error_of_limit(limit_mag: Number, zero_point: float = AB_ZERO_NJY) -> Number:
    """Error of a flux whose 5-sigma limiting magnitude is published.

    Parameters
    ----------
    limit_mag : float or numpy.ndarray of float64
        [mag].
    zero_point : float
        The magnitude of one unit of flux; AB and nJy by default.

    Returns
    -------
    float or numpy.ndarray of float64
        [nJy], or in the unit of the zero point.
    """
    return flux_of_magnitude(limit_mag, zero_point) / LIMIT_SIGMA


def limit_of_error(flux_err: ArrayLike) -> Floats:
    """The 5-sigma limiting magnitude of an error: `error_of_limit` the other way.

    Parameters
    ----------
    flux_err : array_like
        [nJy].

    Returns
    -------
    numpy.ndarray of float64
        [mag]; NaN where the error is not positive.
    """
    return magnitude_of_flux(LIMIT_SIGMA * np.asarray(flux_err, dtype=np.float64))


def has_magnitude(flux: ArrayLike, flux_err: ArrayLike, largest_err: float) -> NDArray[np.bool_]:
    """Where a flux has a magnitude with an error below a bound: flux and error are positive and finite.

    Parameters
    ----------
    flux, flux_err : array_like
        In one unit; for the magnitude of a difference give its absolute value.
    largest_err : float
        The bound, not reached [mag].
    """
    flux, flux_err = np.asarray(flux, dtype=np.float64), np.asarray(flux_err, dtype=np.float64)
    with np.errstate(over="ignore"):  # NaN compares as false
        known = (flux > 0) & (flux < np.inf) & (flux_err > 0) & (flux_err < relative_flux_error(largest_err) * flux)
    return np.asarray(known)


def relative_flux_error(mag_err: float) -> float:
    """Error of a flux as a fraction of it, for an error in magnitudes; to first order.

    Parameters
    ----------
    mag_err : float
        [mag].
    """
    return float(mag_err * RELATIVE_ERROR_OF_MAG)
