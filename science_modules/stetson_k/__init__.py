"""Stetson K: how peaked the scatter of a light curve is, in the band of the alert."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule
from science_modules.common.light_curves import LightCurves
from science_modules.common.reasons import first_reason

MIN_POINTS = 3  # two points with equal errors give 1 whatever they are
NO_BAND = "no band: K is of the alert's own, a star of a data release has none"
TOO_FEW = f"too few points: n < {MIN_POINTS}"


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """One row per alert: k, n and, where there is no k, the reason.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    state : None
        The module has no artefacts.
    """
    points = own_detections(batch)
    k = stetson_k(points)
    few, flat = points.counts < MIN_POINTS, np.isnan(k)
    error = first_reason((_no_band(batch), NO_BAND), (few, TOO_FEW), (flat, "no scatter: all residuals are 0"))
    return pd.DataFrame({"k": np.where(few, np.nan, k), "n": points.counts.astype(np.int32), "error": error})


def _no_band(batch: AlertBatch) -> NDArray[np.bool_]:
    return np.asarray(batch.arrow("band").is_null())


def own_detections(batch: AlertBatch) -> LightCurves:
    """The detections in the packet in the band of the alert, with a flux and a positive error.

    Parameters
    ----------
    batch : AlertBatch
        With `band` and `light_curve`.
    """
    curves = batch.light_curves.of_kind("detection")
    own = curves.codes(batch["band"])[curves.owner]
    known = np.isfinite(curves.flux) & np.isfinite(curves.flux_err) & (curves.flux_err > 0)
    return curves.select(known & (own != -1) & (curves.band == own))


def stetson_k(curves: LightCurves) -> NDArray[np.float64]:
    """Stetson K of each light curve.

    K = mean(|d|) / sqrt(mean(d^2)), with d the residuals about the inverse-variance weighted mean flux, in units of
    their errors; the factor sqrt(n / (n - 1)) of the paper cancels.

    Parameters
    ----------
    curves : LightCurves
        Points with finite flux and positive error.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        1 if all |d| are equal, 0.798 (sqrt(2 / pi)) for Gaussian scatter, less if few points stick out; NaN without
        points or scatter.

    Notes
    -----
    Stetson 1996, PASP 108, 851, eq. for K in sect. 2. Flux instead of magnitude, because difference fluxes change sign.
    """
    weight = curves.flux_err**-2
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _sums(curves, weight * curves.flux) / _sums(curves, weight)
        d = (curves.flux - mean[curves.owner]) / curves.flux_err
        return np.asarray(_sums(curves, np.abs(d)) / np.sqrt(curves.counts * _sums(curves, d * d)))


def _sums(curves: LightCurves, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum per light curve; bincount adds one point after the other, so neighbours in the batch change no bit."""
    return np.asarray(np.bincount(curves.owner, weights=values, minlength=len(curves)), dtype=np.float64)


MODULE = ScienceModule(
    name="stetson_k",
    version="1.0.0",
    inputs=("band", "light_curve"),
    outputs=(
        Field(
            "k", "float64", "", "Stetson K of the alert's band; 0.798 for Gaussian scatter, 1 if all scatter equally"
        ),
        Field("n", "int32", "", "detections that k is made of"),
    ),
    run=run,
    source="Stetson 1996, PASP 108, 851",
)
