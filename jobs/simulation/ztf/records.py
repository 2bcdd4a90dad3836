"""Packets of alerts as records for Avro."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from jobs.simulation.populating import object_ids
from jobs.simulation.schema import CANDIDATE_NAMES, HISTORY_NAMES
from jobs.simulation.ztf.alerted import Alerted
from jobs.simulation.ztf.candidates import candidate_columns, reference_columns
from jobs.simulation.ztf.choosing import HISTORY_DAYS
from jobs.simulation.ztf.cutouts import CENTRE, cutouts
from jobs.simulation.ztf.exposures import Columns, detection_columns, exposure_columns
from jobs.simulation.ztf.fits import fits_bytes
from jobs.simulation.ztf.forced import forced_columns
from jobs.simulation.ztf.scenes import Floats, Ints
from jobs.simulation.ztf.schemas import Version

PUBLISHER = "Strix simulator (SIMULATED)"
_STAMPS = {"cutoutScience": "sci", "cutoutTemplate": "ref", "cutoutDifference": "scimref"}
_SOLAR_SYSTEM = ("ssdistnr", "ssmagnr", "ssnamenr")
_SIDE = 63


def records(alerted: Alerted, version: Version, with_cutouts: bool = True) -> Iterator[dict[str, Any]]:
    """The packets of n alerts.

    Parameters
    ----------
    alerted : Alerted
    version : str
        Of the layout; 4.02 has forced photometry, the rest is the same.
    with_cutouts : bool
        Null otherwise.
    """
    exposures, detections = exposure_columns(alerted), detection_columns(alerted)
    reference = reference_columns(alerted)
    own = {name: alerted.of_visits(values) for name, values in {**exposures, **detections}.items()}
    columns = {**own, **reference, **candidate_columns(alerted, exposures, detections)}
    candidates = _rows({name: columns[name] for name in CANDIDATE_NAMES})
    window = _window(alerted, exposures["jd"])
    histories = _grouped(_history_columns(alerted, exposures, detections, reference, window), window)
    forced = _grouped(forced_columns(alerted, exposures, reference, window.visit, window.owner), window)
    images = cutouts(alerted, alerted.curves.population.block.generator("pixels")) if with_cutouts else None
    ids = object_ids(alerted.curves.population, "ztf")
    for row, (candidate, history) in enumerate(zip(candidates, histories, strict=True)):
        triplet = [None] * 3 if images is None else _cropped(images[row], float(columns["ypos"][row]))
        yield {
            "schemavsn": version,
            "publisher": PUBLISHER,
            "objectId": str(ids[alerted.object[row]]),
            "candid": candidate["candid"],
            "candidate": candidate,
            "prv_candidates": history or None,
            **({"fp_hists": next(forced) or None} if version == "4.02" else {}),
            **{
                name: None if image is None else _stamp(candidate["candid"], suffix, image)
                for (name, suffix), image in zip(_STAMPS.items(), triplet, strict=True)
            },
        }


def _stamp(candid: int, suffix: str, image: np.ndarray) -> dict[str, Any]:
    return {"fileName": f"candid{candid}_{suffix}.fits.gz", "stampData": fits_bytes(image)}


def _rows(columns: Columns) -> list[dict[str, Any]]:
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


@dataclass(frozen=True)
class _Window:
    """The visits of the 30 days before each alert: alert by alert, in the order of time."""

    visit: Ints
    owner: Ints
    length: Ints


def _window(alerted: Alerted, jd: Floats) -> _Window:
    begin, end = alerted.curves.epochs.start[alerted.object], alerted.visit
    spans = zip(begin.tolist(), end.tolist(), strict=True)
    first = [b + int(np.searchsorted(jd[b:e], jd[e] - HISTORY_DAYS, "right")) for b, e in spans]
    length = end - np.array(first)
    visit = np.concatenate([np.arange(f, e) for f, e in zip(first, end.tolist(), strict=True)]).astype(np.int64)
    return _Window(visit, np.repeat(np.arange(len(end)), length), length)


def _history_columns(
    alerted: Alerted, exposures: Columns, detections: Columns, reference: Columns, window: _Window
) -> Columns:
    """An upper limit has only what the exposure has; histories do not look up asteroids."""
    unseen = ~alerted.curves.detected[window.visit]
    columns: Columns = {}
    for name in HISTORY_NAMES:
        if name in exposures:
            columns[name] = exposures[name][window.visit]
        elif name in _SOLAR_SYSTEM:
            columns[name] = np.full(len(unseen), None, dtype=object)
        else:
            values = reference[name][window.owner] if name in reference else detections[name][window.visit]
            columns[name] = np.asarray(values, dtype=object)
            columns[name][unseen] = None
    return columns


def _grouped(columns: Columns, window: _Window) -> Iterator[list[dict[str, Any]]]:
    rows = iter(_rows(columns))
    for length in window.length.tolist():
        yield list(islice(rows, length))


def _cropped(triplet: np.ndarray, y: float) -> np.ndarray:
    """The cutouts without the rows that lie beyond the chip's edge."""
    return triplet[:, max(CENTRE - int(y), 0) :] if y < CENTRE else triplet
