"""The detections that `rise` uses: positive difference fluxes, in magnitudes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.photometry import magnitude_error, magnitude_of_flux, relative_flux_error
from science_modules.common.view import LC_KINDS

Floats = NDArray[np.float64]

LARGEST_ERROR_MAG = 1.0


@dataclass(frozen=True)
class Detections:
    """Positive detections of a batch, by alert and ascending in time.

    Attributes
    ----------
    n : int
        Alerts in the batch.
    owner : numpy.ndarray of int64, shape (n_points,)
        The alert that a point belongs to.
    band : numpy.ndarray of int8, shape (n_points,)
        Index into view.BANDS.
    mjd, mag, mag_err : numpy.ndarray of float64, shape (n_points,)
        MJD TAI; AB magnitude of the difference flux and its error.
    """

    n: int
    owner: NDArray[np.int64]
    band: NDArray[np.int8]
    mjd: Floats
    mag: Floats
    mag_err: Floats


def detections(batch: AlertBatch) -> Detections:
    """Detections with a positive difference flux, an error below 1 mag and a known band.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve`.
    """
    points = batch.light_curves
    flux, flux_err = points.flux, points.flux_err
    largest = relative_flux_error(LARGEST_ERROR_MAG)
    with np.errstate(over="ignore"):
        usable = (flux > 0) & (flux < np.inf) & (flux_err > 0) & (flux_err < largest * flux)
    usable &= (points.kind == LC_KINDS.index("detection")) & (points.band >= 0) & np.isfinite(points.mjd)
    flux, flux_err = flux[usable], flux_err[usable]
    return Detections(
        n=len(points),
        owner=points.owner[usable],
        band=points.band[usable],
        mjd=points.mjd[usable],
        mag=magnitude_of_flux(flux),
        mag_err=magnitude_error(flux, flux_err),
    )
