"""Light curves as rows of the common view, so that science modules read them as they read alerts."""

from typing import Any

import erfa
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.simulation.epochs import BANDS, Floats, Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.populating import object_ids
from jobs.simulation.tables.points import DETECTION, UPPER_LIMIT, Rows
from jobs.simulation.visits.survey import Survey
from science_modules.common.photometry import error_of_limit, magnitude_error, magnitude_of_flux
from science_modules.common.view import LC_KINDS, LIGHT_CURVE, SCALARS

Bools = NDArray[np.bool_]

# Of the alert's own columns those that a light curve knows; the alert is the object's last detection.
_KNOWN = (
    "survey", "alert_id", "object_id", "ra", "dec", "gal_l", "gal_b", "ecl_lat", "mjd", "band", "flux", "flux_err", "mag",
    "mag_err", "is_positive", "flux_total", "flux_total_err", "flux_total_err_point", "corrected", "dubious",
    "n_detections", "n_positive", "first_detection_mjd", "age_days", "last_limit_mjd", "is_simulated", "is_public",
)  # fmt: skip
SCHEMA = pa.schema([column.field for column in SCALARS if column.name in _KNOWN] + [c.field for c in LIGHT_CURVE])
_OWN_SOURCE = ("star", "nucleus", "quasar")  # the reference holds the source itself, not a galaxy beside it


