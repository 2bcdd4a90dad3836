"""lc_features against the published statistics of Fink on the same real alerts, and where the two define things otherwise."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.pipeline.surveys.ztf import ZTF
from science_modules.common.alert_batch import AlertBatch
from science_modules.lc_features import load, run

OF_ERRORS = (
    "weighted_mean",
    "linear_fit_slope",
    "linear_fit_slope_sigma",
    "linear_fit_reduced_chi2",
    "chi2",
    "stetson_k",
)
LEFT_OUT = ("mean_variance",)  # not among ours


@pytest.fixture(scope="module")
def fink(real_alerts: Path) -> pd.DataFrame:
    path = real_alerts.parent / "golden" / "fink_lc_statistics.parquet"
    if not path.exists():
        pytest.skip(f"no {path}")
    return pd.read_parquet(path).set_index("candid").rename(columns=str.lower)


@pytest.fixture(scope="module")
def alerts(fink: pd.DataFrame, ztf_packets: list[Mapping[str, Any]]) -> pa.Table:
    by_id = {packet["candid"]: packet for packet in ztf_packets}
    packets = pa.array([by_id[candid] for candid in fink.index], type=ZTF.packet_type)
    return ZTF.view(packets, [""] * len(packets), 62000.0).table


def with_reference_noise_twice(alerts: pa.Table) -> pa.Table:
    """Fink's error: the difference's and the reference's in quadrature, from what the two errors of ours differ by."""
    err, point = (alerts[name].combine_chunks() for name in ("lc_flux_total_err", "lc_flux_total_err_point"))
    squares = (
        2 * err.flatten().to_numpy(zero_copy_only=False) ** 2 - point.flatten().to_numpy(zero_copy_only=False) ** 2
    )
    values = pa.ListArray.from_arrays(err.offsets, pa.array(np.sqrt(squares), from_pandas=True))
    return alerts.set_column(alerts.schema.get_field_index("lc_flux_total_err"), "lc_flux_total_err", values)


def compared(ours: pd.DataFrame, fink: pd.DataFrame, rows: pd.Series, band: str) -> dict[str, float]:
    """Largest relative difference per statistic, among alerts that both give; and they give the same ones."""
    found = {}
    for name in [column[:-2] for column in fink.columns if column.endswith(f"_{band}")]:
        if name not in LEFT_OUT:
            one, other = (table.loc[rows, f"{name}_{band}"].astype(float) for table in (ours, fink))
            assert (one.isna() == other.isna()).all(), name
            found[name] = float(((one - other).abs() / np.maximum(other.abs(), 1e-3)).max())
    return found


@pytest.mark.parametrize("band", ["g", "r"])
def test_fink_says_the_same_where_the_points_are_the_same_but_for_the_errors(
    band: str, fink: pd.DataFrame, alerts: pa.Table
) -> None:
    """With its errors all statistics agree to 1e-6; with ours those without errors do, and those of errors do not."""
    state = load({})
    ours, theirs = (
        run(AlertBatch(table), state).set_index(fink.index) for table in (alerts, with_reference_noise_twice(alerts))
    )
    n = f"n_{band}"
    same = ((ours[f"mean_{band}"] - fink[f"mean_{band}"]).abs() < 1e-4) & (ours[n] == theirs[n])
    same &= ~((ours[f"median_{band}"] - fink[f"median_{band}"]).abs() > 1e-4)
    same &= ~((ours[f"amplitude_{band}"] - fink[f"amplitude_{band}"]).abs() > 1e-4)
    assert same.sum() >= {"g": 70, "r": 35}[band]
    with_theirs = compared(theirs, fink, same, band)
    assert max(with_theirs.values()) < 1e-6, with_theirs
    with_ours = compared(ours, fink, same, band)
    assert max(value for name, value in with_ours.items() if name not in OF_ERRORS) < 1e-6
    assert min(with_ours[name] for name in OF_ERRORS) > 1e-3


def test_the_error_of_the_total_flux_is_the_differences_own() -> None:
    """Total = difference + reference: the reference's noise is in the difference with the other sign, and cancels.

    Of 200,000 made-up exposures the scatter of the total is that of the science image; in quadrature with the
    reference once more it would be far too large, and the difference's alone is the upper bound that extended sources have.
    """
    rng = np.random.default_rng(0)
    science, reference = rng.normal(1000, 30, 200_000), rng.normal(400, 20, 200_000)
    difference = science - reference
    total = difference + reference
    alone, point, twice = np.std(difference), np.sqrt(np.var(difference) - 20.0**2), np.hypot(np.std(difference), 20.0)
    assert np.std(total) == pytest.approx(point, rel=0.01)
    assert np.std(total) < alone < twice
