"""Features of the limits before and after the first detection of a band: compiled, all curves a call."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.compiled import compiled
from science_modules.common.curve_features.moments import median

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAMES = (
    "n_non_det_before_fid", "max_diffmaglim_before_fid", "median_diffmaglim_before_fid", "last_diffmaglim_before_fid",
    "dmag_non_det_fid", "dmag_first_det_fid", "n_non_det_after_fid", "max_diffmaglim_after_fid",
    "median_diffmaglim_after_fid",
)  # fmt: skip
(
    N_BEFORE, MAX_BEFORE, MEDIAN_BEFORE, LAST_BEFORE, DMAG_NON_DET, DMAG_FIRST_DET, N_AFTER, MAX_AFTER, MEDIAN_AFTER,
) = range(len(NAMES))  # fmt: skip


@compiled
def limits(
    time: Floats, mag: Floats, offsets: Ints, limit_time: Floats, limit_mag: Floats, limit_offsets: Ints
) -> Floats:
    """What the limits of a band say, relative to the first detection in the band.

    Parameters
    ----------
    time, mag : numpy.ndarray of float64, shape (n_points,)
        Detections of one curve after the other, ascending in time [d]; magnitudes.
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Where each curve starts.
    limit_time, limit_mag : numpy.ndarray of float64, shape (n_limits,)
        Limits, likewise; 5-sigma limiting magnitudes.
    limit_offsets : numpy.ndarray of int64, shape (n + 1,)
        Where each curve's limits start.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        NaN where there is no detection, or no limit; numbers of limits are 0 then.
    """
    out = np.full((len(offsets) - 1, len(NAMES)), np.nan)
    for k in range(len(offsets) - 1):
        first, last = offsets[k], offsets[k + 1]
        a, b = limit_offsets[k], limit_offsets[k + 1]
        if last > first:
            _one_curve(time[first], mag[first:last], limit_time[a:b], limit_mag[a:b], out[k])
    return out


@compiled
def _one_curve(first_time: float, mag: Floats, limit_time: Floats, limit_mag: Floats, row: Floats) -> None:
    n = 0
    while n < len(limit_time) and limit_time[n] < first_time:
        n += 1
    before, after = limit_mag[:n], limit_mag[n:]
    row[N_BEFORE], row[N_AFTER] = len(before), len(after)
    if len(before) > 0:
        row[MAX_BEFORE], row[MEDIAN_BEFORE], row[LAST_BEFORE] = before.max(), median(np.sort(before)), before[-1]
        row[DMAG_NON_DET] = row[MEDIAN_BEFORE] - mag.min()
        row[DMAG_FIRST_DET] = row[LAST_BEFORE] - mag[0]
    if len(after) > 0:
        row[MAX_AFTER], row[MEDIAN_AFTER] = after.max(), median(np.sort(after))
