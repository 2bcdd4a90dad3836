"""The 400 light curves behind the feature values of ALeRCE's published code, as flat arrays, by the golden README's recipe."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BandCurves:
    """Points of one band, group k those of row k of the golden table."""

    time: Floats
    mag: Floats
    err: Floats
    offsets: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Points of each group."""
        return np.diff(self.offsets)

    def group(self, k: int) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
        """Group k alone."""
        own = slice(self.offsets[k], self.offsets[k + 1])
        return self.time[own], self.mag[own], self.err[own], np.array([0, self.counts[k]])


@dataclass(frozen=True)
class GoldenCurves:
    """The golden table, and each object's points in g (suffix 1) and r (2)."""

    table: pd.DataFrame
    bands: dict[str, BandCurves]

    def theirs(self, name: str, band: str) -> Floats:
        """A column of the table."""
        return self.table[f"{name}_{band}"].to_numpy(np.float64)


def golden_curves(real_alerts: Path) -> GoldenCurves:
    """All objects; skips where the golden table is absent."""
    path = real_alerts.parent / "golden" / "alerce_lc_features.parquet"
    if not path.exists():
        pytest.skip(f"no {path}")
    table = pd.read_parquet(path)
    ztf, s82 = (
        pd.read_parquet(real_alerts / "lightcurves" / f"{name}.parquet")
        for name in ("ztf_labelled_lc", "sdss_s82_rrlyrae")
    )
    points = pd.concat([ztf[ztf["detected"]], s82[s82["mag"] > 0]])
    points = points[points["mag"].notna() & (points["magerr"] > 0) & (points["magerr"] < 1)]
    points["row"] = points["object"].map(pd.Series(table.index, table["object"]))
    points = points[points["row"].notna()].sort_values(["row", "mjd"], kind="stable")
    bands = {suffix: _band(points[points["band"] == band], len(table)) for suffix, band in (("1", "g"), ("2", "r"))}
    return GoldenCurves(table, bands)


def _band(points: pd.DataFrame, n: int) -> BandCurves:
    counts = np.bincount(points["row"].astype(int), minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return BandCurves(*(points[name].to_numpy(np.float64) for name in ("mjd", "mag", "magerr")), offsets)


def share_within(ours: Floats, theirs: Floats, relative: float, absolute: float = 0.0) -> float:
    """Of the values that both have, the share that agrees."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    near = np.abs(ours - theirs) <= relative * np.abs(theirs) + absolute
    return float(near[both].mean())
