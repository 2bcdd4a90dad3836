"""Light curves of known objects from files: simulated ones, those in packets, labelled ones in long format."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.pipeline.alerts import alert_tables
from jobs.pipeline.surveys.ztf import ZTF
from jobs.training.stamp_set import views_without_stamps
from science_modules.common.photometry import flux_error, flux_of_magnitude

BANDS = ("g", "r")
LARGEST_ERROR_MAG = 1.0
_SAME_DAYS = 1e-4  # times of one exposure in two packets
_COLUMNS = {
    "lc_mjd": "mjd", "lc_band": "band", "lc_kind": "kind", "lc_flux": "flux", "lc_flux_err": "flux_err",
    "lc_flux_total": "total", "lc_flux_total_err": "total_err",
}  # fmt: skip


@dataclass(frozen=True)
class Light:
    """Light curves of n objects, in g and r if nothing else is said.

    Attributes
    ----------
    names : pandas.Series, n rows
        Of the objects.
    simulated : bool
        Whether all are; else none is.
    points : pandas.DataFrame
        owner (row of `names`, ascending), mjd (ascending within it), band, forced (measured where nothing was detected or
        not: such points are of total fluxes only), flux, flux_err, total, total_err [nJy]: of the difference and of the
        source itself, NaN where not known.
    """

    names: "pd.Series[str]"
    simulated: bool
    points: pd.DataFrame

    def __len__(self) -> int:
        return len(self.names)

    def only(self, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "Light":
        """Some of the objects.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n,)
            True for those that stay.
        """
        owner = self.points["owner"].to_numpy()
        points = self.points[kept[owner]].assign(owner=(np.cumsum(kept) - 1)[owner[kept[owner]]])
        return Light(self.names[kept].reset_index(drop=True), self.simulated, points.reset_index(drop=True))


def simulated(path: Path, bands: Sequence[str] = BANDS) -> Light:
    """Light curves that `strix simulate lightcurves` wrote.

    Parameters
    ----------
    path : pathlib.Path
        One of its files of light curves.
    bands : sequence of str
        Whose points are kept.
    """
    table = pq.ParquetFile(path).read(columns=["object_id", *_COLUMNS])
    return Light(table["object_id"].to_pandas(), True, _points(table, bands))


def packets(path: str) -> Light:
    """Real light curves in packets of ZTF: what all alerts of an object say of it, taken together.

    Parameters
    ----------
    path : str
        A file or directory of packets, or a Parquet file of alerts that came without cutouts.
    """
    views = views_without_stamps(path) if path.endswith(".parquet") else alert_tables([path], (ZTF.name,))
    table = pa.concat_tables([view.select(["object_id", *_COLUMNS]) for view in views])
    owner, names = pd.factorize(table["object_id"].to_pandas())
    points = _points(table)
    points["owner"] = owner[points["owner"]]
    points = points[~points["forced"]].sort_values(["owner", "mjd"], kind="stable")
    again = points.assign(mjd=(points["mjd"] / _SAME_DAYS).round()).duplicated(["owner", "band", "mjd"])
    return Light(pd.Series(names, dtype=object), False, points[~again].reset_index(drop=True))


def _points(table: pa.Table, bands: Sequence[str] = BANDS) -> pd.DataFrame:
    """Detections and forced measurements of light curves in the common view, owned by the table's rows."""
    lengths = pc.fill_null(pc.list_value_length(table["lc_mjd"]), 0).to_numpy()
    points = pd.DataFrame({new: table[old].combine_chunks().flatten().to_pandas() for old, new in _COLUMNS.items()})
    points["owner"] = np.repeat(np.arange(len(lengths)), lengths)
    points["forced"] = points["kind"] == "forced"
    kept = points["band"].isin(bands) & (points["kind"] != "upper_limit")
    return points[kept].drop(columns="kind").reset_index(drop=True)


def labelled(path: Path) -> Light:
    """Real light curves in long format (object, mjd, band, mag, magerr, and detected and isdiffpos where there are any).

    Parameters
    ----------
    path : pathlib.Path
        With `isdiffpos`, magnitudes are of differences, positive where it is NULL; else of the sources themselves.
    """
    rows = pd.read_parquet(path)
    of_difference = "isdiffpos" in rows
    known = rows["band"].isin(BANDS) & (rows["mag"] > 0) & (rows["magerr"] > 0) & (rows["magerr"] < LARGEST_ERROR_MAG)
    rows = rows[known & rows["detected"]] if "detected" in rows else rows[known]
    rows = rows.drop_duplicates(["object", "band", "mjd"]).sort_values(["object", "mjd"], kind="stable")
    flux = flux_of_magnitude(rows["mag"].to_numpy(float))
    error = flux_error(flux, rows["magerr"].to_numpy(float))
    owner, names = pd.factorize(rows["object"])
    points = pd.DataFrame({"owner": owner, "mjd": rows["mjd"].to_numpy(float), "band": rows["band"].to_numpy()})
    points["forced"] = False
    points["flux"] = flux * _sign(rows) if of_difference else np.nan
    points["flux_err"] = error
    points["total"], points["total_err"] = (np.nan, np.nan) if of_difference else (flux, error)
    return Light(pd.Series(names, dtype=object), False, points)


def _sign(rows: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Light curves of supernovae without signs hold positive detections only; the signed ones of others show none either."""
    return np.where(rows["isdiffpos"].astype("boolean").fillna(True).to_numpy(bool), 1.0, -1.0)