def light_curve_table(curves: LightCurves, survey: Survey, points: Rows) -> pa.Table:
    """A row per object, with all of its light curve.

    Parameters
    ----------
    curves : LightCurves
    survey : Survey
    points : Rows
        Of n objects with a detection each.

    Returns
    -------
    pyarrow.Table, n rows
        Of SCHEMA. What a light curve does not know of an alert is absent; NULL within are alert_id, lc_real_bogus,
        lc_flag and lc_flux_flagged.
    """
    flat = _flat(curves, survey, points)
    scalars = {**_identity(curves, survey, points), **_alert(flat, points), **_counts(flat, points)}
    offsets = pa.array(points.start, pa.int32())
    arrays = [
        scalars[field.name]
        if field.name in scalars
        else pa.ListArray.from_arrays(offsets, _values(field, flat, len(points.visit)))
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _flat(curves: LightCurves, survey: Survey, points: Rows) -> dict[str, Any]:
    """The columns of the points, one after the other."""
    epochs = curves.epochs
    owner, band = epochs.object[points.visit], epochs.band[points.visit]
    corrected, reference_err = _reference(curves, survey)
    same, measured = corrected[owner, band], np.isfinite(points.flux)
    total = np.where(same & measured, points.flux + curves.reference[owner, band], np.nan)
    without = points.flux_err**2 - reference_err[owner, band] ** 2
    return {
        "mjd": epochs.mjd[points.visit],
        "band": band,
        "kind": points.kind,
        "flux": points.flux,
        "flux_err": points.flux_err,
        "flux_total": total,
        "flux_total_err": np.where(np.isfinite(total), points.flux_err, np.nan),
        "flux_total_err_point": np.where(np.isfinite(total) & (without >= 0), np.sqrt(np.abs(without)), np.nan),
        "corrected": same,
        "dubious": ~same & (np.nan_to_num(points.flux) < 0),
        "public": np.ones(len(points.visit), dtype=bool),
    }


def _reference(curves: LightCurves, survey: Survey) -> tuple[Bools, Floats]:
    """Whether the reference image shows the source itself, and its error there [nJy]; both of shape (n, 6)."""
    population = curves.population
    error = error_of_limit(survey.references(population.block.seed, population.ra, population.dec).limit)
    is_own = population.kind.counterpart in _OWN_SOURCE
    return is_own & (curves.reference > 5 * error), error


def _values(field: pa.Field, flat: dict[str, Any], n: int) -> pa.Array:
    name, kind = field.name.removeprefix("lc_"), field.type.value_type
    if name not in flat:
        return pa.nulls(n, kind)
    if name in ("band", "kind"):
        return _letters(flat[name], BANDS if name == "band" else LC_KINDS)
    if name == "dubious":
        return pa.array(flat[name], mask=flat["kind"] != DETECTION)
    return _numbers(flat[name])


def _letters(codes: Ints, words: Any) -> pa.Array:
    return pa.array(list(words), pa.string()).take(pa.array(codes))


def _numbers(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, from_pandas=True)  # NaN is NULL


def _identity(curves: LightCurves, survey: Survey, points: Rows) -> dict[str, pa.Array]:
    population, n = curves.population, len(points.objects)
    ra, dec = population.ra[points.objects], population.dec[points.objects]
    gal_l, gal_b = erfa.icrs2g(np.radians(ra), np.radians(dec))
    _, ecl_lat = erfa.eqec06(2451545.0, 0.0, np.radians(ra), np.radians(dec))
    yes = pa.array(np.ones(n, dtype=bool))
    return {
        "survey": pa.array([survey.name] * n),
        "alert_id": pa.nulls(n, pa.int64()),
        "object_id": pa.array(identifiers(curves, survey)[points.objects].astype(str)),
        "ra": pa.array(ra),
        "dec": pa.array(dec),
        "gal_l": pa.array(np.degrees(gal_l)),
        "gal_b": pa.array(np.degrees(gal_b)),
        "ecl_lat": pa.array(np.degrees(ecl_lat)),
        "is_simulated": yes,
        "is_public": yes,
    }


def identifiers(curves: LightCurves, survey: Survey) -> NDArray[np.str_]:
    """The objects' names in the common view, shape (n,).

    Parameters
    ----------
    curves : LightCurves
        Of n objects.
    survey : Survey
    """
    return np.asarray(object_ids(curves.population, "lsst" if survey.name == "lsst" else "ztf")).astype(str)


def _alert(flat: dict[str, Any], points: Rows) -> dict[str, pa.Array]:
    """What the last detection says."""
    last = _at_each(points, points.kind == DETECTION)[1]
    flux, flux_err = points.flux[last], points.flux_err[last]
    return {
        "mjd": pa.array(flat["mjd"][last]),
        "band": _letters(flat["band"][last], BANDS),
        "flux": pa.array(flux),
        "flux_err": pa.array(flux_err),
        "mag": _numbers(magnitude_of_flux(np.abs(flux))),
        "mag_err": _numbers(magnitude_error(flux, flux_err)),
        "is_positive": pa.array(flux > 0),
        **{name: _numbers(flat[name][last]) for name in ("flux_total", "flux_total_err", "flux_total_err_point")},
        **{name: pa.array(flat[name][last]) for name in ("corrected", "dubious")},
    }


def _counts(flat: dict[str, Any], points: Rows) -> dict[str, pa.Array]:
    found = points.kind == DETECTION
    first, last = _at_each(points, found)
    mjd = flat["mjd"]
    limit = np.maximum.reduceat(np.where(points.kind == UPPER_LIMIT, mjd, -np.inf), points.start[:-1])
    return {
        "n_detections": _sums(points, found),
        "n_positive": _sums(points, found & (np.nan_to_num(points.flux) > 0)),
        "first_detection_mjd": pa.array(mjd[first]),
        "age_days": pa.array(mjd[last] - mjd[first]),
        "last_limit_mjd": _numbers(np.where(np.isfinite(limit), limit, np.nan)),
    }


def _at_each(points: Rows, which: Bools) -> tuple[Ints, Ints]:
    """The first and the last point of each object where a mask is true."""
    place = np.flatnonzero(which)
    begin, end = np.searchsorted(place, points.start[:-1]), np.searchsorted(place, points.start[1:])
    return place[begin], place[end - 1]


def _sums(points: Rows, which: Bools) -> pa.Array:
    return pa.array(np.add.reduceat(which.astype(np.int32), points.start[:-1]), pa.int32())
