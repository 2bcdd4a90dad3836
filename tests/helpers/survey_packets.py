"""Packets of each survey from the same measurements: what is done once for all surveys is tested over all of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.common.times import tai_to_utc
from jobs.pipeline.surveys import AdapterResult
from jobs.pipeline.surveys.lsst import LSST
from jobs.pipeline.surveys.survey import Survey
from jobs.pipeline.surveys.ztf import ZTF

Packet = dict[str, Any]
NOW = 62000.0
MJD = 60400.123456  # TAI
HALF_EXPOSURE = 15 / 86400


@dataclass(frozen=True)
class Measured:
    """One measurement as any survey could publish it: MJD TAI at mid-exposure, nJy; a limit has no flux."""

    mjd: float | None = MJD
    flux: float | None = 1000.0
    err: float | None = 100.0
    band: str = "g"
    score: float | None = 0.9
    name: int = 1
    total: float | None = None
    ra: float | None = 150.0
    dec: float | None = 2.0


def packet(survey: Survey, alert: Measured, history: Sequence[Measured] = ()) -> Packet:
    """The packet of a survey with this alert and these earlier detections."""
    return {"ztf": _ztf, "lsst": _lsst}[survey.name](alert, history)


def view(survey: Survey, *packets: Packet) -> AdapterResult:
    """The packets in the common view."""
    return survey.view(pa.array(list(packets), type=survey.packet_type), [""] * len(packets), NOW)


def row(survey: Survey, alert: Measured, *history: Measured) -> Packet:
    """The view of one packet that is not refused."""
    result = view(survey, packet(survey, alert, history))
    assert result.refusals == {}
    return dict(result.table.to_pylist()[0])


def _ztf(alert: Measured, history: Sequence[Measured]) -> Packet:
    candidate = {**_ztf_row(alert), "ra": alert.ra, "dec": alert.dec, "programid": 1}
    return {
        "candid": alert.name,
        "objectId": "ZTF20aaaaaaa",
        "candidate": candidate,
        "prv_candidates": [_ztf_row(each) for each in history],
    }


def _ztf_row(point: Measured) -> Mapping[str, Any]:
    flux, err = point.flux, point.err
    reference = None if point.total is None or flux is None else point.total - flux
    return {
        "jd": None if point.mjd is None else _start(point.mjd),
        "fid": {"g": 1, "r": 2, "i": 3}.get(point.band, 9),
        "candid": point.name,
        "magpsf": None if flux is None else _magnitude(abs(flux)),
        "sigmapsf": err if err is None or flux is None else err / abs(flux) * 2.5 / math.log(10),
        "isdiffpos": "t" if flux is None or flux > 0 else "f",
        "rb": point.score,
        "distnr": None if reference is None else 0.1,
        "magnr": None if reference is None else _magnitude(reference),
    }


def _start(mjd: float) -> float:
    if not math.isfinite(mjd):
        return mjd
    return float(tai_to_utc(np.array([mjd]))[0]) - HALF_EXPOSURE + 2400000.5


def _magnitude(flux: float) -> float:
    return -math.inf if math.isinf(flux) else flux if math.isnan(flux) else 31.4 - 2.5 * math.log10(flux)


def _lsst(alert: Measured, history: Sequence[Measured]) -> Packet:
    source = {**_lsst_row(alert), "diaObjectId": 7, "ra": alert.ra, "dec": alert.dec}
    return {"diaSource": source, "prvDiaSources": [_lsst_row(each) for each in history]}


def _lsst_row(point: Measured) -> Mapping[str, Any]:
    return {
        "diaSourceId": point.name,
        "visit": None if point.mjd is None or not math.isfinite(point.mjd) else round(point.mjd * 1e5),
        "midpointMjdTai": point.mjd,
        "band": point.band,
        "psfFlux": point.flux,
        "psfFluxErr": point.err,
        "scienceFlux": point.total,
        "reliability": point.score,
    }


BOTH = (ZTF, LSST)
