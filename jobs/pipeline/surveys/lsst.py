"""Rubin LSST packets, alert schemas 7.0 to 11.0, in the common view.

Where the packets leave a choice:

- Rubin's id 0 means "none"; an id that is NULL means the same, but for `is_known_sso`: a `ssObjectId` of 0 is FALSE,
  a NULL one without a Solar-system record is NULL, because it cannot be told from a schema without the association.
- `quality_ok`: a NULL flag is not set and a flag that the schema lacks is not asked (dipoles and glints since 8.0);
  if a packet answers none of them, the answer is NULL.
- `dubious` and `stellar` are NULL: they speak of a reference source, and a packet names none (`extendedness` is that of
  the difference source and stays in the candidate).
- `flux_total` is `scienceFlux`, measured directly, so one error serves resolved and unresolved sources; NULL before
  8.0.
- A point with one of `lsst_fields.UNSOUND_FLAGS` stays in the light curve with their names in `lc_flag` and its flux in
  `lc_flux_flagged`; `lc_flux` and the modules do without it. The counts of detections include it.
- Every alert and point is public: Rubin's stream is the world's.
- `is_simulated`: a source injected into the image, or a negative id, which no real source has (all of 231 real alerts
  are positive): `jobs.simulation.lsst` gives those.
- The sign of the flux is that of `psfFlux`; `isNegative` says something else of dipoles.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.surveys.designations import unpack
from jobs.pipeline.surveys.fields import Bools, Fields, Floats, children, numbers
from jobs.pipeline.surveys.history import flags, floats
from jobs.pipeline.surveys.lsst_fields import CANDIDATE, DIA_SOURCE, EXPOSURE_FIELDS, PACKET, SENTINELS
from jobs.pipeline.surveys.lsst_points import BANDS, points_of
from jobs.pipeline.surveys.survey import CutoutGeometry, NightRule, ObjectPages, PublishedNames, Read, Survey

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
_CUTOUTS = {
    "cutout_science": "cutoutScience",
    "cutout_template": "cutoutTemplate",
    "cutout_difference": "cutoutDifference",
}
# As `lsst.alert.packet` names its schemas; Rubin's registry has version X.Y under the id 100 X + Y.
_SCHEMA_NAME = re.compile(r"lsst\.v(\d+)_(\d+)\b")


def matches(writer_schema: Mapping[str, Any]) -> bool:
    """Whether a writer schema is a Rubin alert: a record `lsst.v<major>_<minor>.alert` with a field `diaSource`.

    Parameters
    ----------
    writer_schema : mapping
        Parsed Avro schema.
    """
    full_name = f"{writer_schema.get('namespace') or ''}.{writer_schema.get('name') or ''}".strip(".")
    fields = {field["name"] for field in writer_schema.get("fields", ())}
    return full_name.startswith("lsst.v") and full_name.endswith(".alert") and "diaSource" in fields


def wire_id(schema_name: str) -> int | None:
    """The id of a writer schema in Rubin's registry; None for a schema that is not Rubin's.

    Parameters
    ----------
    schema_name : str
        With its namespace: `lsst.v10_0.alert`.
    """
    found = _SCHEMA_NAME.match(schema_name)
    return 100 * int(found.group(1)) + int(found.group(2)) if found else None


def read(packets: pa.StructArray) -> Read:
    """Rubin packets, n of type lsst_fields.PACKET, as they are read.

    Parameters
    ----------
    packets : pyarrow.StructArray, length n
        As the decoder gives them.
    """
    packet = children(packets)
    source, dia_object = children(packet["diaSource"]), children(packet["diaObject"])
    alert_id = _real_id(source["diaSourceId"])
    return Read(
        alert_id=alert_id,
        object_id=_object_id(packet, source),
        time=numbers(source["midpointMjdTai"]),
        ra=numbers(source["ra"]),
        dec=numbers(source["dec"]),
        points=points_of(packet, source),
        candidate=_candidate(packet, source),
        columns={
            "quality_ok": _quality_ok(source),
            "n_detections_survey": dia_object["nDiaSources"],
            "is_simulated": _is_simulated(source),
            "is_public": pa.array(np.ones(len(packets), dtype=bool)),
            **_solar_system(packet, source),
            **{name: packet[field] for name, field in _CUTOUTS.items()},
        },
        first_detection=numbers(dia_object["firstDiaSourceMjdTai"]),  # NULL or NaN in every real packet so far
    )


def _real_id(ids: pa.Array) -> pa.Array:
    return pc.if_else(pc.not_equal(ids, 0), ids, None)


def _named(prefix: str, ids: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(_real_id(ids), pa.string()), "")


def _ss_object_id(packet: Fields, source: Fields) -> pa.Array:
    records = [children(packet[record])["ssObjectId"] for record in ("ssSource", "ssObject")]
    # First the source's own: the record's differs by one in 2 of 25 real packets.
    return pc.coalesce(*(_real_id(ids) for ids in (source["ssObjectId"], *records)))


def _object_id(packet: Fields, source: Fields) -> pa.Array:
    return pc.coalesce(
        _named("", source["diaObjectId"]),
        _named("sso:", _ss_object_id(packet, source)),
        _named("src:", source["diaSourceId"]),
    )


def _quality_ok(source: Fields) -> pa.Array:
    answered = np.any([np.asarray(pc.is_valid(source[name])) for name in _QUALITY_FLAGS], axis=0)
    return flags(~_any_flag(source, _QUALITY_FLAGS), answered)


def _is_simulated(source: Fields) -> pa.Array:
    negative = pc.fill_null(pc.less(source["diaSourceId"], 0), False)
    return pc.or_(negative, pa.array(_any_flag(source, _INJECTED_FLAGS)))


def _any_flag(source: Fields, names: tuple[str, ...]) -> Bools:
    is_set: Bools = np.any([np.asarray(pc.fill_null(source[name], False)) for name in names], axis=0)
    return is_set


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


LSST = Survey(
    name="lsst",
    title="Rubin LSST",
    bands=BANDS,
    packet_type=PACKET,
    candidate=CANDIDATE,
    matches=matches,
    read=read,
    # dayObs: equal to the first eight digits of `visit` for 107 of 107 real alerts of schema 10.0
    night=NightRule(of="middle", shift_days=-0.5),
    published=PublishedNames(ids="a diaSourceId", time="diaSource.midpointMjdTai", position="diaSource.ra and dec"),
    sentinels=SENTINELS,
    cutouts=CutoutGeometry(pixel_arcsec=None, difference="signed", unit="nJy"),
    objects=ObjectPages(
        name=r"[1-9]\d{0,18}",
        pages={
            "ALeRCE": "https://lsst.alerce.online/object/{}?survey=lsst",
            "Fink": "https://lsst.fink-portal.org/{}",
            "Lasair": "https://lasair-lsst.lsst.ac.uk/objects/{}/",
        },
    ),
    wire_id=wire_id,
)
