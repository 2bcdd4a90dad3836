"""The alerts and objects of a circle on the sky, nearest first, of segments of the index.

Distances are measured for all alerts that may be in the circle, from the index's positions; summaries are read only for
those of the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.archive.position import Cone
from jobs.index.orders import Ints
from jobs.index.segment import Segment
from jobs.index.zones import circle_ranges
from jobs.lookup.paging import Key
from jobs.lookup.questions import N_ALERTS, SEPARATION
from jobs.store.summary import summary_schema

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Near:
    """Alerts in a circle: which segment and row each is, and how far from the centre [arcsec]; shape (n,) each."""

    segments: Sequence[Segment]
    segment: Ints
    row: Ints
    separation: Floats

    @classmethod
    def of(cls, segments: Sequence[Segment], circle: Cone) -> "_Near":
        ranges = circle_ranges(circle.ra, circle.dec, circle.radius_arcsec / 3600.0)
        parts = [_inside(segment, circle, ranges) for segment in segments]
        number = np.repeat(np.arange(len(parts)), [len(rows) for rows, _ in parts])
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in parts)])
        return cls(segments, number, rows, np.concatenate([np.zeros(0), *(each for _, each in parts)]))

    def numbers(self, name: str) -> np.ndarray:
        """A number of each, as the segments have it."""
        parts = [each.numbers(name, self.row[self.segment == at]) for at, each in enumerate(self.segments)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def summaries(self, chosen: Ints) -> pa.Table:
        """The summaries of some, in their order."""
        tables, places = [summary_schema().empty_table()], []
        for at in np.unique(self.segment[chosen]).tolist():
            own = np.flatnonzero(self.segment[chosen] == at)
            tables.append(self.segments[at].summaries(self.row[chosen[own]]))
            places.append(own)
        order = np.argsort(np.concatenate([np.zeros(0, np.int64), *places]))
        return pa.concat_tables(tables).take(pa.array(order))


def nearest_alerts(segments: Sequence[Segment], circle: Cone, begin: Key | None, limit: int) -> pa.Table:
    """The next alerts of a circle behind a row of the answer, one more than the limit if there are, and perhaps others.

    Parameters
    ----------
    segments : sequence of Segment
    circle : Cone
    begin : tuple or None
        The last row of the page before.
    limit : int

    Returns
    -------
    pyarrow.Table
        Summaries with `separation_arcsec`, in no order.
    """
    near = _Near.of(segments, circle)
    chosen = _next(near.separation, begin, limit)
    return near.summaries(chosen).append_column(SEPARATION, pa.array(near.separation[chosen]))


def nearest_objects(segments: Sequence[Segment], circle: Cone, begin: Key | None, limit: int) -> pa.Table:
    """The next objects of a circle behind a row of the answer, one more than the limit if there are, and perhaps others.

    Parameters
    ----------
    segments : sequence of Segment
    circle : Cone
    begin : tuple or None
        The last row of the page before.
    limit : int

    Returns
    -------
    pyarrow.Table
        Summaries of the newest alert in the circle (of one mjd that with the least alert_id), with `separation_arcsec`
        of the nearest and `n_alerts`; in no order.
    """
    near = _Near.of(segments, circle)
    names, of = np.unique(near.numbers("hash"), return_inverse=True)
    mjd = np.nan_to_num(near.numbers("mjd"), nan=-np.inf)
    nearest, newest = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(nearest, of, near.separation)
    np.maximum.at(newest, of, mjd)
    wanted = np.zeros(len(names), bool)
    wanted[_next(nearest, begin, limit)] = True
    chosen = np.flatnonzero(wanted[of] & (mjd == newest[of]))
    rows = near.summaries(chosen)
    alert_ids = rows["alert_id"].to_numpy()
    order = np.lexsort((alert_ids, of[chosen]))
    first = order[np.unique(of[chosen][order], return_index=True)[1]]
    which = of[chosen[first]]
    return (
        rows.take(pa.array(first))
        .append_column(SEPARATION, pa.array(nearest[which]))
        .append_column(N_ALERTS, pa.array(np.bincount(of, minlength=len(names))[which].astype(np.int64)))
    )


def _inside(segment: Segment, circle: Cone, ranges: tuple[Floats, Floats]) -> tuple[Ints, Floats]:
    rows = segment.in_ranges(*ranges)
    separation = circle.distances(segment.numbers("ra", rows), segment.numbers("dec", rows))
    inside = separation <= circle.radius_arcsec
    return rows[inside], separation[inside]


def _next(separation: Floats, begin: Key | None, limit: int) -> Ints:
    """The nearest behind a separation: one more than the limit, and all that are as far as the last or as the first."""
    left = np.arange(len(separation)) if begin is None else np.flatnonzero(separation >= begin[0])
    many = limit + 1 + (0 if begin is None else int(np.sum(separation == begin[0])))
    if len(left) <= many:
        return left
    farthest = np.partition(separation[left], many - 1)[many - 1]
    return np.asarray(left[separation[left] <= farthest])
