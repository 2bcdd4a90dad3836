"""ZTF: its alert packets, schema 0 (2016) to 4.02, in the common view.

Choices that the packets leave open:

- An exposure is its start, `jd` to 1e-6 day (0.09 s), compared from neighbour to neighbour. It agrees one to one with
  `pid` without the readout quadrant in every real packet, and stands in forced photometry too.
- History rows carry no exposure time: 30 s, but the alert's own for points of the alert's exposure.
- Light curves carry `rb`, which history has, and not `drb`, which only the alert has: one scale per light curve.
- A forced point whose `procstatus` speaks against it stays, with that word in `lc_flag` and its flux in
  `lc_flux_flagged`; `lc_flux` and the modules do without it.
- Public is what program 1 took (`programid`): an alert, and every point of its history by its own program.
- A flag is NULL where a value that decides it is missing; `rb` below 0.55 alone makes `quality_ok` false.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.surveys import ztf_fields
from jobs.pipeline.surveys.designations import unpack
from jobs.pipeline.surveys.history import flags, floats, letters
from jobs.pipeline.surveys.sky import ecliptic_latitude, galactic
from jobs.pipeline.surveys.survey import AdapterResult, Survey
from jobs.pipeline.surveys.times import MJD_ZERO, night_of_utc_date
from jobs.pipeline.surveys.ztf_light_curve import LightCurve, first_detection, light_curve, light_curve_columns
from jobs.pipeline.surveys.ztf_points import (
    DETECTION,
    PUBLIC_PROGRAM,
    UPPER_LIMIT,
    child,
    numbers,
    usable_error,
    usable_magnitude,
    usable_score,
)
from jobs.pipeline.surveys.ztf_reference import stellar
from jobs.pipeline.surveys.ztf_refusals import refusals
from science_modules.common.view import BANDS, CUTOUTS, VIEW

Columns = dict[str, pa.Array]

MIN_RB = 0.55
MAX_SSO_ARCSEC = 5.0


def view(packets: pa.StructArray, schema_versions: list[str], now_mjd: float) -> AdapterResult:
    """ZTF packets in the common view.

    Parameters
    ----------
    packets : pyarrow.StructArray
        n packets of type ztf_fields.PACKET.
    schema_versions : list of str, length n
        What each writer schema says of itself; where it is empty, the packet's `schemavsn` is taken.
    now_mjd : float
        When the batch was planned, MJD TAI.

    Returns
    -------
    AdapterResult
        One row per packet; refused are packets without ids, time or position, and those from impossible times.
    """
    candidate = child(packets, "candidate")
    curve = light_curve(packets)
    columns = {
        **_identity(packets),
        **_position_and_time(candidate, curve),
        **_photometry(candidate, curve),
        **_scores(candidate),
        **_counts(candidate, curve),
        **_solar_system(candidate),
        **light_curve_columns(curve),
        **_cutouts(packets),
    }
    tail = {"candidate": candidate, "schema_version": _schema_versions(packets, schema_versions)}
    table = pa.table([columns[field.name] for field in _FIELDS] + list(tail.values()), schema=_SCHEMA)
    return AdapterResult(table, refusals(packets, columns, now_mjd))


_FIELDS = [column.field for column in VIEW + CUTOUTS]
_SCHEMA = pa.schema([*_FIELDS, pa.field("candidate", ztf_fields.CANDIDATE), pa.field("schema_version", pa.string())])


def _identity(packets: pa.StructArray) -> Columns:
    publisher = pc.utf8_lower(child(packets, "publisher"))
    return {
        "survey": pa.repeat("ztf", len(packets)),
        "alert_id": child(packets, "candid"),
        "object_id": child(packets, "objectId"),
        "is_simulated": pc.fill_null(pc.match_substring(publisher, "simulat"), False),
        "is_public": pc.equal(child(child(packets, "candidate"), "programid"), PUBLIC_PROGRAM),
    }


def _position_and_time(candidate: pa.StructArray, curve: LightCurve) -> Columns:
    ra, dec = numbers(candidate, "ra"), numbers(candidate, "dec")
    gal_l, gal_b = galactic(ra, dec)
    night = night_of_utc_date(numbers(candidate, "jd") - MJD_ZERO)
    return {
        "ra": floats(ra),
        "dec": floats(dec),
        "gal_l": floats(gal_l),
        "gal_b": floats(gal_b),
        "ecl_lat": floats(ecliptic_latitude(ra, dec)),
        "mjd": floats(curve.mjd[curve.alert]),
        "night": pa.array(night, mask=night == 0),
    }


def _photometry(candidate: pa.StructArray, curve: LightCurve) -> Columns:
    points, total, alert = curve.points.take(curve.alert), curve.total, curve.alert
    known = np.isfinite(points.flux)
    return {
        "band": letters(points.band, BANDS),
        "flux": floats(points.flux),
        "flux_err": floats(points.flux_err),
        "mag": floats(np.where(known, usable_magnitude(numbers(candidate, "magpsf")), np.nan)),
        "mag_err": floats(np.where(known, usable_error(numbers(candidate, "sigmapsf")), np.nan)),
        "is_positive": flags(points.flux > 0, known),
        "flux_total": floats(total.flux[alert]),
        "flux_total_err": floats(total.err[alert]),
        "flux_total_err_point": floats(total.err_point[alert]),
        "corrected": flags(total.corrected[alert], total.corrected_known[alert]),
        "dubious": flags(curve.dubious[alert], curve.dubious_known[alert]),
        "stellar": stellar(candidate),
    }


def _scores(candidate: pa.StructArray) -> Columns:
    rb = floats(usable_score(numbers(candidate, "rb")))
    unspoilt = pc.equal(child(candidate, "nbad"), 0)
    return {
        "real_bogus": floats(usable_score(numbers(candidate, "drb"))),
        "quality_ok": pc.and_kleene(pc.greater_equal(rb, MIN_RB), unspoilt),
    }


def _counts(candidate: pa.StructArray, curve: LightCurve) -> Columns:
    detected = curve.points.kind == DETECTION
    first = first_detection(curve, numbers(candidate, "jdstarthist"))
    return {
        "n_detections": pa.array(curve.count(detected)),
        "n_positive": pa.array(curve.count(detected & (curve.points.flux > 0))),
        "n_detections_survey": child(candidate, "ndethist"),
        "first_detection_mjd": floats(first),
        "age_days": floats(curve.mjd[curve.alert] - first),
        "last_limit_mjd": floats(curve.last_mjd(UPPER_LIMIT)),
        "n_bad_history": pa.array(curve.n_bad),
        "n_flagged_points": pa.array(curve.count(curve.points.flagged)),
    }


def _solar_system(candidate: pa.StructArray) -> Columns:
    distance, name = (numbers(candidate, "ssdistnr"), child(candidate, "ssnamenr"))
    near = flags((distance >= 0) & (distance <= MAX_SSO_ARCSEC), ~np.isnan(distance))
    named = pc.invert(pc.is_in(pc.utf8_trim_whitespace(name), value_set=pa.array(["null", ""])))
    named = pc.if_else(pc.is_valid(name), named, None)
    known = pc.if_else(pc.is_valid(near), pc.and_kleene(near, named), None)
    return {
        "is_known_sso": known,
        "sso_name": unpack(pc.if_else(known, name, None)),
        "sso_distance_arcsec": pc.if_else(known, floats(distance), None),
    }


def _cutouts(packets: pa.StructArray) -> Columns:
    names = {name: "cutout" + name.removeprefix("cutout_").capitalize() for name in (c.name for c in CUTOUTS)}
    return {name: child(child(packets, published), "stampData") for name, published in names.items()}


def _schema_versions(packets: pa.StructArray, writer: list[str]) -> pa.StringArray:
    of_writer, of_packet = (pa.array(writer, pa.string()), child(packets, "schemavsn"))
    return pc.if_else(pc.equal(of_writer, ""), pc.fill_null(of_packet, ""), of_writer)


ZTF = Survey(
    name="ztf",
    packet_type=ztf_fields.PACKET,
    candidate=ztf_fields.CANDIDATE,
    matches=ztf_fields.is_ztf_schema,
    view=view,
    sentinels=ztf_fields.SENTINELS,
)
