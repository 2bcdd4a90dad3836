"""Objects of a release in the common view: one row per star, what a packet alone has is NULL.

A row has no alert: `alert_id`, the measurement (`flux`, `mag`, `band`, ...), `candidate` and the cutouts are NULL. Its light
curve is all good points of all years, equal times kept. `mjd` is the last point, `n_detections` and the ages count over all of
it. A release of total fluxes fills `lc_flux_total` and leaves `lc_flux` NULL, one of differences the other way round, so that
no module can mix the two: modules choose by `corrected`.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.pipeline.surveys.history import as_lists, flags, floats, offsets_of
from jobs.pipeline.surveys.sky import ecliptic_latitude, galactic
from jobs.releases.cells import FINE_ORDER, healpix
from jobs.releases.objects import BOTH, OF_POINTS, POINT_TYPES, RELEASE, TOTAL, Floats, Ints, Objects
from science_modules.common.view import LC_KINDS, LIGHT_CURVE, VIEW, Column

HEALPIX = Column("_healpix_29", pa.int64(), "", "HEALPix index of the position, order 29, NESTED; the files' order")
VIEW_SCHEMA = pa.schema(
    [
        HEALPIX.field,
        *(column.field for column in VIEW),
        Column("release", RELEASE, "", "where the object is from").field,
    ]
)
_LISTS = [column.name for column in LIGHT_CURVE]
WITHOUT_POINTS = pa.schema([field for field in VIEW_SCHEMA if field.name not in _LISTS])
_DETECTION, _, _LIMIT = (LC_KINDS.index(kind) for kind in LC_KINDS)


@dataclass(frozen=True)
class Stars:
    """n stars of a release: objects that belong together, points by star and time.

    Attributes
    ----------
    objects : Objects
        All of them.
    first : numpy.ndarray of int64, shape (n,)
        Each star's first object, which names and places it; ascending.
    star : numpy.ndarray of int64, shape (len(objects),)
        The star of each object.
    order : numpy.ndarray of int64, shape (n_points,)
        The points that stay, by star and time.
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Star i owns order[offsets[i]:offsets[i + 1]].
    n_copies : numpy.ndarray of int64, shape (n,)
        Points left out as copies.
    """

    objects: Objects
    first: Ints
    star: Ints
    order: Ints
    offsets: Ints
    n_copies: Ints

    def __len__(self) -> int:
        return len(self.first)


def grouped(objects: Objects, of: Ints, copies: NDArray[np.bool_] | None = None) -> Stars:
    """Objects as stars.

    Parameters
    ----------
    objects : Objects
        The n objects.
    of : numpy.ndarray of int64, shape (n,)
        The first object of each one's star.
    copies : numpy.ndarray of bool, shape (n_points,), optional
        Points that are left out.
    """
    first, star = np.unique(of, return_inverse=True)
    kept = np.arange(len(objects.owner)) if copies is None else np.flatnonzero(~copies)
    mjd = objects.points["mjd"].to_numpy()
    owner = star[objects.owner]
    order = kept[np.lexsort((mjd[kept], owner[kept]))]
    left = np.zeros(len(first), np.int64) if copies is None else np.bincount(owner[copies], minlength=len(first))
    return Stars(objects, first, star, order, offsets_of(owner[order], len(first)), left)


def view(stars: Stars, rows: Ints, survey: str, release: str, simulated: bool, public: bool | None) -> pa.Table:
    """Some stars in the common view.

    Parameters
    ----------
    stars : Stars
        Of a release.
    rows : numpy.ndarray of int64
        Which of them, in any order.
    survey, release : str
        Whose telescope; the release's format.
    simulated : bool
        Whether nothing of it was on the sky.
    public : bool or None
        Whether everybody may see it.

    Returns
    -------
    pyarrow.Table
        Of VIEW_SCHEMA, a row per star.
    """
    n, objects = len(rows), stars.objects
    chosen, offsets = _points_of(stars, rows)
    points = _plain(objects.points.take(pa.array(chosen)).combine_chunks())
    place = stars.first[rows]
    ra, dec = objects.ra[place], objects.dec[place]
    gal_l, gal_b = galactic(ra, dec)
    found = {
        "_healpix_29": _healpix(ra, dec),
        "survey": pa.repeat(survey, n),
        "object_id": objects.name.take(pa.array(place)),
        **{"ra": floats(ra), "dec": floats(dec), "gal_l": floats(gal_l), "gal_b": floats(gal_b)},
        "ecl_lat": floats(ecliptic_latitude(ra, dec)),
        "corrected": _corrected(objects, points, offsets),
        "quality_ok": pa.array(np.diff(offsets) > 0),
        "is_simulated": pa.repeat(simulated, n),
        "is_public": pa.repeat(pa.scalar(public, pa.bool_()), n),
        **_summary(objects, points, offsets),
        "release": _release(stars, rows, points, offsets, release),
        **_lists(points, offsets),
    }
    arrays = [found[each.name] if each.name in found else pa.nulls(n, each.type) for each in VIEW_SCHEMA]
    return pa.table(arrays, schema=VIEW_SCHEMA)


def without_points(table: pa.Table) -> pa.Table:
    """Stars without their light curves, and without what the survey said of each point.

    Parameters
    ----------
    table : pyarrow.Table
        Of `view`, with any further columns.
    """
    release = table["release"].combine_chunks()
    fields = dict(zip(RELEASE.names, release.flatten(), strict=True))
    fields |= {name: pa.nulls(len(release), RELEASE.field(name).type) for name in OF_POINTS}
    place = table.schema.get_field_index("release")
    shorn = pa.StructArray.from_arrays(list(fields.values()), fields=list(RELEASE))
    return table.set_column(place, VIEW_SCHEMA.field("release"), shorn).drop_columns(_LISTS)


def _points_of(stars: Stars, rows: Ints) -> tuple[Ints, Ints]:
    """The points of some stars, one star after the other, and where each star's begin."""
    counts = np.diff(stars.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    places = np.repeat(stars.offsets[rows] - offsets[:-1], counts) + np.arange(offsets[-1])
    return stars.order[places], offsets


def _plain(points: pa.Table) -> pa.Table:
    """The points with texts for dictionaries of texts."""
    for place, name in enumerate(points.column_names):
        if pa.types.is_dictionary(points[name].type):
            texts = points[name].combine_chunks().dictionary_decode()
            points = points.set_column(place, name, texts)
    return points


def _healpix(ra: Floats, dec: Floats) -> pa.Array:
    index = healpix(ra, dec, FINE_ORDER)
    return pa.array(index, mask=index < 0)


def _corrected(objects: Objects, points: pa.Table, offsets: Ints) -> pa.Array:
    """Whether `flux_total` is what there is; of alerts, whether their newest point with a word on it is corrected."""
    n = len(offsets) - 1
    if objects.flux_kind != BOTH:
        return pa.repeat(objects.flux_kind == TOTAL, n)
    owner, said = np.repeat(np.arange(n), np.diff(offsets)), points["corrected"].combine_chunks()
    known = np.flatnonzero(pc.and_(said.is_valid(), _is_kind(points, _DETECTION)).to_numpy(zero_copy_only=False))
    newest = np.full(n, -1, dtype=np.int64)
    newest[owner[known]] = known  # of several the last assignment stays
    return said.take(pa.array(newest, mask=newest < 0))


def _is_kind(points: pa.Table, kind: int) -> pa.Array:
    return pc.fill_null(pc.equal(points["kind"].combine_chunks(), LC_KINDS[kind]), False)


def _summary(objects: Objects, points: pa.Table, offsets: Ints) -> dict[str, pa.Array]:
    """Counts and times over the whole light curve."""
    n = len(offsets) - 1
    owner, mjd = np.repeat(np.arange(n), np.diff(offsets)), points["mjd"].to_numpy()
    detected = np.asarray(_is_kind(points, _DETECTION).to_numpy(zero_copy_only=False))
    limits = np.asarray(_is_kind(points, _LIMIT).to_numpy(zero_copy_only=False))
    first, last = _times(owner[detected][::-1], mjd[detected][::-1], n), _times(owner[~limits], mjd[~limits], n)
    return {
        "mjd": floats(last),
        "first_detection_mjd": floats(first),
        "age_days": floats(last - first),
        "last_limit_mjd": floats(_times(owner[limits], mjd[limits], n)),
        "n_detections": pa.array(np.bincount(owner[detected], minlength=n), pa.int32()),
        "n_positive": _positive(objects, points, owner, detected, n),
        "n_flagged_points": pa.array(_flagged(points, owner, n), pa.int32()),
    }


def _times(owner: Ints, mjd: Floats, n: int) -> Floats:
    """The time of the last of each star's points, in the order in which they are given."""
    times = np.full(n, np.nan)
    times[owner] = mjd
    return times


def _positive(objects: Objects, points: pa.Table, owner: Ints, detected: NDArray[np.bool_], n: int) -> pa.Array:
    if objects.flux_kind == TOTAL:  # a sign is a difference's
        return pa.nulls(n, pa.int32())
    positive = pc.fill_null(pc.greater(points["flux"], 0.0), False).to_numpy()
    return pa.array(np.bincount(owner[detected & positive], minlength=n), pa.int32())


def _flagged(points: pa.Table, owner: Ints, n: int) -> Ints:
    if "flag" not in points.column_names:
        return np.zeros(n, dtype=np.int64)
    return np.bincount(owner[points["flag"].is_valid().to_numpy()], minlength=n)


def _release(stars: Stars, rows: Ints, points: pa.Table, offsets: Ints, release: str) -> pa.StructArray:
    n, objects = len(rows), stars.objects
    row_of = np.full(len(stars), -1, dtype=np.int64)
    row_of[rows] = np.arange(n)
    own = np.flatnonzero(row_of[stars.star] >= 0)
    own = own[np.argsort(row_of[stars.star[own]], kind="stable")]
    star = row_of[stars.star[own]]
    dropped = np.bincount(star, weights=objects.n_dropped[own], minlength=n).astype(np.int64)
    resolution = np.full(n, np.nan)
    np.fmax.at(resolution, star, objects.resolution_s[own])
    fields = [
        pa.repeat(release, n),
        pa.repeat(objects.flux_kind, n),
        as_lists(offsets_of(star, n), objects.name.take(pa.array(own))),
        floats(resolution),
        pa.array(dropped, pa.int32()),
        pa.array(stars.n_copies[rows], pa.int32()),
        *(_of_points(points, offsets, name) for name in OF_POINTS),
    ]
    return pa.StructArray.from_arrays(fields, fields=list(RELEASE))


def _of_points(points: pa.Table, offsets: Ints, name: str) -> pa.Array:
    if name not in points.column_names:
        return pa.nulls(len(offsets) - 1, pa.list_(OF_POINTS[name]))
    return as_lists(offsets, points[name].combine_chunks())


def _lists(points: pa.Table, offsets: Ints) -> dict[str, pa.Array]:
    made = {}
    for column in LIGHT_CURVE:
        name = column.name.removeprefix("lc_")
        there = name in points.column_names
        values = points[name].combine_chunks() if there else pa.nulls(points.num_rows, POINT_TYPES[name])
        if name == "corrected" and not there:
            values = flags(*_has_total(points))
        made[column.name] = as_lists(offsets, values)
    return made


def _has_total(points: pa.Table) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a point has a total flux; known of every point: a release says which kind it has."""
    total = points["flux_total"].is_valid().to_numpy() if "flux_total" in points.column_names else None
    known = np.ones(points.num_rows, dtype=bool)
    return (np.zeros(points.num_rows, dtype=bool) if total is None else total), known
