"""Periods and amplitudes of simulated variable stars, against real RR Lyrae and published quantiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jobs.simulation.checks.positive_curves import Curves, enough
from science_modules.common.photometry import flux_error, flux_of_magnitude, magnitude_of_flux

GOAL = 0.5  # of the real interquartile range
_LEAST = 20  # points for an amplitude
_REFERENCE_FRAMES = 15
_NAMES = {"RRab": "rr_lyrae_ab", "RRc": "rr_lyrae_c"}
# Low, middle and high period [d] of LINEAR's variable stars (Palaversa et al. 2013); EA between low and high 90 %.
_LINEAR = {"eclipsing_ew": (0.28, 0.33, 0.40), "delta_scuti": (0.048, 0.063, 0.088), "eclipsing_ea": (0.37, 0.77, 2.3)}


def variable_stars(directory: Path, stripe_82: Path) -> list[dict[str, Any]]:
    """Medians of periods and amplitudes, simulated against real.

    Parameters
    ----------
    directory : Path
        What `strix simulate lightcurves` wrote.
    stripe_82 : Path
        `sdss_s82_rrlyrae.parquet`: real RR Lyrae, g r i, total magnitudes (Sesar et al. 2010).

    Returns
    -------
    list of dict
        class, number, real, simulated, difference (of medians, in interquartile ranges), n_real, n_simulated, ok.
    """
    truth = pq.read_table(directory / "truth.parquet", columns=["object_id", "class", "period", "n_detections"])
    seen = truth.to_pandas().query("n_detections > 0")
    stars = pd.read_parquet(stripe_82)
    period, amplitude = stars.groupby("object").agg({"period": "first", "class": "first"}), _amplitudes(stars)
    drawn = _simulated_amplitudes(directory, seen)
    rows = []
    for real_name, name in _NAMES.items():
        of_class = period["class"] == real_name
        rows.append(_row(name, "period", period["period"][of_class], seen["period"][seen["class"] == name]))
        rows.append(_row(name, "amplitude g", amplitude[of_class[of_class].index.intersection(amplitude.index)],
                         drawn[drawn.index.isin(seen["object_id"][seen["class"] == name])]))  # fmt: skip
    published = [(name, seen["period"][seen["class"] == name]) for name in _LINEAR]
    return rows + [_against(name, values, *_LINEAR[name]) for name, values in published if len(values)]


def _amplitudes(stars: pd.DataFrame) -> pd.Series:
    """95th less 5th percentile of g magnitudes, of stars with enough points."""
    g = stars[(stars["band"] == "g") & (stars["magerr"] < 0.1) & stars["mag"].between(10, 25)].groupby("object")["mag"]
    return (g.quantile(0.95) - g.quantile(0.05))[g.size() >= _LEAST]


def _simulated_amplitudes(directory: Path, seen: pd.DataFrame) -> pd.Series:
    wanted = seen["object_id"][seen["class"].isin(_NAMES.values())]
    columns = ["object_id", "lc_band", "lc_kind", "lc_flux_total", "lc_flux_total_err"]
    table = ds.dataset(directory / "light_curves", format="parquet").to_table(
        columns=columns, filter=ds.field("object_id").isin(wanted.tolist())
    )
    points = table.to_pandas().explode(columns[1:])
    total, error = points["lc_flux_total"].astype(float), points["lc_flux_total_err"].astype(float)
    sound = (points["lc_band"] == "g") & (points["lc_kind"] == "detection") & (error < 0.09 * total)
    mag = pd.Series(magnitude_of_flux(total[sound]), index=points["object_id"][sound]).groupby(level=0)
    return (mag.quantile(0.95) - mag.quantile(0.05))[mag.size() >= _LEAST]


def _row(name: str, number: str, real: pd.Series, simulated: pd.Series) -> dict[str, Any]:
    low, middle, high = np.nanpercentile(real, [25, 50, 75])
    return {**_against(name, simulated, low, middle, high), "number": number, "n_real": len(real)}


def _against(name: str, simulated: pd.Series, low: float, middle: float, high: float) -> dict[str, Any]:
    median = float(np.nanmedian(simulated)) if len(simulated) else float("nan")
    difference = (median - middle) / (high - low)
    return {
        "class": name,
        "number": "period",
        "real": float(middle),
        "simulated": median,
        "difference": float(difference),
        "n_real": 0,
        "n_simulated": len(simulated),
        "ok": bool(abs(difference) < GOAL),
    }


def stripe_82_curves(path: Path, seed: int = 7) -> Curves:
    """Real RR Lyrae as a survey with difference images would have them: positive differences of 5 sigma, g and r.

    Parameters
    ----------
    path : Path
        `sdss_s82_rrlyrae.parquet`.
    seed : int
        Of the choice of 15 exposures that make the reference.
    """
    rows = pd.read_parquet(path)
    rows = rows[rows["band"].isin(("g", "r")) & (rows["magerr"] > 0) & rows["mag"].between(10, 25)]
    rows = rows.sort_values(["object", "mjd"], kind="stable").reset_index(drop=True)
    flux = flux_of_magnitude(rows["mag"].to_numpy(float))
    rank = pd.Series(np.random.default_rng(seed).permutation(len(rows))).groupby([rows["object"], rows["band"]]).rank()
    chosen = pd.Series(np.where(rank <= _REFERENCE_FRAMES, flux, np.nan))
    difference = flux - chosen.groupby([rows["object"], rows["band"]]).transform("mean").to_numpy()
    points = pd.DataFrame({"owner": pd.factorize(rows["object"])[0], "mjd": rows["mjd"], "band": rows["band"]})
    # Errors of a deeper survey would make every point a detection: to them ZTF's calibration is added.
    error = np.hypot(flux_error(flux, rows["magerr"].to_numpy(float)), 0.02 * flux)
    points["flux"], points["flux_err"] = difference, error
    names = rows.drop_duplicates("object")
    objects = pd.DataFrame({"object": names["object"].to_numpy(), "kind": "VS", "name": names["class"].to_numpy()})
    return enough(objects, points[difference > 5 * error])
