"""Colours: g less r of difference and source, and the infrared ones where a job has a cross-match with AllWISE."""

import numpy as np
from numpy.typing import NDArray

from science_modules.alerce_features.allwise import ALLWISE, is_matched
from science_modules.alerce_features.curves import LETTERS, Curves
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INFRARED = ("W1_W2", "W2_W3", "g_W2", "g_W3", "r_W2", "r_W3")


def colours(curves: Curves) -> dict[str, Floats]:
    """The brightest and the mean colour of the difference and, if the object is corrected, of the source itself.

    Parameters
    ----------
    curves : Curves
        Of n objects.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column [mag]; NaN where a band has no point.
    """
    difference = _g_less_r(brightest_and_mean(curves.diff_mag, curves.offsets))
    source = _g_less_r(brightest_and_mean(curves.mag, curves.offsets))
    source[~curves.corrected] = np.nan
    values = np.column_stack([difference, source])
    return dict(zip(("g_r_max", "g_r_mean", "g_r_max_corr", "g_r_mean_corr"), values.T, strict=True))


def infrared(batch: AlertBatch, curves: Curves) -> dict[str, Floats]:
    """Colours with AllWISE's magnitudes, NaN where these are not known or no module of the job gives them.

    Parameters
    ----------
    batch : AlertBatch
        Where a job has them with ALLWISE, W1, W2 and W3 [Vega mag].
    curves : Curves
        Of its n alerts.

    Returns
    -------
    dict of str to numpy.ndarray of float64, shape (n,)
        By column [mag].
    """
    if not is_matched(batch):
        return {name: np.full(len(curves), np.nan) for name in INFRARED}
    w1, w2, w3 = (batch[name] for name in ALLWISE)
    g, r = brightest_and_mean(curves.mag, curves.offsets)[:, 1].reshape(-1, len(LETTERS)).T
    return dict(zip(INFRARED, (w1 - w2, w2 - w3, g - w2, g - w3, r - w2, r - w3), strict=True))


def _g_less_r(values: Floats) -> Floats:
    by_band = values.reshape(-1, 2, 2)
    return np.asarray(by_band[:, 0] - by_band[:, 1])


@compiled
def brightest_and_mean(mag: Floats, offsets: Ints) -> Floats:
    """Smallest and mean magnitude of each curve, NaN without a point; shape (n, 2).

    Parameters
    ----------
    mag : numpy.ndarray of float64, shape (n_points,)
        One curve after the other [mag].
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Where each starts.
    """
    out = np.full((len(offsets) - 1, 2), np.nan)
    for k in range(len(offsets) - 1):
        part = mag[offsets[k] : offsets[k + 1]]
        if len(part) > 0:
            out[k, 0], out[k, 1] = part.min(), part.mean()
    return out
