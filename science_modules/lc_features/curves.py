"""From the packets' light curves to magnitudes, one curve per alert and band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.light_curves import LightCurves
from science_modules.common.photometry import has_magnitude, magnitude_error, magnitude_of_flux
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]

LARGEST_ERROR_MAG = 1.0  # ALeRCE's cut (Sanchez-Saez et al. 2021, AJ 161, 141): 0 < error < 1 mag


@dataclass(frozen=True)
class BandCurves:
    """Magnitudes of n alerts, one curve per alert and band, in the order alert 0 u, g, r, i, z, y, alert 1 u, ...

    Attributes
    ----------
    starts : numpy.ndarray of int64, shape (n * len(BANDS) + 1,)
        Curve k owns the points starts[k]:starts[k + 1], ascending in time.
    mjd, mag, mag_err : numpy.ndarray of float64, shape (n_points,)
        MJD TAI; AB magnitude and error.
    left_out : numpy.ndarray of int64, shape (n,)
        Detections per alert that have no defined magnitude.
    """

    starts: NDArray[np.int64]
    mjd: Floats
    mag: Floats
    mag_err: Floats
    left_out: NDArray[np.int64]


def band_curves(batch: AlertBatch) -> BandCurves:
    """The detections of a batch in magnitudes: of the source itself if the alert is corrected, else of the difference.

    A flux that is not positive, or whose error exceeds 1 mag, has no magnitude: the point is left out and counted.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve` and `corrected`.
    """
    points = batch.light_curves
    flux, flux_err = _flux(points, batch["corrected"] == 1)
    detected = points.kind == LC_KINDS.index("detection")
    usable = detected & has_magnitude(flux, flux_err, LARGEST_ERROR_MAG) & np.isfinite(points.mjd) & (points.band >= 0)
    chosen, starts = _sorted_by_band(points, usable)
    left_out = np.bincount(points.owner[detected & ~usable], minlength=len(points))
    flux, flux_err = flux[chosen], flux_err[chosen]
    mag, mag_err = magnitude_of_flux(flux), magnitude_error(flux, flux_err)
    return BandCurves(starts, points.mjd[chosen], mag, mag_err, left_out)


def _flux(points: LightCurves, corrected: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The choice is the alert's, not the point's: one curve never mixes the two kinds of flux."""
    total = corrected[points.owner]
    flux = np.where(total, points.flux_total, points.flux)
    return flux, np.where(total, points.flux_total_err, points.flux_err)


def _sorted_by_band(points: LightCurves, usable: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the usable points ordered by alert, band and time, and where each curve starts."""
    kept = np.flatnonzero(usable)
    curve = points.owner[kept] * len(BANDS) + points.band[kept]
    counts = np.bincount(curve, minlength=len(points) * len(BANDS))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return kept[np.argsort(curve, kind="stable")], starts
