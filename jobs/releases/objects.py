"""What a release's reader gives: objects with their points, flat, before they are joined, sorted and put in the view."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.common.view import LIGHT_CURVE, Column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PER_OBJECT = ("ra", "dec", "catalogue", "n_dropped", "resolution_s")
TOTAL, DIFFERENCE, BOTH = "total", "difference", "both"
# The points' columns are those of the light curve, without the prefix, one value per point.
POINT_TYPES = {column.name.removeprefix("lc_"): column.type.value_type for column in LIGHT_CURVE}
PROCSTATUS = "procstatus"
_STR, _I32, _F64 = pa.string(), pa.int32(), pa.float64()
# What stands in `release` of each point of forced photometry, in the order of lc_mjd.
OF_POINTS = {PROCSTATUS: _STR, "baseline": _F64, "baseline_scale": _F64, "n_baseline": _I32, "no_baseline": _STR}
POINT_TYPES |= OF_POINTS

RELEASE = pa.struct(
    [
        Column(
            "format", _STR, "", "how the release was written: ztf_dr, forced, archive, elasticc, plain or hats"
        ).field,
        Column("flux_kind", _STR, "", "total: the source itself; difference; both: the alerts' own correction").field,
        Column("source_ids", pa.list_(_STR), "", "the release's objects that are this star, the first named it").field,
        Column("time_resolution_s", _F64, "s", "step of the published times at the last epoch").field,
        Column("n_dropped", _I32, "", "epochs left out as bad: flags of the release, or no number").field,
        Column("n_copies", _I32, "", "points left out as copies of another").field,
        Column("procstatus", pa.list_(_STR), "", "forced photometry: the survey's word on each point, as lc_mjd").field,
        Column("baseline", pa.list_(_F64), "nJy", "with --baseline: what was subtracted from each point's flux").field,
        Column("baseline_scale", pa.list_(_F64), "", "with --baseline: what its error was multiplied with").field,
        Column("n_baseline", pa.list_(_I32), "", "with --baseline: quiescent epochs of its field, CCD, quadrant").field,
        Column("no_baseline", pa.list_(_STR), "", "with --baseline: why nothing was subtracted from a point").field,
    ]
)


@dataclass(frozen=True)
class Objects:
    """n objects of a release, as published: one may be a part of a star, or of a light curve that several files hold.

    Attributes
    ----------
    name : pyarrow.StringArray, length n
    ra, dec : numpy.ndarray of float64, shape (n,)
        ICRS [deg]; NaN where the release gives none.
    owner : numpy.ndarray of int64, shape (n_points,)
        The object of each point, in no order.
    points : pyarrow.Table
        A row per point: `mjd` (TAI [d]), `band`, `kind` and others of POINT_TYPES; what is not there is NULL. Texts may be
        dictionaries.
    flux_kind : str
        TOTAL, DIFFERENCE or BOTH.
    catalogue : numpy.ndarray of int64, shape (n,)
        Objects of one number cannot be one star; all 0 where a name says which is which.
    n_dropped : numpy.ndarray of int64, shape (n,)
        Epochs left out as bad.
    resolution_s : numpy.ndarray of float64, shape (n,)
        Step of the published times [s].
    """

    name: pa.Array
    ra: Floats
    dec: Floats
    owner: Ints
    points: pa.Table
    flux_kind: str
    catalogue: Ints
    n_dropped: Ints
    resolution_s: Floats

    def __len__(self) -> int:
        return len(self.name)

    def take(self, rows: Ints) -> "Objects":
        """Some of the objects, with their points.

        Parameters
        ----------
        rows : numpy.ndarray of int64
            Each once, in the order in which they will be.
        """
        place = np.full(len(self), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        owner = place[self.owner]
        kept = owner >= 0
        # Points are in no order: where all stay, none is copied.
        points = self.points if kept.all() else self.points.take(pa.array(np.flatnonzero(kept)))
        arrays = {each: getattr(self, each)[rows] for each in _PER_OBJECT}
        return replace(
            self,
            name=self.name.take(pa.array(rows)),
            owner=owner[kept],
            points=points,
            **arrays,
        )


def concatenated(parts: Sequence[Objects]) -> Objects:
    """The objects of several files, those of the first file first.

    Parameters
    ----------
    parts : sequence of Objects
        One at least, of one kind of flux.

    Raises
    ------
    ValueError
        If they are of two kinds of flux: those are never mixed.
    """
    kinds = sorted({part.flux_kind for part in parts})
    if len(kinds) > 1:
        raise ValueError(f"a light curve is of one kind of flux, found {' and '.join(kinds)}")
    starts = np.cumsum([0, *(len(part) for part in parts)])
    arrays = {each: np.concatenate([getattr(part, each) for part in parts]) for each in _PER_OBJECT}
    return Objects(
        name=pa.concat_arrays([part.name for part in parts]),
        owner=np.concatenate([part.owner + start for part, start in zip(parts, starts[:-1], strict=True)]),
        points=pa.concat_tables([part.points for part in parts], promote_options="default")
        .unify_dictionaries()
        .combine_chunks(),
        flux_kind=kinds[0],
        **arrays,
    )
