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

from jobs.common.times import MJD_ZERO
from jobs.pipeline.surveys import ztf_fields
from jobs.pipeline.surveys.designations import unpack
from jobs.pipeline.surveys.fields import Fields, Floats, child, errors, magnitudes, numbers, scores
from jobs.pipeline.surveys.history import flags, floats
from jobs.pipeline.surveys.survey import CutoutGeometry, NightRule, ObjectPages, PublishedNames, Read, Survey
from jobs.pipeline.surveys.ztf_points import (
    BANDS,
    PUBLIC_PROGRAM,
    USUAL_EXPTIME,
    Exposures,
    exposures_of,
    points_of,
    signs,
)
from jobs.pipeline.surveys.ztf_reference import stellar
from science_modules.common.view import CUTOUTS

MIN_RB = 0.55
MAX_SSO_ARCSEC = 5.0


def read(packets: pa.StructArray) -> Read:
    """ZTF packets, n of type ztf_fields.PACKET, as they are read.

    Parameters
    ----------
    packets : pyarrow.StructArray, length n
        As the decoder gives them.
    """
    candidate = child(packets, "candidate")
    exposures = exposures_of(candidate)
    return Read(
        alert_id=child(packets, "candid"),
        object_id=child(packets, "objectId"),
        time=exposures.jd,
        ra=numbers(child(candidate, "ra")),
        dec=numbers(child(candidate, "dec")),
        points=points_of(packets, exposures),
        candidate=candidate,
        columns={
            **_magnitude(candidate),
            **_quality(candidate),
            **_solar_system(candidate),
            **_cutouts(packets),
            "n_detections_survey": child(candidate, "ndethist"),
            "is_simulated": pc.fill_null(
                pc.match_substring(pc.utf8_lower(child(packets, "publisher")), "simulat"), False
            ),
            "is_public": pc.equal(child(candidate, "programid"), PUBLIC_PROGRAM),
        },
        start_utc=exposures.jd - MJD_ZERO,
        first_detection=_first_detection(candidate, exposures),
        schema_version=child(packets, "schemavsn"),
    )


def _magnitude(candidate: pa.StructArray) -> Fields:
    """As published, where the sign makes a flux of it."""
    known = np.isfinite(signs(child(candidate, "isdiffpos")) * magnitudes(child(candidate, "magpsf")))
    return {
        "mag": floats(np.where(known, magnitudes(child(candidate, "magpsf")), np.nan)),
        "mag_err": floats(np.where(known, errors(child(candidate, "sigmapsf")), np.nan)),
    }


def _quality(candidate: pa.StructArray) -> Fields:
    rb = floats(scores(child(candidate, "rb")))
    unspoilt = pc.equal(child(candidate, "nbad"), 0)
    return {
        "real_bogus": floats(scores(child(candidate, "drb"))),
        "quality_ok": pc.and_kleene(pc.greater_equal(rb, MIN_RB), unspoilt),
        "stellar": stellar(candidate),
    }


def _first_detection(candidate: pa.StructArray, exposures: Exposures) -> Floats:
    """Mid-exposure, MJD TAI, of `jdstarthist`."""
    jd = numbers(child(candidate, "jdstarthist"))
    return exposures.midpoints(jd, np.full(len(jd), USUAL_EXPTIME), np.arange(len(jd)))


def _solar_system(candidate: pa.StructArray) -> Fields:
    distance, name = (numbers(child(candidate, "ssdistnr")), child(candidate, "ssnamenr"))
    near = flags((distance >= 0) & (distance <= MAX_SSO_ARCSEC), ~np.isnan(distance))
    named = pc.invert(pc.is_in(pc.utf8_trim_whitespace(name), value_set=pa.array(["null", ""])))
    named = pc.if_else(pc.is_valid(name), named, None)
    known = pc.if_else(pc.is_valid(near), pc.and_kleene(near, named), None)
    return {
        "is_known_sso": known,
        "sso_name": unpack(pc.if_else(known, name, None)),
        "sso_distance_arcsec": pc.if_else(known, floats(distance), None),
    }


def _cutouts(packets: pa.StructArray) -> Fields:
    names = {name: "cutout" + name.removeprefix("cutout_").capitalize() for name in (c.name for c in CUTOUTS)}
    return {name: child(child(packets, published), "stampData") for name, published in names.items()}


ZTF = Survey(
    name="ztf",
    title="ZTF",
    bands=BANDS,
    packet_type=ztf_fields.PACKET,
    candidate=ztf_fields.CANDIDATE,
    matches=ztf_fields.is_ztf_schema,
    read=read,
    night=NightRule(of="start"),  # as its topics and archives are named; exposures run 1.8 to 13.9 h UT
    published=PublishedNames(ids="candid and objectId", time="candidate.jd", position="candidate.ra and candidate.dec"),
    sentinels=ztf_fields.SENTINELS,
    cutouts=CutoutGeometry(
        pixel_arcsec=1.01,
        side=63,
        first_row="north",
        first_column="east",
        detector=(3072, 3080),  # a quadrant of the camera
        detector_fields=("xpos", "ypos"),
        reference_fields=("ranr", "decnr"),
        difference="positive",
        unit="adu",
    ),
    objects=ObjectPages(
        name=r"ZTF\d{2}[a-z]{7}",
        pages={
            "ALeRCE": "https://alerce.online/object/{}",
            "Fink": "https://ztf.fink-portal.org/{}",
            "Lasair": "https://lasair-ztf.lsst.ac.uk/objects/{}/",
        },
    ),
)
