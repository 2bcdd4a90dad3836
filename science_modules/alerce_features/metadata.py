"""Metadata: where the object is, and what the survey says of its detections and its neighbour."""

import numpy as np
from numpy.typing import NDArray

from science_modules.alerce_features.curves import Curves
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.compiled import compiled
from science_modules.common.curve_features.moments import median

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def metadata(batch: AlertBatch, curves: Curves) -> dict[str, Floats]:
    """Galactic position, median real-bogus score and the neighbour's star-galaxy score.

    Parameters
    ----------
    batch : AlertBatch
        With `gal_b`, `gal_l` and, where the survey has it, `candidate.sgscore1`.
    curves : Curves
        Of its n alerts.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column; NaN is not known.
    """
    return {
        "gal_b": batch["gal_b"],
        "gal_l": batch["gal_l"],
        "rb": median_known(curves.real_bogus, curves.offsets[::2]),
        "sgscore1": _star_galaxy_score(batch),
    }


def _star_galaxy_score(batch: AlertBatch) -> Floats:
    """Scores are 0 to 1; -999 says that there is no source near."""
    if "candidate.sgscore1" not in batch:
        return np.full(len(batch), np.nan)
    score = batch["candidate.sgscore1"]
    return np.where((score >= 0) & (score <= 1), score, np.nan)


@compiled
def median_known(values: Floats, offsets: Ints) -> Floats:
    """Median of the finite values of each object, NaN without one; shape (n,).

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n_points,)
        One object after the other.
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Where each starts.
    """
    out = np.full(len(offsets) - 1, np.nan)
    for k in range(len(offsets) - 1):
        part = values[offsets[k] : offsets[k + 1]]
        known = part[np.isfinite(part)]
        if len(known) > 0:
            out[k] = median(np.sort(known))
    return out
