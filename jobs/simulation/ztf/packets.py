"""Packets of ZTF's alerts as Avro, in either layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any, NamedTuple

import numpy as np

from jobs.simulation.avro_datums import array, binary, integer
from jobs.simulation.avro_rows import Partly, encode
from jobs.simulation.populating import object_ids
from jobs.simulation.schema import CANDIDATE, HISTORY, HISTORY_NAMES
from jobs.simulation.ztf.alerted import Alerted
from jobs.simulation.ztf.candidates import candidate_columns, reference_columns
from jobs.simulation.ztf.choosing import HISTORY_DAYS
from jobs.simulation.ztf.cutouts import CENTRE, cutouts
from jobs.simulation.ztf.exposures import Columns, detection_columns, exposure_columns
from jobs.simulation.ztf.fits import fits_bytes
from jobs.simulation.ztf.forced import forced_columns
from jobs.simulation.ztf.scenes import Floats, Ints
from jobs.simulation.ztf.schemas import FORCED, Version

PUBLISHER = "Strix simulator (SIMULATED)"
_STAMPS = ("sci", "ref", "scimref")  # as the files of science, template and difference are called
_IMAGES = 32  # alerts whose cutouts are made at a time
_SOLAR_SYSTEM = ("ssdistnr", "ssmagnr", "ssnamenr")


class Packet(NamedTuple):
    """An alert: time [JD], candid, object, and the datum."""

    jd: float
    candid: int
    object_id: str
    data: bytes


def packets(alerted: Alerted, version: Version, with_cutouts: bool = True) -> Iterator[Packet]:
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
    n, null_first = len(alerted), version == "4.02"
    candidates = encode(CANDIDATE, columns, n, null_first)
    window = _window(alerted, exposures["jd"])
    history = _history_columns(alerted, exposures, detections, reference, window)
    tables = [encode(HISTORY, history, len(window.visit), null_first)]
    if version == "4.02":
        forced = forced_columns(alerted, exposures, reference, window.visit, window.owner)
        tables.append(encode(FORCED, forced, len(window.visit), null_first))
    images = _images(alerted) if with_cutouts else repeat(None, n)
    null, present = (b"\0", b"\x02") if null_first else (b"\x02", b"\0")  # the branches of a union
    begin = binary(version.encode()) + binary(PUBLISHER.encode())
    ids = object_ids(alerted.curves.population, "ztf")[alerted.object].tolist()
    spans = pairwise(np.concatenate([[0], np.cumsum(window.length)]).tolist())
    for row, (candid, (first, last), image) in enumerate(zip(columns["candid"].tolist(), spans, images, strict=True)):
        past = [present + array(table[first:last]) if last > first else null for table in tables]
        triplet = 3 * [None] if image is None else _cropped(image, float(columns["ypos"][row]))
        stamps = [
            null if one is None else present + _stamp(candid, name, one)
            for name, one in zip(_STAMPS, triplet, strict=True)
        ]
        data = b"".join([begin, binary(ids[row].encode()), integer(candid), candidates[row], *past, *stamps])
        yield Packet(float(columns["jd"][row]), candid, ids[row], data)


def _images(alerted: Alerted) -> Iterator[np.ndarray]:
    """The three cutouts of each alert, some alerts at a time, as they are asked for: a processor's cache holds these."""
    block = alerted.curves.population.block
    for part, begin in enumerate(range(0, len(alerted), _IMAGES)):
        yield from cutouts(alerted.rows(begin, begin + _IMAGES), block.generator(f"pixels, {part}"))


def _stamp(candid: int, suffix: str, image: np.ndarray) -> bytes:
    return binary(f"candid{candid}_{suffix}.fits.gz".encode()) + binary(fits_bytes(image))


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
) -> dict[str, Any]:
    """An upper limit has only what the exposure has; histories do not look up asteroids, whose columns are absent."""
    unseen = ~alerted.curves.detected[window.visit]
    columns: dict[str, Any] = {}
    for name in HISTORY_NAMES:
        if name in exposures:
            columns[name] = exposures[name][window.visit]
        elif name not in _SOLAR_SYSTEM:
            values = reference[name][window.owner] if name in reference else detections[name][window.visit]
            columns[name] = Partly(values, unseen)
    return columns


def _cropped(triplet: np.ndarray, y: float) -> np.ndarray:
    """The cutouts without the rows that lie beyond the chip's edge."""
    return triplet[:, max(CENTRE - int(y), 0) :] if y < CENTRE else triplet
