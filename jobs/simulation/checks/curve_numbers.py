"""Numbers of light curves that say nothing of their format: neither how many points nor how long nor how bright."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.pipeline.enrichment.modules import Enrichment
from jobs.simulation.checks.positive_curves import BANDS, Curves
from science_modules import registry
from science_modules.common.photometry import magnitude_change

# Of lc_features: levels of brightness depend on what a catalogue chose, times and their errors on how it was cut.
_LEVELS = ("mean", "weighted_mean", "median", "brightest", "time_span")
_COLOURS = ("colour_g_r", "colour_brightest_g_r")


def curve_numbers(curves: Curves) -> pd.DataFrame:
    """Shapes, amplitudes, slopes and colours in g and r.

    Parameters
    ----------
    curves : Curves
        Of n objects.

    Returns
    -------
    pandas.DataFrame, n rows
        NaN where there are too few points.
    """
    curves = nightly(curves)
    scored = Enrichment([registry.get("lc_features")]).run(curves.table)["lc_features"].combine_chunks()
    names = [field.name for field in scored.type if _is_shape(field.name)]
    frame = pd.DataFrame({name: scored.field(name).to_numpy(zero_copy_only=False) for name in names})
    for band in BANDS:
        frame = frame.join(_parabola(curves, band))
    return frame


def nightly(curves: Curves) -> Curves:
    """One point per night and band, weighted by the errors: some archives keep one exposure of a night, others all.

    Parameters
    ----------
    curves : Curves
    """
    points = curves.points
    weight = points["flux_err"] ** -2.0
    night = np.floor(points["mjd"]).astype(np.int64)
    keyed = points.assign(night=night, w=weight, wf=weight * points["flux"], wt=weight * points["mjd"])
    sums = keyed.groupby(["owner", "night", "band"], as_index=False)[["w", "wf", "wt"]].sum()
    mean = pd.DataFrame({"owner": sums["owner"], "mjd": sums["wt"] / sums["w"], "band": sums["band"]})
    mean["flux"], mean["flux_err"] = sums["wf"] / sums["w"], sums["w"] ** -0.5
    return Curves(curves.objects, mean.sort_values(["owner", "mjd"], kind="stable", ignore_index=True))


def _is_shape(name: str) -> bool:
    statistic, _, band = name.rpartition("_")
    return name in _COLOURS or (band in BANDS and statistic not in (*_LEVELS, "n"))


def _parabola(curves: Curves, band: str) -> pd.DataFrame:
    """How much of the scatter in magnitude a parabola in time takes away, and whether it opens to fainter or brighter."""
    points = curves.points[curves.points["band"] == band]
    n, owner = len(curves), points["owner"].to_numpy()
    mag = magnitude_change(points["flux"].to_numpy())
    count = np.maximum(np.bincount(owner, minlength=n), 1)
    mjd = points["mjd"].to_numpy()
    middle = np.bincount(owner, mjd, n) / count
    scale = np.maximum(np.sqrt(np.bincount(owner, (mjd - middle[owner]) ** 2, n) / count), 1e-3)
    time = (mjd - middle[owner]) / scale[owner]
    powers = np.stack([time**k for k in range(3)], axis=1)
    normal, right = _sums(owner, powers[:, :, None] * powers[:, None, :], n), _sums(owner, powers * mag[:, None], n)
    solvable = np.bincount(owner, minlength=n) >= 5
    normal[~solvable] = np.eye(3)
    fit = np.linalg.solve(normal + 1e-6 * np.eye(3), right[:, :, None])[:, :, 0]
    left = mag - np.sum(powers * fit[owner], axis=1)
    total = np.bincount(owner, (mag - (np.bincount(owner, mag, n) / count)[owner]) ** 2, n)
    share = np.bincount(owner, left**2, n) / np.maximum(total, 1e-9)
    numbers = {f"left_by_parabola_{band}": share, f"curvature_{band}": fit[:, 2] / scale**2}
    return pd.DataFrame({name: np.where(solvable, values, np.nan) for name, values in numbers.items()})


def _sums(owner: NDArray[np.int64], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    total = np.zeros((n, *values.shape[1:]))
    np.add.at(total, owner, values)
    return total
