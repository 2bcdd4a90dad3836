"""From what an adapter reads to the common view: done once, for all surveys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.history import flags, floats, letters
from jobs.pipeline.surveys.light_curve import LightCurve, columns, corrected, dubious, first_detection, light_curve
from jobs.pipeline.surveys.placing import refusals
from jobs.pipeline.surveys.points import DETECTION, UPPER_LIMIT, no_values
from jobs.pipeline.surveys.read import Read
from jobs.pipeline.surveys.sky import ecliptic_latitude, galactic
from science_modules.common.photometry import magnitude_error, magnitude_of_flux
from science_modules.common.view import CUTOUTS, VIEW

if TYPE_CHECKING:
    from jobs.pipeline.surveys.survey import Survey

_FIELDS = [column.field for column in VIEW + CUTOUTS]


@dataclass(frozen=True)
class AdapterResult:
    """Packets of one survey in the common view.

    Attributes
    ----------
    table : pyarrow.Table
        One row per packet, in order, refused ones included (their values mean nothing): the columns of
        `view.VIEW` and `view.CUTOUTS`, `candidate` (of the survey's own type) and `schema_version` (string).
    refusals : dict of int to Refusal
        Row number to reason: no_id, no_time, time_out_of_range, no_position.
    """

    table: pa.Table
    refusals: Mapping[int, Refusal]


def assemble(survey: "Survey", read: Read, schema_versions: Sequence[str], now_mjd: float) -> AdapterResult:
    """What an adapter has read, in the common view; see `Survey.view`.

    Parameters
    ----------
    survey : Survey
        Whose adapter read them.
    read : Read
        The n packets.
    schema_versions : sequence of str, length n
        What each writer schema says of itself; "" if nothing.
    now_mjd : float
        When the batch was planned, MJD TAI [d].

    Returns
    -------
    AdapterResult
        The n rows, in order.

    Raises
    ------
    ValueError
        If the adapter gives a column that the view does not have.
    """
    n = len(read.alert_id)
    curve = light_curve(read.points, n)
    value, known = dubious(curve.points)
    is_dubious = flags(value, known)
    found = {
        "survey": pa.repeat(survey.name, n),
        "alert_id": read.alert_id,
        "object_id": read.object_id,
        **_position(read),
        **_alert(curve, survey),
        "dubious": is_dubious.take(pa.array(curve.alert)),
        **_counts(curve, read),
        **columns(curve, survey.bands, is_dubious),
        **_given(read),
    }
    night = survey.night.nights(curve.points.mjd[curve.alert], read.start_utc)
    found["night"] = pa.array(night, mask=night == 0)
    arrays = [found[each.name] if each.name in found else pa.nulls(n, each.type) for each in _FIELDS]
    tail = [pa.field("candidate", read.candidate.type), pa.field("schema_version", pa.string())]
    versions = _versions(schema_versions, read.schema_version)
    table = pa.table([*arrays, read.candidate, versions], schema=pa.schema([*_FIELDS, *tail]))
    return AdapterResult(table, refusals(read, curve.points.mjd[curve.alert], survey.published, now_mjd))


def _given(read: Read) -> Mapping[str, pa.Array]:
    unknown = sorted(set(read.columns) - {each.name for each in _FIELDS})
    if unknown:
        raise ValueError(f"an adapter gives columns of the common view, found {', '.join(unknown)}")
    return read.columns


def _position(read: Read) -> dict[str, pa.Array]:
    gal_l, gal_b = galactic(read.ra, read.dec)
    return {
        "ra": floats(read.ra),
        "dec": floats(read.dec),
        "gal_l": floats(gal_l),
        "gal_b": floats(gal_b),
        "ecl_lat": floats(ecliptic_latitude(read.ra, read.dec)),
    }


def _alert(curve: LightCurve, survey: "Survey") -> dict[str, pa.Array]:
    """The measurement that is the alert."""
    own = curve.points.take(curve.alert)
    return {
        "mjd": floats(own.mjd),
        "band": letters(own.band, survey.bands),
        "flux": floats(own.flux),
        "flux_err": floats(own.flux_err),
        "mag": floats(magnitude_of_flux(np.abs(own.flux))),
        "mag_err": floats(magnitude_error(own.flux, own.flux_err)),
        "is_positive": flags(own.flux > 0, np.isfinite(own.flux)),
        "flux_total": floats(own.flux_total),
        "flux_total_err": floats(own.flux_total_err),
        "flux_total_err_point": floats(own.flux_total_err_point),
        "corrected": corrected(own, own.corrected),
        "real_bogus": floats(own.real_bogus),
    }


def _counts(curve: LightCurve, read: Read) -> dict[str, pa.Array]:
    detected, n = curve.points.kind == DETECTION, len(curve)
    first = first_detection(curve, no_values(n) if read.first_detection is None else read.first_detection)
    return {
        "n_detections": curve.count(detected),
        "n_positive": curve.count(detected & (curve.points.flux > 0)),
        "first_detection_mjd": floats(first),
        "age_days": floats(curve.points.mjd[curve.alert] - first),
        "last_limit_mjd": floats(curve.last_mjd(UPPER_LIMIT)),
        "n_bad_history": pa.array(curve.n_bad),
        "n_flagged_points": curve.count(curve.points.flagged),
    }


def _versions(writer: Sequence[str], packet: pa.Array | None) -> pa.Array:
    of_writer = pa.array(writer, pa.string())
    return of_writer if packet is None else pc.if_else(pc.equal(of_writer, ""), pc.fill_null(packet, ""), of_writer)
