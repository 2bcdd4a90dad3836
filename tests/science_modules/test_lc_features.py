"""Light-curve statistics against the package light-curve (GPL, tests only) and against arithmetic by hand."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import light_curve as lc
import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from views import Point, light_curves, ztf_view

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.compiled import compiled
from science_modules.lc_features import MODULE, TOO_FEW, load, run
from science_modules.lc_features.features import NAMES

EXTRACTORS = {
    ("mean",): lc.Mean(),
    ("weighted_mean",): lc.WeightedMean(),
    ("standard_deviation",): lc.StandardDeviation(),
    ("median",): lc.Median(),
    ("amplitude",): lc.Amplitude(),
    ("beyond_1_std",): lc.BeyondNStd(1),
    ("beyond_2_std",): lc.BeyondNStd(2),
    ("cusum",): lc.Cusum(),
    ("inter_percentile_range_10",): lc.InterPercentileRange(0.1),
    ("kurtosis",): lc.Kurtosis(),
    ("skew",): lc.Skew(),
    ("linear_trend", "linear_trend_sigma", "linear_trend_noise"): lc.LinearTrend(),
    ("linear_fit_slope", "linear_fit_slope_sigma", "linear_fit_reduced_chi2"): lc.LinearFit(),
    ("magnitude_percentage_ratio_40_5",): lc.MagnitudePercentageRatio(0.4, 0.05),
    ("magnitude_percentage_ratio_20_10",): lc.MagnitudePercentageRatio(0.2, 0.1),
    ("maximum_slope",): lc.MaximumSlope(),
    ("median_absolute_deviation",): lc.MedianAbsoluteDeviation(),
    ("median_buffer_range_percentage_10",): lc.MedianBufferRangePercentage(0.1),
    ("percent_amplitude",): lc.PercentAmplitude(),
    ("anderson_darling_normal",): lc.AndersonDarlingNormal(),
    ("chi2",): lc.ReducedChi2(),
    ("stetson_k",): lc.StetsonK(),
    ("eta",): lc.Eta(),
    ("eta_e",): lc.EtaE(),
    ("excess_variance",): lc.ExcessVariance(),
    ("time_span",): lc.Duration(),
}


def published(t: Sequence[float], m: Sequence[float], e: Sequence[float]) -> dict[str, float]:
    """What light-curve gives; times counted from the first, so that its slopes lose no digits."""
    t0, m0, e0 = (np.asarray(values, dtype=float) for values in (t, m, e))
    values: dict[str, float] = {}
    for names, extractor in EXTRACTORS.items():
        given = extractor(t0 - t0[0], m0, e0, fill_value=np.nan, sorted=True)
        values |= dict(zip(names, given, strict=True))
    return values


def alerts(curves: Sequence[Sequence[Point]], corrected: bool | None = False, **columns: Any) -> pa.Table:
    """A table in the common view, as far as lc_features reads it; every point is a detection."""
    return pa.table({**light_curves(curves, **columns), "corrected": pa.array([corrected] * len(curves), pa.bool_())})


def features(table: pa.Table) -> pd.DataFrame:
    return run(AlertBatch(table), load({}))


def magnitudes(flux: Any, flux_err: Any) -> tuple[Any, Any]:
    return 31.4 - 2.5 * np.log10(flux), 2.5 / math.log(10) * np.asarray(flux_err) / flux


def random_curve(rng: np.random.Generator, n: int) -> list[Point]:
    times = np.sort(rng.uniform(60000, 60030, n))
    flux, error = rng.lognormal(10, 0.4, n), rng.uniform(100, 2000, n)
    return [(t, "r", f, e) for t, f, e in zip(times, flux, error, strict=True)]


def test_every_statistic_agrees_with_light_curve_from_1_to_300_points() -> None:
    rng = np.random.default_rng(1)
    curves = [random_curve(rng, n) for n in [*range(1, 61), 100, 300] for _ in range(3)]
    ours = features(alerts(curves))
    for row, curve in enumerate(curves):
        t, _, flux, err = zip(*curve, strict=True)
        for name, value in published(t, *magnitudes(np.array(flux), err)).items():
            got = ours[f"{name}_r"][row]
            np.testing.assert_allclose(got, value, rtol=1e-6, atol=1e-7, err_msg=f"{name}, {len(curve)} points")


def test_the_comparison_leaves_out_only_the_brightest_magnitude() -> None:
    compared = {name for names in EXTRACTORS for name in names}
    assert set(NAMES) - compared == {"brightest"}
    assert compared <= set(NAMES)


def test_statistics_of_real_packets_agree_with_light_curve_on_their_published_magnitudes(
    ztf_packets: list[Mapping[str, Any]],
) -> None:
    # Difference magnitudes and start times straight from the packet, without the common view.
    chosen, compared = ztf_packets, 0
    view = ztf_view(chosen)
    ours = features(view)
    for row, packet in enumerate(chosen):
        if view["corrected"][row].as_py() is not False:
            continue
        for fid, band in ((1, "g"), (2, "r")):
            points = published_points(packet, fid)
            if points is None or len(points) != ours[f"n_{band}"][row] or len(points) < 2:
                continue
            compared += 1
            for name, value in published(*zip(*points, strict=True)).items():
                got = ours[f"{name}_{band}"][row]
                np.testing.assert_allclose(got, value, rtol=2e-4, atol=1e-5, err_msg=f"{packet['candid']} {name}")
    assert compared >= 40


def published_points(packet: Mapping[str, Any], fid: int) -> list[tuple[float, float, float]] | None:
    """(jd, magpsf, sigmapsf) of one filter; None where a negative or twin detection makes the answer a choice."""
    history = [*(packet["prv_candidates"] or []), packet["candidate"]]
    own = [p for p in history if p["fid"] == fid and p["magpsf"] is not None and p["jd"] <= packet["candidate"]["jd"]]
    twins = len({p["jd"] for p in own}) != len(own)
    if twins or any(p["isdiffpos"] not in ("t", "1") or p["sigmapsf"] >= 1 for p in own):
        return None
    return sorted((p["jd"], p["magpsf"], p["sigmapsf"]) for p in own)


def test_four_points_by_hand() -> None:
    # 20, 21, 22, 25 mag on days 0, 1, 2, 3: mean 22, deviations -2 -1 0 3, sum of squares 14.
    curve = [(60000.0 + day, "g", 10 ** (0.4 * (31.4 - mag)), 1e-3) for day, mag in enumerate((20, 21, 22, 25))]
    row = features(alerts([curve])).iloc[0]
    assert row["mean_g"] == pytest.approx(22)
    assert row["standard_deviation_g"] == pytest.approx(math.sqrt(14 / 3))
    assert row["median_g"] == pytest.approx(21.5)
    assert row["amplitude_g"] == pytest.approx(2.5)
    assert row["brightest_g"] == pytest.approx(20)
    assert row["maximum_slope_g"] == pytest.approx(3)
    assert row["linear_trend_g"] == pytest.approx((1.5 * 2 + 0.5 * 1 + 0.5 * 0 + 1.5 * 3) / 5)  # 8 / 5
    assert row["eta_g"] == pytest.approx((1 + 1 + 9) / 14)
    assert row["n_g"] == 4


def test_negative_unknown_and_hopeless_fluxes_are_left_out_and_counted() -> None:
    good = [(60000.0, "r", 1e4, 100.0), (60001.0, "r", 1e4, 100.0)]
    bad = [
        (60002.0, "r", -1e4, 100.0),
        (60003.0, "r", None, 100.0),
        (60004.0, "r", 100.0, 93.0),
        (60005.0, "r", 1e4, 0.0),
    ]
    row = features(alerts([good + bad])).iloc[0]  # 93 / 100 x 1.0857 > 1 mag
    assert (row["n_r"], row["n_left_out"]) == (2, 4)
    assert row["mean_r"] == pytest.approx(21.4)


def test_upper_limits_and_forced_points_are_not_read() -> None:
    curve = [(60000.0, "r", 1e4, 100.0), (60001.0, "r", 2e4, 100.0), (60002.0, "r", None, 100.0)]
    row = features(alerts([curve], lc_kind=[["detection", "forced", "upper_limit"]])).iloc[0]
    assert (row["n_r"], row["n_left_out"]) == (1, 0)


def test_a_corrected_alert_is_measured_on_the_source_itself() -> None:
    curve = [(60000.0, "r", 1e3, 10.0), (60001.0, "r", -1e3, 10.0), (60002.0, "r", 1e3, 10.0)]
    total = {"lc_flux_total": [[1.1e4, 9e3, None]], "lc_flux_total_err": [[10.0, 10.0, None]]}
    row = features(alerts([curve], corrected=True, **total)).iloc[0]
    assert (row["n_r"], row["n_left_out"]) == (2, 1)
    assert row["amplitude_r"] == pytest.approx(1.25 * math.log10(11 / 9))
    for corrected in (False, None):
        row = features(alerts([curve], corrected=corrected, **total)).iloc[0]
        assert (row["n_r"], row["n_left_out"]) == (2, 1)
        assert row["amplitude_r"] == 0


def test_colours_are_g_minus_r_and_r_minus_i() -> None:
    curve = [(60000.0, "g", 1e3, 10.0), (60000.1, "r", 1e4, 10.0), (60001.0, "r", 1e3, 10.0), (60002.0, "i", 1e4, 10.0)]
    row = features(alerts([curve])).iloc[0]
    assert row["color_g_r"] == pytest.approx(23.9 - (21.4 + 23.9) / 2)
    assert row["color_g_r_max"] == pytest.approx(23.9 - 21.4)
    assert row["color_r_i"] == pytest.approx((21.4 + 23.9) / 2 - 21.4)


def test_a_flat_light_curve_has_no_shape() -> None:
    curve = [(60000.0 + day, "r", 1.7e4, 100.0) for day in range(6)]
    row = features(alerts([curve])).iloc[0]
    shape = [
        "skew",
        "kurtosis",
        "cusum",
        "stetson_k",
        "eta",
        "anderson_darling_normal",
        "magnitude_percentage_ratio_40_5",
    ]
    assert row[[f"{name}_r" for name in shape]].isna().all()
    assert row["standard_deviation_r"] == 0 and row["linear_trend_r"] == 0


def test_twin_times_give_no_infinite_slope() -> None:
    curve = [(60000.0, "r", 1e4, 10.0), (60000.0, "r", 2e4, 10.0), (60000.0, "r", 3e4, 10.0)]
    row = features(alerts([curve])).iloc[0]
    assert row[["maximum_slope_r", "eta_e_r", "linear_trend_r", "linear_fit_slope_r"]].isna().all()
    assert row["time_span_r"] == 0


def test_without_a_magnitude_there_is_a_reason() -> None:
    frame = features(alerts([[], [(60000.0, "r", -1.0, 1.0)], [(60000.0, "r", 1e4, 1.0)]]))
    assert list(frame["error"]) == [TOO_FEW, TOO_FEW, None]


def test_the_frame_has_the_declared_columns_in_order() -> None:
    frame = features(alerts([[(60000.0, "r", 1e4, 1.0)]]))
    assert list(frame.columns) == [output.name for output in MODULE.outputs] + ["error"]


def test_where_no_folder_takes_the_machine_code_it_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.caching.FunctionCache._impl_class, "_locator_classes", [])

    def double(x: float) -> float:
        return 2 * x

    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(double)
    assert compiled(double)(21.0) == 42.0
