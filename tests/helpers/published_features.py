"""The light curves behind the published feature values, in the common view, as the golden numbers' recipe says."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.photometry import error_of_limit, flux_error, flux_of_magnitude
from science_modules.common.view import LIGHT_CURVE


def published(shared: Path) -> pd.DataFrame:
    """The published values, by column as this project names them; a row for an object."""
    values = pd.read_parquet(shared / "golden" / "alerce_lc_features.parquet")
    return values.rename(columns=lambda name: name.replace("-", "_").replace("/", "_"))


def batch_of(values: pd.DataFrame, shared: Path) -> AlertBatch:
    """One alert for each published object, with all its detections and limits in g and r."""
    curves = shared / "data" / "lightcurves"
    labelled = _points(pd.read_parquet(curves / "ztf_labelled_lc.parquet"))
    stripe = pd.read_parquet(curves / "sdss_s82_rrlyrae.parquet")
    stripe = _points(stripe[stripe["mag"] > 0].assign(detected=True, isdiffpos=True, diffmaglim=float("nan")))
    by_object = dict([*labelled.groupby("object"), *stripe.groupby("object")])
    return _batch([by_object[name].sort_values("mjd", kind="stable") for name in values["object"]])


def _points(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["band"].isin(["g", "r"])]
    detected = rows["detected"] & rows["mag"].notna() & (rows["magerr"] > 0) & (rows["magerr"] < 1)
    limit = ~rows["detected"] & rows["diffmaglim"].notna()
    return rows[detected | limit]


def _batch(curves: list[pd.DataFrame]) -> AlertBatch:
    lists = [_lists(points) for points in curves]
    n = len(curves)
    columns: dict[str, Any] = {
        column.name: pa.array([each.get(column.name, [None] * len(each["lc_mjd"])) for each in lists], column.type)
        for column in LIGHT_CURVE
    }
    columns |= {"survey": ["ztf"] * n, "alert_id": range(n), "corrected": [False] * n}
    columns |= {name: pa.nulls(n, pa.float64()) for name in ("gal_b", "gal_l")}
    return AlertBatch(pa.table(columns))


def _lists(points: pd.DataFrame) -> dict[str, list[Any]]:
    is_limit = ~points["detected"].to_numpy(bool)
    mag, err, limit = (points[name].to_numpy(float) for name in ("mag", "magerr", "diffmaglim"))
    sign = points["isdiffpos"].astype("boolean").fillna(True).map({True: 1.0, False: -1.0}).to_numpy(float)
    flux = flux_of_magnitude(mag)
    errors = flux_error(flux, err)
    errors[is_limit] = error_of_limit(np.where(limit > 0, limit, np.nan)[is_limit])  # a limit of -1001 is none
    return {
        "lc_mjd": points["mjd"].tolist(),
        "lc_band": points["band"].tolist(),
        "lc_kind": ["upper_limit" if each else "detection" for each in is_limit],
        "lc_flux": [None if no else value for no, value in zip(is_limit, (flux * sign).tolist(), strict=True)],
        "lc_flux_err": errors.tolist(),
    }
