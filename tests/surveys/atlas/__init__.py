"""A third survey, made up after ATLAS: forced photometry in uJy, bands c and o, mid-exposures in UTC.

All that Strix knows of it is this file, the schema beside it and a job file; $STRIX_SURVEY_PATH names the directory.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.common.times import utc_to_tai
from jobs.pipeline.surveys.fields import band_codes, child, errors, history, integers, numbers, scores
from jobs.pipeline.surveys.points import DETECTION, FORCED, Ints, Points, no_values
from jobs.pipeline.surveys.survey import CutoutGeometry, NightRule, ObjectPages, PublishedNames, Read, Survey
from science_modules.common.photometry import NJY_PER_UJY

BANDS = ("c", "o")
MOST_CHI = 100.0
MIN_RB = 0.5

# `field` is text here and a number in ZTF's packets; `exptime` is float64 here and float32 there.
MEASURED = pa.struct(
    [
        ("mjd", pa.float64()),
        ("filter", pa.string()),
        ("uJy", pa.float32()),
        ("duJy", pa.float32()),
        ("chiN", pa.float32()),
        ("obs", pa.string()),
    ]
)
CANDIDATE = pa.struct(
    [
        *MEASURED,
        ("ra", pa.float64()),
        ("dec", pa.float64()),
        ("mag5sig", pa.float32()),
        ("rb", pa.float32()),
        ("field", pa.string()),
        ("exptime", pa.float64()),
        ("x", pa.float32()),
        ("y", pa.float32()),
    ]
)
CUTOUTS = {"cutout_science": "science", "cutout_template": "template", "cutout_difference": "difference"}
PACKET = pa.struct(
    [
        ("alertId", pa.int64()),
        ("objectId", pa.string()),
        ("detection", CANDIDATE),
        ("forced", pa.list_(MEASURED)),
        *((name, pa.binary()) for name in CUTOUTS.values()),
    ]
)


def matches(writer_schema: Mapping[str, Any]) -> bool:
    """Whether a writer schema is the record `atlas.alert`."""
    return (writer_schema.get("namespace"), writer_schema.get("name")) == ("atlas", "alert")


def read(packets: pa.StructArray) -> Read:
    """Packets, n of type PACKET, as they are read."""
    candidate = child(packets, "detection")
    n = len(packets)
    alerts = _points(candidate, np.arange(n), DETECTION, child(packets, "alertId"))
    forced = _points(*history(child(packets, "forced")), FORCED)
    return Read(
        alert_id=child(packets, "alertId"),
        object_id=child(packets, "objectId"),
        time=numbers(child(candidate, "mjd")),
        ra=numbers(child(candidate, "ra")),
        dec=numbers(child(candidate, "dec")),
        points=Points.concatenate(alerts, forced),
        candidate=candidate,
        columns={
            "quality_ok": pc.greater_equal(child(candidate, "rb"), MIN_RB),
            "is_simulated": pa.repeat(False, n),
            "is_public": pa.repeat(True, n),
            **{name: child(packets, published) for name, published in CUTOUTS.items()},
        },
    )


def _points(rows: pa.StructArray, owner: Ints, kind: int, ids: pa.Array | None = None) -> Points:
    n, chi = len(owner), numbers(child(rows, "chiN"))
    flux, flux_err = numbers(child(rows, "uJy")), errors(child(rows, "duJy"))
    return Points(
        owner=owner,
        is_alert=np.full(n, ids is not None),
        kind=np.full(n, kind, dtype=np.int8),
        band=band_codes(child(rows, "filter"), BANDS),
        mjd=utc_to_tai(numbers(child(rows, "mjd"))),
        flux=flux * NJY_PER_UJY,
        flux_err=flux_err * NJY_PER_UJY,
        flux_total=no_values(n),
        flux_total_err=no_values(n),
        flux_total_err_point=no_values(n),
        real_bogus=no_values(n) if ids is None else scores(child(rows, "rb")),
        identity=np.zeros(n, dtype=np.int64) if ids is None else integers(ids),
        flag=(chi > MOST_CHI).astype(np.int64),
        words=(None, f"chiN > {MOST_CHI:g}"),
    )


def wire_id(schema_name: str) -> int | None:
    """The id of a writer schema in the survey's registry."""
    return 5001 if schema_name == "atlas.alert" else None


SURVEY = Survey(
    name="atlas",
    title="ATLAS",
    bands=BANDS,
    packet_type=PACKET,
    candidate=CANDIDATE,
    matches=matches,
    read=read,
    night=NightRule(of="middle", shift_days=-0.5),
    published=PublishedNames(ids="alertId and objectId", time="detection.mjd", position="detection.ra and dec"),
    sentinels={"mag5sig": (-99.0,), "field": ("none",)},
    cutouts=CutoutGeometry(
        pixel_arcsec=1.86,
        side=41,
        first_row="south",
        first_column="east",
        detector=(10560, 10560),
        detector_fields=("x", "y"),
        unit="adu",
    ),
    objects=ObjectPages(name=r"ATLAS\d{2}[a-z]+", pages={"ATLAS": "https://example.org/objects/{}"}),
    schemas=Path(__file__).parent / "schemas",
    wire_id=wire_id,
)
