"""How the light of an object went before this alert, as its packet tells.

Fluxes alone: how often it was visited, found or not found tells first alerts from later ones and ages with the survey.
"""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.stamp_rules import EARLIER_DAYS
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]

NAMES = (
    *("history_positive", "history_same_sign", "history_range", "history_g_r"),
    *("history_change", "history_scatter", "history_chi2", "history_trend"),
)


def history(batch: AlertBatch) -> Floats:
    """The numbers of NAMES for every alert.

    Parameters
    ----------
    batch : AlertBatch
        With `mjd` and `light_curve`.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        Of detections at least half an hour before the alert, NaN without any: the share that is positive, and of the alert's
        own sign; the largest over the smallest absolute flux, the alert's own with them; flux in g over that in r, the last
        of each within 5 d; and in the alert's own band: its flux above the median of the earlier ones [errors of its own],
        and of all of them scatter over the mean absolute flux, reduced chi2 about the weighted mean, slope over the mean
        absolute flux [1/d].
    """
    from science_modules.stamp.history_kernel import (
        numbers,
    )  # compiled: not for those who ask only what the module gives

    points = batch.light_curves
    with np.errstate(invalid="ignore"):
        sound = (points.kind == LC_KINDS.index("detection")) & np.isfinite(points.mjd) & (points.flux_err > 0)
        sound &= np.isfinite(points.flux) & (points.flux != 0) & np.isfinite(points.flux_err)
    kept = points.select(sound)
    out = np.full((len(batch), len(NAMES)), np.nan)
    now = np.asarray(batch["mjd"], np.float64)
    g, r = BANDS.index("g"), BANDS.index("r")
    numbers(kept.offsets, kept.mjd, kept.flux, kept.flux_err, kept.band, now, EARLIER_DAYS, g, r, out)
    return out


def make_ready() -> None:
    """Compile what `history` needs."""
    from science_modules.stamp.history_kernel import numbers

    nothing, day = np.empty(0), np.zeros(1)
    numbers(np.zeros(2, np.int64), nothing, nothing, nothing, np.empty(0, np.int8), day, 0.0, 1, 2, np.empty((1, 8)))
