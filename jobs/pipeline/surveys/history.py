"""Points of many alerts, flat: one point per exposure, time order, and Arrow lists again."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def best_per_group(group: tuple[NDArray[np.generic], ...], preference: tuple[NDArray[np.generic], ...]) -> Integers:
    """One point of each group: the one that sorts first by `preference`, the earlier in the packet if all are equal.

    Parameters
    ----------
    group : tuple of numpy.ndarray, shape (n_points,)
        Points that are equal in all of these are one group: alert, kind, exposure, band.
    preference : tuple of numpy.ndarray, shape (n_points,)
        The smallest value is kept, the first array decides before the next; NaN is the largest.

    Returns
    -------
    numpy.ndarray of int64, shape (n_groups,)
        Indices of the kept points.
    """
    order = np.lexsort(group)
    starts = np.zeros(len(order), dtype=bool)
    starts[:1] = True
    for key in group:
        ordered = key[order]
        starts[1:] |= ordered[1:] != ordered[:-1]
    kept: Integers = order[starts]
    alone = starts & np.append(starts[1:], True)[: len(order)]
    if not alone.all():  # few points share their group, and preferences are looked at for those alone
        run = np.cumsum(starts)[~alone] - 1
        rivals = order[~alone]
        ranked = np.lexsort((*(key[rivals] for key in reversed(preference)), run))
        best = np.diff(run[ranked], prepend=-1) != 0
        kept[run[ranked][best]] = rivals[ranked][best]
    return kept


def numbered_runs(series: Integers, values: Floats, tolerance: float) -> Integers:
    """The number of each point's run: equal `series`, and values no further from their neighbour than `tolerance`.

    Neighbours are compared, not bins of values: two that are one bit apart are never told apart by the edge of a bin.

    Parameters
    ----------
    series : numpy.ndarray of int64, shape (n_points,)
        Points of different series are of different runs.
    values : numpy.ndarray of float64, shape (n_points,)
        Finite.
    tolerance : float
        In the unit of `values`.

    Returns
    -------
    numpy.ndarray of int64, shape (n_points,)
    """
    order = np.lexsort((values, series))
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = (np.diff(series[order]) != 0) | (np.diff(values[order]) > tolerance)
    runs = np.empty(len(order), dtype=np.int64)
    runs[order] = np.cumsum(starts)
    return runs


def offsets_of(owner: Integers, n_alerts: int) -> Integers:
    """Where each alert's points begin, for points sorted by owner.

    Parameters
    ----------
    owner : numpy.ndarray of int64, shape (n_points,)
        Row of each point's alert, ascending.
    n_alerts : int
        Alerts without points included.

    Returns
    -------
    numpy.ndarray of int64, shape (n_alerts + 1,)
        The last is n_points.
    """
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_alerts))]).astype(np.int64)


def first_of_each(key: Integers) -> tuple[Integers, Integers]:
    """The first point with each key.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (n_points,)
        Equal for points that belong together.

    Returns
    -------
    first : numpy.ndarray of int64, shape (n_keys,)
        Its index, by ascending key.
    number : numpy.ndarray of int64, shape (n_points,)
        Number of each point's key in `first`.
    """
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse


def as_lists(offsets: Integers, values: pa.Array) -> pa.ListArray:
    """One Arrow list per alert.

    Parameters
    ----------
    offsets : numpy.ndarray of int64, shape (n_alerts + 1,)
        As `offsets_of` gives them.
    values : pyarrow.Array, length n_points
        In the order of the points.
    """
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def floats(values: Floats) -> pa.Array:
    """Numbers as Arrow, NULL for NaN.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
        In any unit.
    """
    return pa.array(values, type=pa.float64(), from_pandas=True)


def flags(values: NDArray[np.bool_], known: NDArray[np.bool_]) -> pa.Array:
    """Booleans as Arrow, NULL where not known.

    Parameters
    ----------
    values, known : numpy.ndarray of bool, shape (n,)
        What is not known may have any value.
    """
    return pa.array(values, type=pa.bool_(), mask=~known)


def letters(codes: NDArray[np.integer], names: tuple[str, ...]) -> pa.Array:
    """Names as Arrow by their index, NULL where it is negative.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (n,)
        Indices into `names`.
    names : tuple of str
        Bands, or kinds of points.
    """
    return pa.array(names).take(pa.array(codes, mask=codes < 0))
