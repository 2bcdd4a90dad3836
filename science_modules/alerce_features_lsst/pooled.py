"""One curve of an object from all of its bands, so that six bands of ten points are sixty."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.curve_features.curves import Curves

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 2  # points of a band that takes part: a single one is its own mean


def pooled(curves: Curves) -> Curves:
    """All bands of an object as one: each is moved from its own mean magnitude to that of all points.

    Parameters
    ----------
    curves : Curves
        Of n objects in some bands.

    Returns
    -------
    Curves
        Of the same objects in one band, without limits.

    Notes
    -----
    Means are weighted with 1 / err^2. As the shared-phase model of VanderPlas & Ivezic 2015, ApJ 812, 18, in which each band has
    an offset and all have one shape: colours that change with time are scatter in it.
    """
    counts = np.diff(curves.offsets)
    curve = np.repeat(np.arange(len(counts)), counts)
    owner = curve // curves.n_bands
    kept = np.flatnonzero(counts[curve] >= LEAST)
    order = kept[np.lexsort((curves.time[kept], owner[kept]))]
    n_points = np.bincount(owner[kept], minlength=len(curves))
    starts = np.concatenate([[0], np.cumsum(n_points)]).astype(np.int64)
    return Curves(
        offsets=starts,
        time=curves.time[order],
        mag=_moved(curves.mag, curves.err, curve, owner)[order],
        err=curves.err[order],
        diff_mag=_moved(curves.diff_mag, curves.diff_err, curve, owner)[order],
        diff_err=curves.diff_err[order],
        sign=curves.sign[order],
        real_bogus=curves.real_bogus[order],
        limit_offsets=np.zeros_like(starts),
        limit_time=np.empty(0),
        limit_mag=np.empty(0),
        corrected=curves.corrected,
        n_bands=1,
    )


def _moved(mag: Floats, err: Floats, curve: Ints, owner: Ints) -> Floats:
    return mag - _mean(mag, err, curve) + _mean(mag, err, owner)


def _mean(mag: Floats, err: Floats, group: Ints) -> Floats:
    """The weighted mean of the known magnitudes of each point's group."""
    weight = np.where(np.isfinite(mag) & (err > 0), err, np.inf) ** -2.0
    total = np.bincount(group, weight)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.bincount(group, weight * np.nan_to_num(mag)) / total)[group])
