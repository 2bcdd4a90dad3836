"""Rubin LSST packets, alert schemas 7.0 to 11.0, in the common view.

Where the packets leave a choice:

- Rubin's id 0 means "none"; an id that is NULL means the same, but for `is_known_sso`: a `ssObjectId` of 0 is FALSE,
  a NULL one without a Solar-system record is NULL, because it cannot be told from a schema without the association.
- `quality_ok`: a NULL flag is not set and a flag that the schema lacks is not asked (dipoles and glints since 8.0);
  if a packet answers none of them, the answer is NULL.
- `dubious` and `stellar` are NULL: they speak of a reference source, and a packet names none (`extendedness` is that of
  the difference source and stays in the candidate).
- `flux_total` is `scienceFlux`, measured directly, so one error serves resolved and unresolved sources; NULL before 8.0.
- A point with one of `lsst_fields.UNSOUND_FLAGS` stays in the light curve with their names in `lc_flag` and its flux in
  `lc_flux_flagged`; `lc_flux` and the modules do without it. The counts of detections include it.
- Every alert and point is public: Rubin's stream is the world's.
- The sign of the flux is that of `psfFlux`; `isNegative` says something else of dipoles.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.designations import unpack
from jobs.pipeline.surveys.history import flags, floats, letters
from jobs.pipeline.surveys.lsst_fields import CANDIDATE, DIA_SOURCE, EXPOSURE_FIELDS, PACKET, SENTINELS
from jobs.pipeline.surveys.lsst_history import (
    MJD_2016,
    Fields,
    Summary,
    as_columns,
    band_codes,
    children,
    errors,
    light_curve_points,
    numbers,
    scores,
    summarise,
)
from jobs.pipeline.surveys.sky import ecliptic_latitude, galactic
from jobs.pipeline.surveys.survey import AdapterResult, Survey
from jobs.pipeline.surveys.times import lsst_day_obs
from science_modules.common.photometry import magnitude_error, magnitude_of_flux
from science_modules.common.view import BANDS, CUTOUTS, VIEW

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_QUALITY_FLAGS = (
    "psfFlux_flag",
    "centroid_flag",
    "pixelFlags_saturatedCenter",
    "pixelFlags_crCenter",
    "pixelFlags_streakCenter",
    "glint_trail",
    "isDipole",
)
_INJECTED_FLAGS = ("pixelFlags_injected", "pixelFlags_injectedCenter")
_STAMPS = {
    "cutout_science": "cutoutScience",
    "cutout_template": "cutoutTemplate",
    "cutout_difference": "cutoutDifference",
}
_SCHEMA = pa.schema(
    [column.field for column in VIEW + CUTOUTS]
    + [pa.field("candidate", CANDIDATE), pa.field("schema_version", pa.string())]
)


def matches(writer_schema: Mapping[str, Any]) -> bool:
    """Whether a writer schema is a Rubin alert: a record `lsst.v<major>_<minor>.alert` with a field `diaSource`."""
    full_name = f"{writer_schema.get('namespace') or ''}.{writer_schema.get('name') or ''}".strip(".")
    fields = {field["name"] for field in writer_schema.get("fields", ())}
    return full_name.startswith("lsst.v") and full_name.endswith(".alert") and "diaSource" in fields


def view(packets: pa.StructArray, schema_versions: list[str], now_mjd: float) -> AdapterResult:
    """Rubin packets in the common view.

    Parameters
    ----------
    packets : pyarrow.StructArray, shape (n,)
        Of type `LSST.packet_type`.
    schema_versions : list of str, length n
        As the writer schemas say, e.g. "10.0".
    now_mjd : float
        When the batch was planned, MJD TAI.

    Returns
    -------
    AdapterResult
        One row per packet, in order.
    """
    packet, n = children(packets), len(packets)
    source = children(packet["diaSource"])
    points, n_bad = light_curve_points(packet, source)
    columns = (
        _identity(packet, source)
        | _place_and_time(source)
        | _photometry(source)
        | _judgements(source)
        | _history_columns(packet, source, summarise(points, n), n_bad)
        | _solar_system(packet, source)
        | as_columns(points, n)
        | {name: packet[field] for name, field in _STAMPS.items()}
        | {"candidate": _candidate(packet, source), "schema_version": pa.array(schema_versions, pa.string())}
    )
    table = pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)
    return AdapterResult(table, _refusals(source, now_mjd))


def _real_id(ids: pa.Array) -> pa.Array:
    return pc.if_else(pc.not_equal(ids, 0), ids, None)


def _named(prefix: str, ids: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(_real_id(ids), pa.string()), "")


def _ss_object_id(packet: Fields, source: Fields) -> pa.Array:
    records = [children(packet[record])["ssObjectId"] for record in ("ssSource", "ssObject")]
    # First the source's own: the record's differs by one in 2 of 25 real packets.
    return pc.coalesce(*(_real_id(ids) for ids in (source["ssObjectId"], *records)))


def _identity(packet: Fields, source: Fields) -> Fields:
    alert_id = source["diaSourceId"]
    return {
        "survey": pa.array(["lsst"] * len(alert_id), pa.string()),
        "alert_id": alert_id,
        "object_id": pc.coalesce(
            _named("", source["diaObjectId"]),
            _named("sso:", _ss_object_id(packet, source)),
            _named("src:", alert_id),
        ),
        "is_simulated": pa.array(_any_flag(source, _INJECTED_FLAGS)),
        "is_public": pa.array(np.ones(len(alert_id), dtype=bool)),
    }


def _place_and_time(source: Fields) -> Fields:
    ra, dec, mjd = (numbers(source[name]) for name in ("ra", "dec", "midpointMjdTai"))
    gal_l, gal_b = galactic(ra, dec)
    night = lsst_day_obs(mjd)
    return {
        "ra": floats(ra),
        "dec": floats(dec),
        "gal_l": floats(gal_l),
        "gal_b": floats(gal_b),
        "ecl_lat": floats(ecliptic_latitude(ra, dec)),
        "mjd": floats(mjd),
        "night": pa.array(night, mask=night == 0),
    }


def _photometry(source: Fields) -> Fields:
    flux, flux_err = numbers(source["psfFlux"]), errors(source["psfFluxErr"])
    total, total_err = numbers(source["scienceFlux"]), errors(source["scienceFluxErr"])
    return {
        "band": letters(band_codes(source["band"]), BANDS),
        "flux": floats(flux),
        "flux_err": floats(flux_err),
        "mag": floats(magnitude_of_flux(np.abs(flux))),
        "mag_err": floats(magnitude_error(flux, flux_err)),
        "is_positive": flags(flux > 0, ~np.isnan(flux)),
        "flux_total": floats(total),
        "flux_total_err": floats(total_err),
        "flux_total_err_point": floats(total_err),
        "corrected": pa.array(np.isfinite(total)),
    }


def _judgements(source: Fields) -> Fields:
    answered = np.any([np.asarray(pc.is_valid(source[name])) for name in _QUALITY_FLAGS], axis=0)
    unknown = pa.nulls(len(answered), pa.bool_())
    return {
        "dubious": unknown,
        "stellar": unknown,
        "real_bogus": floats(scores(source["reliability"])),
        "quality_ok": flags(~_any_flag(source, _QUALITY_FLAGS), answered),
    }


def _any_flag(source: Fields, names: tuple[str, ...]) -> Bools:
    is_set: Bools = np.any([np.asarray(pc.fill_null(source[name], False)) for name in names], axis=0)
    return is_set


def _history_columns(packet: Fields, source: Fields, summary: Summary, n_bad: NDArray[np.int64]) -> Fields:
    dia_object = children(packet["diaObject"])
    first = np.fmin(summary.first_detection_mjd, _survey_first(dia_object))
    return {
        "n_detections": pa.array(summary.n_detections, pa.int32()),
        "n_positive": pa.array(summary.n_positive, pa.int32()),
        "n_detections_survey": dia_object["nDiaSources"],
        "first_detection_mjd": floats(first),
        "age_days": floats(numbers(source["midpointMjdTai"]) - first),
        "last_limit_mjd": floats(summary.last_limit_mjd),
        "n_bad_history": pa.array(n_bad, pa.int32()),
        "n_flagged_points": pa.array(summary.n_flagged, pa.int32()),
    }


def _survey_first(dia_object: Fields) -> Floats:
    # NULL or NaN in every real packet so far.
    first = numbers(dia_object["firstDiaSourceMjdTai"])
    return np.where(first >= MJD_2016, first, np.nan)


def _solar_system(packet: Fields, source: Fields) -> Fields:
    named = pc.is_valid(_ss_object_id(packet, source))
    attached = pc.is_valid(packet["ssSource"])
    asked = pc.is_valid(source["ssObjectId"])
    known = pc.or_(named, attached)
    return {
        "is_known_sso": pc.if_else(pc.or_(known, asked), known, None),
        "sso_name": unpack(pc.if_else(known, _designation(packet), None)),
        "sso_distance_arcsec": floats(_ephemeris_distance(children(packet["ssSource"]), source["dec"])),
    }


def _designation(packet: Fields) -> pa.Array:
    orbit = children(packet["mpc_orbits"])
    names = (
        children(packet["ssSource"])["designation"],
        orbit["unpacked_primary_provisional_designation"],
        orbit["designation"],
        children(packet["MPCORB"])["mpcDesignation"],
    )
    return pc.coalesce(*(pc.if_else(pc.not_equal(name, ""), name, None) for name in names))


def _ephemeris_distance(ss_source: Fields, declination: pa.Array) -> Floats:
    offset = numbers(ss_source["ephOffset"])
    ra, dec = (numbers(ss_source[name]) for name in ("residualRa", "residualDec"))
    # 8.0 and 9.0 give degrees, of right ascension without a word on cos(dec), which 10.0 does speak of.
    east = ra * np.cos(np.radians(numbers(declination)))
    return np.where(np.isnan(offset), 3600 * np.hypot(east, dec), offset)


def _candidate(packet: Fields, source: Fields) -> pa.StructArray:
    of_source = [source[field.name] for field in DIA_SOURCE]
    of_exposure = [packet[name] for name in EXPOSURE_FIELDS]
    return pa.StructArray.from_arrays(of_source + of_exposure, fields=list(CANDIDATE))


def _refusals(source: Fields, now_mjd: float) -> dict[int, Refusal]:
    identity, mjd, ra, dec = (source[name] for name in ("diaSourceId", "midpointMjdTai", "ra", "dec"))
    time, latest = numbers(mjd), now_mjd + 1
    in_range = (time >= MJD_2016) & (time <= latest)
    on_sky = (numbers(ra) >= 0) & (numbers(ra) <= 360) & (np.abs(numbers(dec)) <= 90)
    no_id = ~np.asarray(pc.is_valid(_real_id(identity)))
    checks = (
        ("no_id", no_id, "a diaSourceId", (identity,)),
        ("no_time", np.isnan(time), "a finite midpointMjdTai", (mjd,)),
        ("time_out_of_range", ~in_range, f"midpointMjdTai from {MJD_2016:.5f} to {latest:.5f}", (mjd,)),
        ("no_position", ~on_sky, "ra in 0 to 360 and dec in -90 to 90 deg", (ra, dec)),
    )
    refused: dict[int, Refusal] = {}
    for reason, mask, wanted, found in checks:
        for row in np.flatnonzero(mask).tolist():
            values = ", ".join(str(array[row].as_py()) for array in found)
            refused.setdefault(row, Refusal(reason, f"wants {wanted}, found {values}", "view"))
    return refused


LSST = Survey(
    name="lsst",
    packet_type=PACKET,
    candidate=CANDIDATE,
    matches=matches,
    view=view,
    sentinels=SENTINELS,
)
