"""An object's light curve, put together from the packets of all its alerts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.archive.astro import astropy
from jobs.archive.find import NotFound, find_object
from jobs.storage.layout import Layout
from science_modules.common.photometry import LIMIT_SIGMA, magnitude_error, magnitude_of_flux

# Two exposures are further apart than this; copies of one in two packets differ by less.
SAME_EXPOSURE_DAYS = 5.0 / 86400
_NUMBERS = ("mjd", "flux", "flux_err", "flux_total", "flux_total_err", "flux_flagged")
_WORDS = ("band", "kind", "flag")


def light_curve(object_id: str | int, data: str | Path, survey: str | None = None) -> Any:
    """All measurements of an object that an output holds.

    Parameters
    ----------
    object_id : str or int
    data : path
        The output of a job; of `strix reprocess`: the whole light curve of a star.
    survey : str, optional
        Its name, where two surveys have an object of this name.

    Returns
    -------
    astropy.table.QTable
        A row per exposure, band and kind, in order of time; of copies in several packets the newest is taken.
        `time` (TAI) and `mjd` [d]: mid-exposure. `flux`, `flux_err` [nJy]: signed difference flux; NaN for an upper
        limit. `mag`, `mag_err`: AB magnitude of its size. `limit_mag`: of an upper limit, five times its error.
        `flux_total`, `flux_total_err` [nJy], `mag_total`: the source itself; NaN where not corrected. `band`; `kind`,
        detection, forced or upper_limit; `flag`, the survey's words against a point; `alert_id`, masked for points of
        which the output has no alert.

    Raises
    ------
    NotFound
        If the output has no such object.
    ValueError
        If two surveys have it and none is named.
    """
    rows = find_object(Layout(Path(data)), str(object_id), survey)
    if not rows.num_rows:
        raise NotFound(f"{data} has no object {str(object_id)!r}" + (f" of {survey}" if survey else ""))
    surveys = sorted(set(rows["survey"].to_pylist()))
    if len(surveys) > 1:
        raise ValueError(f"object {object_id} is known to {' and '.join(surveys)}; say survey=")
    points = _points(rows)
    keep = _kept(rows, points)
    return _table({name: values[keep] for name, values in points.items()}, rows)


def first_copies(
    mjd: NDArray[np.float64], band: NDArray[Any], kind: NDArray[Any], packet: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which points no packet of a lower number has, by exposure, band and kind.

    Parameters
    ----------
    mjd : numpy.ndarray of float64, shape (n,)
        Mid-exposure [day], ascending.
    band, kind : numpy.ndarray of str, shape (n,)
        As of `jobs.archive.alert.Curve`.
    packet : numpy.ndarray of int64, shape (n,)
        The number of the packet that a point is from.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    keep = np.ones(len(mjd), dtype=bool)
    for one_band in np.unique(band):
        for one_kind in np.unique(kind):
            own = np.flatnonzero((band == one_band) & (kind == one_kind))
            exposure = np.cumsum(np.diff(mjd[own], prepend=-np.inf) > SAME_EXPOSURE_DAYS)
            by_packet = own[np.lexsort((packet[own], exposure))]
            exposure.sort()
            keep[by_packet[np.diff(exposure, prepend=0) == 0]] = False
    return keep


def _kept(rows: pa.Table, points: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Each exposure once; of a star of a data release all points, whose times may be equal where they are rounded."""
    if rows["alert_id"].null_count:
        return np.ones(len(points["mjd"]), dtype=bool)
    return first_copies(points["mjd"], points["band"], points["kind"], points["packet"])


def _points(rows: pa.Table) -> dict[str, NDArray[Any]]:
    """The points of all packets in order of time, with the number of their packet, the newest being 0."""
    rows = rows.sort_by([("mjd", "descending"), ("alert_id", "ascending")])
    lengths = [len(each or ()) for each in rows["lc_mjd"].to_pylist()]
    packets = np.repeat(np.arange(len(lengths)), lengths)
    points = {name: _flat(rows, f"lc_{name}", lengths, name in _WORDS) for name in (*_NUMBERS, *_WORDS)}
    points["packet"] = packets
    order = np.lexsort((packets, points["mjd"]))
    return {name: values[order] for name, values in points.items()}


def _flat(rows: pa.Table, name: str, lengths: Sequence[int], words: bool) -> NDArray[Any]:
    """The values of a list column, one after the other; what the files of older versions lack is NaN or empty."""
    lists = rows[name].to_pylist() if name in rows.column_names else [None] * len(lengths)
    missing = "" if words else np.nan
    values = [each for own, length in zip(lists, lengths, strict=True) for each in (own or [None] * length)]
    return np.array([missing if each is None else each for each in values], dtype=np.str_ if words else np.float64)


def _table(points: dict[str, NDArray[Any]], rows: pa.Table) -> Any:
    units, time, table = astropy("units"), astropy("time"), astropy("table")
    nano = {name: points[name] * units.nJy for name in _NUMBERS if name != "mjd"}
    limits = np.where(points["kind"] == "upper_limit", LIMIT_SIGMA * points["flux_err"], np.nan) * units.nJy
    made = table.QTable()
    made["time"] = time.Time(points["mjd"], format="mjd", scale="tai")
    made["mjd"] = points["mjd"] * units.day
    made["band"], made["kind"] = points["band"], points["kind"]
    for name in ("flux", "flux_err"):
        made[name] = nano[name]
    made["mag"] = _magnitude(abs(nano["flux"]))
    made["mag_err"] = magnitude_error(points["flux"], points["flux_err"]) * units.mag
    made["limit_mag"] = _magnitude(limits)
    made["flux_total"], made["flux_total_err"] = nano["flux_total"], nano["flux_total_err"]
    made["mag_total"] = _magnitude(nano["flux_total"])
    made["flag"] = points["flag"]
    made["alert_id"] = _alert_ids(points, rows)
    row = rows.select(["survey", "object_id"]).slice(0, 1).to_pylist()[0]
    made.meta.update(
        {"SURVEY": row["survey"], "OBJECT": row["object_id"], "NALERTS": rows.num_rows - rows["alert_id"].null_count}
    )
    return made


def _magnitude(flux: Any) -> Any:
    """AB magnitudes of fluxes in nJy; NaN for a flux that is not positive."""
    return magnitude_of_flux(flux.value) * astropy("units").ABmag


def _alert_ids(points: dict[str, NDArray[Any]], rows: pa.Table) -> Any:
    """The alert that a detection was sent as."""
    ids, known = np.zeros(len(points["mjd"]), dtype=np.int64), np.zeros(len(points["mjd"]), dtype=bool)
    detected = points["kind"] == "detection"
    alerts = rows.filter(rows["alert_id"].is_valid())  # a star of a data release has none
    for row in alerts.select(["alert_id", "mjd", "band"]).to_pylist():
        own = detected & (points["band"] == row["band"]) & (abs(points["mjd"] - row["mjd"]) <= SAME_EXPOSURE_DAYS)
        ids[own], known[own] = row["alert_id"], True
    return astropy("table").MaskedColumn(ids, mask=~known)
