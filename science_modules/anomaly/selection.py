"""Which alerts are scored, in which bands, and on which statistics."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.reasons import first_reason
from science_modules.common.view import BANDS

# The statistics of Fink's and SNAD's forests on ZTF (D'Isanto et al. 2016; Malanchev et al. 2021): one band at a time.
FEATURES = (
    "mean", "weighted_mean", "standard_deviation", "median", "amplitude", "beyond_1_std", "cusum",
    "inter_percentile_range_10", "kurtosis", "linear_trend", "linear_trend_sigma", "linear_trend_noise",
    "linear_fit_slope", "linear_fit_slope_sigma", "linear_fit_reduced_chi2", "magnitude_percentage_ratio_40_5",
    "magnitude_percentage_ratio_20_10", "maximum_slope", "median_absolute_deviation",
    "median_buffer_range_percentage_10", "percent_amplitude", "anderson_darling_normal", "chi2", "skew", "stetson_k",
)  # fmt: skip
INPUTS = (
    "survey",
    "alert_id",
    "quality_ok",
    "real_bogus",
    *(f"lc_features.n_{band}" for band in BANDS),
    *(f"lc_features.{name}_{band}" for band in BANDS for name in FEATURES),
)
LEAST_REAL_BOGUS = 0.5
LEAST_DETECTIONS = 5

NOT_QUALITY = "not applicable: quality_ok is false or unknown"
NOT_REAL = f"not applicable: real_bogus is unknown or not over {LEAST_REAL_BOGUS}"
TOO_FEW = f"too few points: no band has {LEAST_DETECTIONS} detections with a magnitude"
UNDEFINED = f"not defined: every band with {LEAST_DETECTIONS} detections lacks a statistic"


@dataclass(frozen=True)
class Curves:
    """The light curves of a batch that can be scored: one row per alert and band.

    Attributes
    ----------
    alert, band : numpy.ndarray of int64, shape (n_rows,)
        Row of the batch; index into view.BANDS. Ascending.
    x : numpy.ndarray of float32, shape (n_rows, len(FEATURES))
        The statistics, all finite.
    reasons : numpy.ndarray of object, shape (n_alerts,)
        Why an alert has no row; None where it has one.
    """

    alert: NDArray[np.int64]
    band: NDArray[np.int64]
    x: NDArray[np.float32]
    reasons: NDArray[np.object_]


def curves(batch: AlertBatch) -> Curves:
    """The bands with at least 5 detections of the alerts that pass the cuts, with their statistics.

    Parameters
    ----------
    batch : AlertBatch
        With `alert_id`, `quality_ok`, `real_bogus` and the outputs of lc_features. A row without an alert is an object of
        a data release: the cut on `real_bogus` is not asked of it.
    """
    quality = np.asarray(batch["quality_ok"] == 1)
    # The cut is on alerts, which may be bogus; an object of a data release is none, and nobody scored it.
    no_alert = np.asarray(batch.arrow("alert_id").is_null())
    real = np.asarray(batch["real_bogus"] > LEAST_REAL_BOGUS) | no_alert  # NaN is not over
    statistics = _statistics(batch)
    n = np.column_stack([statistics[f"n_{band}"] for band in BANDS])
    enough = n >= LEAST_DETECTIONS
    alert, band = np.nonzero(enough & (quality & real)[:, None])
    x = _matrix(statistics, alert, band)
    finite = np.isfinite(x).all(axis=1)
    scored = np.isin(np.arange(len(batch)), alert[finite])
    no_band = np.asarray(~enough.any(axis=1))
    reasons = first_reason((~quality, NOT_QUALITY), (~real, NOT_REAL), (no_band, TOO_FEW), (~scored, UNDEFINED))
    return Curves(alert[finite], band[finite], x[finite], reasons)


def _statistics(batch: AlertBatch) -> dict[str, NDArray[np.float64]]:
    """The columns of lc_features by name, NULL as NaN."""
    struct = batch.arrow("lc_features")
    wanted = {name.partition(".")[2] for name in INPUTS if "." in name}
    names = [field.name for field in struct.type]
    columns = zip(names, struct.flatten(), strict=True)
    return {name: np.asarray(pc.cast(array, "float64").to_numpy(False)) for name, array in columns if name in wanted}


def _matrix(
    statistics: dict[str, NDArray[np.float64]], alert: NDArray[np.int64], band: NDArray[np.int64]
) -> NDArray[np.float32]:
    x = np.empty((len(alert), len(FEATURES)), np.float32)
    for k, letter in enumerate(BANDS):
        rows = band == k
        if rows.any():
            x[rows] = np.column_stack([statistics[f"{name}_{letter}"][alert[rows]] for name in FEATURES])
    return x
