"""What a packet's history and the orbits of known objects rule out of a stamp classifier's answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch

EARLIER_DAYS = 0.02  # an asteroid of the main belt moves on by 9 arcsec in this time

Floats = NDArray[np.float64]


def seen_earlier(batch: AlertBatch) -> NDArray[np.bool_]:
    """Whether the packet holds a detection of the object at least half an hour before this one, shape (n,).

    Parameters
    ----------
    batch : AlertBatch
        With `mjd`, `lc_mjd`, `lc_kind`.
    """
    times, kinds = batch.arrow("lc_mjd"), batch.arrow("lc_kind")
    owner = np.repeat(np.arange(len(batch)), pc.fill_null(pc.list_value_length(times), 0).to_numpy())
    is_detection = pc.fill_null(pc.equal(kinds.flatten(), "detection"), False).to_numpy(zero_copy_only=False)
    before = np.asarray(batch["mjd"], np.float64)[owner] - EARLIER_DAYS
    earlier = is_detection & (_floats(times.flatten()) < before)
    return np.bincount(owner[earlier], minlength=len(batch)) > 0


def with_rules(
    used: Floats, earlier: NDArray[np.bool_], known: NDArray[np.bool_], asteroid: int, passing: Sequence[int]
) -> Floats:
    """What stood there before is nothing that passes by; a known Solar-system object is one (Carrasco-Davis et al. 2021).

    Parameters
    ----------
    used : numpy.ndarray of float64, shape (n, n_classes)
        Probabilities; NaN rows stay.
    earlier : numpy.ndarray of bool, shape (n,)
        As `seen_earlier` says.
    known : numpy.ndarray of bool, shape (n,)
        Whether a known Solar-system object is there.
    asteroid : int
        Its column.
    passing : sequence of int
        Columns of all that is not at its place half an hour later, asteroids among it.
    """
    used = used.copy()
    used[np.ix_(np.flatnonzero(earlier), np.asarray(passing, np.int64))] = 0
    used /= used.sum(axis=1, keepdims=True)
    used[known & np.isfinite(used[:, 0])] = np.eye(used.shape[1])[asteroid]
    return used


def said_first(earlier: NDArray[np.bool_], age_days: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether the survey knows no detection of the object at least half an hour before this one, shape (n,).

    Parameters
    ----------
    earlier : numpy.ndarray of bool, shape (n,)
        As `seen_earlier` says.
    age_days : numpy.ndarray of float64, shape (n,)
        Since the survey's own first detection; NaN where it names none.
    """
    return ~earlier & ~(np.asarray(age_days, np.float64) > EARLIER_DAYS)


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
