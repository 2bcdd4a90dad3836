"""Points and objects that are there twice."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.pipeline.surveys.history import numbered_runs
from jobs.releases.objects import Ints, Objects

# Two exposures are further apart than this; copies of one in two packets differ by less.
SAME_EXPOSURE_DAYS = 5.0 / 86400
PACKET_MJD = "packet_mjd"  # of the alert that a point was sent with
_MEASURED = ("flux", "flux_err", "flux_total", "flux_total_err")


def copies(objects: Objects, star: Ints) -> NDArray[np.bool_]:
    """Which points are copies of another point of their star.

    Of alerts: of one exposure, band and kind the newest packet's point stays. Else: points that are equal in everything.

    Parameters
    ----------
    objects : Objects
        With `packet_mjd` among the points' columns where they are of alerts.
    star : numpy.ndarray of int64, shape (len(objects),)
        The star of each object.

    Returns
    -------
    numpy.ndarray of bool, shape (n_points,)
    """
    points, mjd = objects.points, objects.points["mjd"].to_numpy()
    series = (star[objects.owner] * 64 + _codes(points, "band")) * 8 + _codes(points, "kind")
    if PACKET_MJD not in points.column_names:
        return _equal(points, series, mjd)
    newest = points[PACKET_MJD].to_numpy()
    exposure = numbered_runs(series, mjd, SAME_EXPOSURE_DAYS)
    order = np.lexsort((np.arange(len(mjd)), -newest, exposure))
    return _but_first(order, exposure[order])


def repeated_names(names: pa.Array) -> NDArray[np.bool_]:
    """Which names were there before.

    Parameters
    ----------
    names : pyarrow.StringArray, length n
    """
    _, first = np.unique(names.to_numpy(zero_copy_only=False).astype(str), return_index=True)
    again = np.ones(len(names), dtype=bool)
    again[first] = False
    return again


def _codes(points: pa.Table, name: str) -> Ints:
    """A text column as small numbers; NULL is 0."""
    codes = points[name].combine_chunks()
    codes = codes if pa.types.is_dictionary(codes.type) else codes.dictionary_encode()
    known = np.asarray(codes.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return known + 1


def _equal(points: pa.Table, series: Ints, mjd: NDArray[np.float64]) -> NDArray[np.bool_]:
    values = [points[name].to_numpy() for name in _MEASURED if name in points.column_names]
    keys = np.column_stack([series.astype(np.float64), mjd, *values]).astype(np.float64)
    keys = np.ascontiguousarray(np.where(np.isnan(keys), 1e300, keys))
    order = np.lexsort((np.arange(len(mjd)), *keys.T[::-1]))
    same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    found = np.zeros(len(mjd), dtype=bool)
    found[order[1:]] = same
    return found


def _but_first(order: Ints, group: Ints) -> NDArray[np.bool_]:
    found = np.zeros(len(order), dtype=bool)
    found[order[1:]] = group[1:] == group[:-1]
    return found
