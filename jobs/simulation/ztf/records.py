"""Packets of alerts as records for Avro, in the layouts 3.3 and 4.02."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jobs.simulation.packets import PUBLISHER
from jobs.simulation.populating import object_ids
from jobs.simulation.schema import CANDIDATE_NAMES, HISTORY_NAMES
from jobs.simulation.stamps import fits_bytes
from jobs.simulation.ztf.alerted import Alerted
from jobs.simulation.ztf.candidates import candidate_columns, reference_columns
from jobs.simulation.ztf.choosing import HISTORY_DAYS
from jobs.simulation.ztf.cutouts import CENTRE, cutouts
from jobs.simulation.ztf.exposures import Columns, detection_columns, exposure_columns

_STAMPS = {"cutoutScience": "sci", "cutoutTemplate": "ref", "cutoutDifference": "scimref"}
_SOLAR_SYSTEM = ("ssdistnr", "ssmagnr", "ssnamenr")
_SIDE = 63


def records(alerted: Alerted) -> Iterator[dict[str, Any]]:
    """The packets of n alerts in the layout of ZTF 3.3.

    Parameters
    ----------
    alerted : Alerted
    """
    exposures, detections = exposure_columns(alerted), detection_columns(alerted)
    reference = reference_columns(alerted)
    own = {name: alerted.of_visits(values) for name, values in {**exposures, **detections}.items()}
    columns = {**own, **reference, **candidate_columns(alerted, exposures, detections)}
    candidates = _rows({name: columns[name] for name in CANDIDATE_NAMES})
    histories = _histories(alerted, exposures, detections, reference)
    images = cutouts(alerted, alerted.curves.population.block.generator("pixels"))
    ids = object_ids(alerted.curves.population, "ztf")
    for row, (candidate, history) in enumerate(zip(candidates, histories, strict=True)):
        triplet = _cropped(images[row], float(columns["ypos"][row]))
        yield {
            "schemavsn": "3.3",
            "publisher": PUBLISHER,
            "objectId": str(ids[alerted.object[row]]),
            "candid": candidate["candid"],
            "candidate": candidate,
            "prv_candidates": history or None,
            **{
                name: {"fileName": f"candid{candidate['candid']}_{suffix}.fits.gz", "stampData": fits_bytes(image)}
                for (name, suffix), image in zip(_STAMPS.items(), triplet, strict=True)
            },
        }


def _rows(columns: Columns) -> list[dict[str, Any]]:
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def _histories(
    alerted: Alerted, exposures: Columns, detections: Columns, reference: Columns
) -> Iterator[list[dict[str, Any]]]:
    """The visits of the 30 days before each alert; an upper limit has only what the exposure has."""
    epochs = alerted.curves.epochs
    begin = epochs.start[alerted.object]
    jd = exposures["jd"]
    first = [
        int(np.searchsorted(jd[b:v], jd[v] - HISTORY_DAYS, "right")) + b
        for b, v in zip(begin, alerted.visit, strict=True)
    ]
    wanted = np.concatenate([np.arange(f, v) for f, v in zip(first, alerted.visit, strict=True)]).astype(np.int64)
    owner = np.repeat(np.arange(len(alerted)), alerted.visit - np.array(first))
    seen = alerted.curves.detected[wanted]
    columns: list[list[Any]] = []
    for name in HISTORY_NAMES:
        if name in exposures:
            columns.append(exposures[name][wanted].tolist())
        elif name in _SOLAR_SYSTEM:
            columns.append([None] * len(wanted))  # histories do not look it up
        else:
            values = reference[name][owner] if name in reference else detections[name][wanted]
            columns.append([value if has else None for value, has in zip(values.tolist(), seen.tolist(), strict=True)])
    rows = [dict(zip(HISTORY_NAMES, row, strict=True)) for row in zip(*columns, strict=True)]
    at = 0
    for f, v in zip(first, alerted.visit.tolist(), strict=True):
        yield rows[at : at + v - f]
        at += v - f


def _cropped(triplet: np.ndarray, y: float) -> np.ndarray:
    """The cutouts without the rows that lie beyond the chip's edge."""
    return triplet[:, max(CENTRE - int(y), 0) :] if y < CENTRE else triplet
