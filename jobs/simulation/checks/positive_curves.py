"""Light curves of known class as positive detections in g and r: all that real labelled ones have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from science_modules.common.photometry import flux_error, flux_of_magnitude
from science_modules.common.view import LIGHT_CURVE

BANDS = ("g", "r")
LEAST = 6  # detections of one band
_POINTS = ("lc_mjd", "lc_band", "lc_kind", "lc_flux", "lc_flux_err")


@dataclass(frozen=True)
class Curves:
    """Light curves of n objects.

    Attributes
    ----------
    objects : pandas.DataFrame, n rows
        object, kind (SN, VS or AGN) and name (a finer class).
    points : pandas.DataFrame
        owner (row of `objects`, ascending), mjd (ascending within it), band, flux, flux_err [nJy].
    """

    objects: pd.DataFrame
    points: pd.DataFrame

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def table(self) -> pa.Table:
        """The columns of the common view that modules of light curves read."""
        counts = np.bincount(self.points["owner"], minlength=len(self))
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
        known = {f"lc_{name}": self.points[name].to_numpy() for name in ("mjd", "band", "flux", "flux_err")}
        known["lc_kind"] = np.full(len(self.points), "detection", dtype=object)
        columns = {
            each.name: pa.ListArray.from_arrays(offsets, _values(known.get(each.name), each.type, len(self.points)))
            for each in LIGHT_CURVE
        }
        scalars = {"survey": ["ztf"] * len(self), "corrected": np.zeros(len(self), dtype=bool)}
        return pa.table({**scalars, **columns})


def _values(values: NDArray[np.generic] | None, kind: pa.ListType, n: int) -> pa.Array:
    return pa.nulls(n, kind.value_type) if values is None else pa.array(values, kind.value_type)


def simulated_curves(directory: Path, kinds: Sequence[str] = ("SN", "VS", "AGN")) -> Curves:
    """Positive detections of what `strix simulate lightcurves` wrote.

    Parameters
    ----------
    directory : Path
    kinds : sequence of str
        Classes of the stamp classifier that are wanted.
    """
    truth = pq.read_table(directory / "truth.parquet", columns=["object_id", "class", "stamp_class"]).to_pandas()
    truth = truth[truth["stamp_class"].isin(kinds)].set_index("object_id")
    files = ds.dataset(directory / "light_curves", format="parquet")
    table = files.to_table(columns=["object_id", *_POINTS])
    table = table.filter(pa.array(pd.Series(table["object_id"].to_pylist()).isin(truth.index)))
    lengths = np.diff(table["lc_mjd"].combine_chunks().offsets.to_numpy())
    points = pd.DataFrame({name: table[name].combine_chunks().flatten().to_pandas() for name in _POINTS})
    points.columns = ["mjd", "band", "kind", "flux", "flux_err"]
    points["owner"] = np.repeat(np.arange(len(lengths)), lengths)
    own = truth.loc[table["object_id"].to_pylist()]
    objects = pd.DataFrame(
        {"object": own.index, "kind": own["stamp_class"].to_numpy(), "name": own["class"].to_numpy()}
    )
    positive = (points["kind"] == "detection") & (points["flux"] > 0) & points["band"].isin(BANDS)
    return enough(objects, points.loc[positive, ["owner", "mjd", "band", "flux", "flux_err"]])


def real_curves(path: Path) -> Curves:
    """Positive detections of real objects of known class, from `ztf_labelled_lc.parquet` (long format).

    Parameters
    ----------
    path : Path
    """
    rows = pd.read_parquet(path)
    positive = rows["isdiffpos"].astype("boolean").fillna(True).astype(bool) & rows["detected"] & (rows["magerr"] > 0)
    rows = rows[positive & rows["band"].isin(BANDS) & rows["mag"].notna()].sort_values(["object", "mjd"], kind="stable")
    names = rows.drop_duplicates("object")
    kind = names["coarse"].replace({"TDE": "SN", "FBOT": "SN"})
    objects = pd.DataFrame({"object": names["object"], "kind": kind, "name": names["class"]}).reset_index(drop=True)
    flux = flux_of_magnitude(rows["mag"].to_numpy(float))
    points = pd.DataFrame({"owner": pd.factorize(rows["object"])[0], "mjd": rows["mjd"].to_numpy(float)})
    points["band"], points["flux"] = rows["band"].to_numpy(), flux
    points["flux_err"] = flux_error(flux, rows["magerr"].to_numpy(float))
    return enough(objects, points)


def enough(objects: pd.DataFrame, points: pd.DataFrame) -> Curves:
    """The objects that have LEAST detections of one band.

    Parameters
    ----------
    objects, points : pandas.DataFrame
        As in Curves.
    """
    per_band = points.groupby(["owner", "band"]).size().unstack(fill_value=0).reindex(range(len(objects)), fill_value=0)
    return _kept(objects, points, (per_band.max(axis=1) >= LEAST).to_numpy())


def _kept(objects: pd.DataFrame, points: pd.DataFrame, which: NDArray[np.bool_]) -> Curves:
    place = np.cumsum(which) - 1
    own = points[which[points["owner"]]]
    return Curves(objects[which].reset_index(drop=True), own.assign(owner=place[own["owner"]]).reset_index(drop=True))


def windows(curves: Curves, lengths: Sequence[tuple[float, float]], seed: int) -> Curves:
    """Pieces of light curves, as surveys' packets and catalogues cut them.

    Parameters
    ----------
    curves : Curves
    lengths : sequence of (float, float)
        For each there is a piece of each object, as long as something between them, even in the logarithm [d], that
        holds a detection chosen at random.
    seed : int

    Returns
    -------
    Curves
        Those pieces that have LEAST detections of one band.
    """
    rng = np.random.default_rng(seed)
    owner, mjd = curves.points["owner"].to_numpy(), curves.points["mjd"].to_numpy()
    start = np.searchsorted(owner, np.arange(len(curves) + 1))
    found = []
    for piece, (shortest, longest) in enumerate(lengths):
        chosen = mjd[start[:-1] + (rng.uniform(size=len(curves)) * np.diff(start)).astype(np.int64)]
        length = np.exp(rng.uniform(np.log(shortest), np.log(longest), len(curves)))
        first = chosen - length * rng.uniform(size=len(curves))
        inside = (mjd >= first[owner]) & (mjd < (first + length)[owner])
        found.append(curves.points[inside].assign(owner=owner[inside] + piece * len(curves)))
    return enough(pd.concat([curves.objects] * len(lengths), ignore_index=True), pd.concat(found, ignore_index=True))


def fewer(curves: Curves, most: int, seed: int) -> Curves:
    """At most some objects of each class, chosen at random.

    Parameters
    ----------
    curves : Curves
    most : int
    seed : int
    """
    order = pd.Series(np.random.default_rng(seed).permutation(len(curves)))
    return _kept(curves.objects, curves.points, (order.groupby(curves.objects["name"]).rank() <= most).to_numpy())
