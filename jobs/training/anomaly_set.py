"""What anomaly forests are trained on: nights of the science table, and windows of labelled light curves."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.pipeline.enrichment.modules import Enrichment
from jobs.storage import data_files
from jobs.storage.schema_union import common_schema, joined
from science_modules import registry
from science_modules.common.photometry import flux_error, flux_of_magnitude
from science_modules.common.view import LIGHT_CURVE

OF_THE_OBJECT = ("ra", "dec", "is_simulated")
COLUMNS = ("survey", "alert_id", "object_id", "mjd", "quality_ok", "real_bogus", "lc_features")
HISTORY_DAYS = 30.0  # of a ZTF packet
LEAST_IN_BAND = 5
_FROM_PACKETS = "alert packets"  # `source` of light curves that were read from alerts: those are in the science table


def science_rows(directory: Path, survey: str, nights: Sequence[int]) -> pa.Table:
    """The rows of a survey in a science table, first to last night.

    Parameters
    ----------
    directory : pathlib.Path
        The science table of an output.
    survey : str
        Rows of other surveys are left out.
    nights : (int, int)
        First and last, YYYYMMDD; both are within.

    Returns
    -------
    pyarrow.Table
        COLUMNS, and OF_THE_OBJECT where the table has it.

    Raises
    ------
    ValueError
        If there is no such night, or the table was written without lc_features.
    """
    first, last = nights
    wanted = [night for night in data_files.nights(directory) if night.isdigit() and first <= int(night) <= last]
    files = [file for night in wanted for file in data_files.files_of_night(directory, night)]
    if not files:
        raise ValueError(f"{directory} has no night from {first} to {last}")
    schema = common_schema([pq.read_schema(file) for file in files])
    absent = [name for name in COLUMNS if name not in schema.names]
    if absent:
        raise ValueError(f"{directory} lacks {absent}; was lc_features among the job's modules?")
    columns = [*COLUMNS, *(name for name in OF_THE_OBJECT if name in schema.names)]
    tables = (pq.ParquetFile(file).read(columns=columns) for file in files)
    return joined([table.filter(pc.equal(table["survey"], survey)) for table in tables])


def light_curve_rows(path: Path, survey: str, most: int) -> pa.Table:
    """Light curves labelled SN (long format) as if each had sent one alert: a 30-day window before one detection.

    The detection is chosen by the hash of the object's name among those with 5 detections of one band in the window;
    at most `most` objects, by the same hash. Other classes are left out, because the file has no reference magnitudes
    to correct them with; so are light curves that were read from alert packets, and negative differences.
    `quality_ok` and `real_bogus` are taken as passed: the objects are classified.

    Parameters
    ----------
    path : pathlib.Path
        Of a Parquet file with a row per point: object, source, coarse, mjd, band, mag, magerr, isdiffpos, detected.
    survey : str
        What the rows are said to be of.
    most : int
        Objects at the most.

    Returns
    -------
    pyarrow.Table
        COLUMNS.
    """
    points = pd.read_parquet(path)
    positive = points["isdiffpos"].fillna(True).astype(bool) & (points["magerr"] > 0)
    own = ~points["source"].str.startswith(_FROM_PACKETS)
    points = points[points["detected"] & positive & own & points["coarse"].eq("SN")].sort_values(["object", "mjd"])
    windows = {name: _window(name, curve) for name, curve in points.groupby("object")}
    names = sorted((name for name, window in windows.items() if len(window)), key=_number)[:most]
    table = _view(survey, names, [windows[name] for name in names])
    return Enrichment([registry.get("lc_features")]).run(table).select(list(COLUMNS))


def _window(name: str, curve: pd.DataFrame) -> pd.DataFrame:
    """The window of an object, empty if none has enough detections."""
    time = curve["mjd"].to_numpy()
    inside = (time <= time[:, None]) & (time > time[:, None] - HISTORY_DAYS)
    most = max((inside[:, curve["band"] == band].sum(axis=1) for band in ("g", "r")), key=lambda count: count.max())
    ends = np.flatnonzero(most >= LEAST_IN_BAND)
    return curve[inside[ends[_number(name) % len(ends)]]] if len(ends) else curve[:0]


def _number(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big")


def _view(survey: str, names: Sequence[str], windows: Sequence[pd.DataFrame]) -> pa.Table:
    """The columns of the common view that lc_features and the forest read; the rest of the light curve is NULL."""
    n = len(names)
    points = pd.concat(windows)
    flux = flux_of_magnitude(points["mag"].to_numpy(float))
    known = {
        "lc_mjd": points["mjd"],
        "lc_band": points["band"],
        "lc_kind": ["detection"] * len(points),
        "lc_flux": flux,
        "lc_flux_err": flux_error(flux, points["magerr"].to_numpy(float)),
    }
    offsets = np.concatenate([[0], np.cumsum([len(window) for window in windows])])
    scalars = {
        "survey": [survey] * n,
        "alert_id": np.arange(n),
        "object_id": list(names),
        "mjd": [window["mjd"].iloc[-1] for window in windows],
        "quality_ok": [True] * n,
        "real_bogus": np.ones(n),
        "corrected": [False] * n,
    }
    return pa.table({**scalars, **_lists(known, offsets, len(points))})


def _lists(known: dict[str, Any], offsets: Iterable[int], n_points: int) -> dict[str, pa.Array]:
    places = pa.array(offsets, pa.int32())
    lists = {}
    for column in LIGHT_CURVE:
        values = pa.array(known[column.name]) if column.name in known else pa.nulls(n_points, column.type.value_type)
        lists[column.name] = pa.ListArray.from_arrays(places, values)
    return lists
