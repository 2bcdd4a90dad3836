"""Rates, limits and colours against arithmetic by hand, numpy.polyfit and a slow loop."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from views import Point, light_curves, ztf_view

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.view import BANDS
from science_modules.rise import MODULE, TOO_FEW, run


def flux(mag: float) -> float:
    return 10 ** (0.4 * (31.4 - mag))


def point(mjd: float, band: str, mag: float, mag_err: float = 0.1) -> Point:
    return mjd, band, flux(mag), flux(mag) * mag_err * math.log(10) / 2.5


def limit(mjd: float, band: str, mag: float) -> Point:
    return mjd, band, None, flux(mag) / 5


def rises(*curves: Sequence[Point], mjd: float = 60010.0, **scalars: Any) -> pd.DataFrame:
    """`rise` of alerts at `mjd`; a point without flux is an upper limit."""
    kinds = [["upper_limit" if p[2] is None else "detection" for p in curve] for curve in curves]
    columns = {"mjd": mjd, "first_detection_mjd": None, "last_limit_mjd": None} | scalars
    arrays = {name: pa.array([value] * len(curves), pa.float64()) for name, value in columns.items()}
    return run(AlertBatch(pa.table({**light_curves(curves, lc_kind=kinds), **arrays})), None)


def test_two_epochs_give_their_slope_and_its_error() -> None:
    row = rises([point(60008, "r", 20.0, 0.1), point(60010, "r", 19.0, 0.05)]).iloc[0]
    assert row["rate_r"] == pytest.approx(-0.5)
    assert row["rate_err_r"] == pytest.approx(math.hypot(0.1, 0.05) / 2)
    assert (row["is_rising_r"], row["is_fading_r"], row["n_r"]) == (True, False, 2)


def test_more_epochs_give_the_weighted_line_of_polyfit_with_its_scatter() -> None:
    rng = np.random.default_rng(2)
    for n in (3, 4, 8, 25):
        t = np.sort(rng.uniform(60001, 60010, n))
        m, e = 19 + 0.1 * (t - 60005) + rng.normal(0, 0.2, n), rng.uniform(0.02, 0.3, n)
        (slope, start), covariance = np.polyfit(t - 60005, m, 1, w=1 / e, cov="unscaled")
        chi2 = (((m - start - slope * (t - 60005)) / e) ** 2).sum() / (n - 2)
        row = rises([point(*p) for p in zip(t, "i" * n, m, e, strict=True)]).iloc[0]
        assert row["rate_i"] == pytest.approx(slope, rel=1e-5)
        assert row["rate_err_i"] == pytest.approx(math.sqrt(covariance[0, 0] * max(1, chi2)), rel=1e-5)


def test_only_the_ten_days_before_the_alert_count() -> None:
    old, later = point(59999, "g", 15.0), point(60011, "g", 15.0)
    row = rises([old, point(60001, "g", 20.0), point(60009, "g", 20.8), later]).iloc[0]
    assert row["rate_g"] == pytest.approx(0.1)
    assert row["n_g"] == 2


def test_points_of_one_night_give_no_rate() -> None:
    row = rises([point(60009.6, "g", 20.0), point(60010, "g", 19.0)]).iloc[0]
    assert row[["rate_g", "rate_err_g", "is_rising_g", "is_fading_g"]].isna().all()
    assert row["n_g"] == 2


def test_a_change_below_three_sigma_is_neither_rise_nor_fade() -> None:
    slow, fast = (
        [point(60008, "r", 20.0), point(60010, "r", 20.42)],
        [point(60008, "r", 20.0), point(60010, "r", 20.43)],
    )
    rows = rises(slow, fast)  # 3 x 0.1 x sqrt(2) = 0.4243 mag
    assert list(rows["is_fading_r"]) == [False, True]
    assert list(rows["is_rising_r"]) == [False, False]


def test_negative_differences_have_no_magnitude() -> None:
    negative = (60009.0, "r", -1e4, 100.0)
    row = rises([point(60008, "r", 20.0), negative, point(60010, "r", 19.0)]).iloc[0]
    assert (row["n_r"], row["rate_r"]) == (2, pytest.approx(-0.5))


def test_the_last_limit_before_the_first_detection_bounds_the_rise() -> None:
    # From 20.5 mag to at most 19.0 + 0.1 mag in 2 days: at least 0.7 mag/d brighter.
    curve = [limit(60000, "r", 21.0), limit(60006, "r", 20.5), point(60008, "r", 19.0), limit(60009, "r", 20.0)]
    row = rises([*curve, point(60010, "r", 18.9)]).iloc[0]
    assert row["rate_limit_r"] == pytest.approx((19.1 - 20.5) / 2)


def test_a_limit_of_the_same_night_or_another_band_bounds_nothing() -> None:
    row = rises([limit(60006, "g", 20.5), limit(60007.6, "r", 20.5), point(60008, "r", 19.0)]).iloc[0]
    assert row[[f"rate_limit_{band}" for band in BANDS]].isna().all()
    assert row["error"] == TOO_FEW


def test_colour_is_of_one_night_and_its_change_from_the_first_to_the_last() -> None:
    first = [point(60000.0, "g", 19.0, 0.03), point(60000.2, "r", 19.2, 0.04)]
    lonely = [point(60004.0, "g", 18.0), point(60005.0, "r", 18.0)]
    last = [point(60009.8, "r", 18.0, 0.05), point(60010.0, "g", 18.5, 0.12)]
    row = rises([*first, *lonely, *last]).iloc[0]
    assert row["g_r"] == pytest.approx(0.5, rel=1e-5)
    assert row["g_r_err"] == pytest.approx(0.13, rel=1e-5)
    assert row["g_r_change"] == pytest.approx(0.7, rel=1e-5)
    assert row["g_r_change_err"] == pytest.approx(math.hypot(0.13, 0.05), rel=1e-5)
    assert row["g_r_change_days"] == pytest.approx(9.8, rel=1e-5)


def test_one_pair_has_a_colour_and_no_change() -> None:
    row = rises([point(60009.8, "r", 18.0), point(60010.0, "g", 18.5)]).iloc[0]
    assert row["g_r"] == pytest.approx(0.5, rel=1e-5)
    assert row[["g_r_change", "g_r_change_err", "g_r_change_days"]].isna().all()


def test_ages_count_from_what_the_packet_knows() -> None:
    row = rises([point(60010, "r", 19.0)], first_detection_mjd=59990.5, last_limit_mjd=60009.0).iloc[0]
    assert (row["days_since_first_detection"], row["days_since_last_limit"]) == (19.5, 1.0)
    assert row["error"] == TOO_FEW


def test_real_alerts_agree_with_a_loop_over_their_points(ztf_packets: Sequence[Mapping[str, Any]]) -> None:
    table = ztf_view(ztf_packets[::3])
    ours = run(AlertBatch(table), None)
    rates = 0
    for row, alert in enumerate(table.to_pylist()):
        for band in "gr":
            rate = slow_rate(alert, band)
            rates += rate is not None
            assert_equal(ours[f"rate_{band}"][row], rate)
            assert_equal(ours[f"rate_limit_{band}"][row], slow_limit(alert, band))
        assert_equal(ours["g_r"][row], slow_colour(alert))
    assert rates > 50


def assert_equal(got: float, wanted: float | None) -> None:
    assert math.isnan(got) if wanted is None else got == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def detections(alert: Mapping[str, Any], bands: str) -> list[tuple[float, str, float, float]]:
    columns = [alert[f"lc_{name}"] for name in ("mjd", "band", "kind", "flux", "flux_err")]
    found = []
    for mjd, band, kind, f, e in zip(*columns, strict=True):
        known = kind == "detection" and band in bands and f is not None and f > 0 and e is not None
        if known and 0 < 1.0857362 * e / f < 1:
            found.append((mjd, band, 31.4 - 2.5 * math.log10(f), 1.0857362 * e / f))
    return found


def slow_rate(alert: Mapping[str, Any], band: str) -> float | None:
    recent = [p for p in detections(alert, band) if alert["mjd"] - 10 <= p[0] <= alert["mjd"]]
    if len(recent) < 2 or recent[-1][0] - recent[0][0] < 0.5:
        return None
    t, _, m, e = zip(*recent, strict=True)
    return float(np.polyfit(np.array(t) - alert["mjd"], m, 1, w=1 / np.array(e))[0])


def slow_limit(alert: Mapping[str, Any], band: str) -> float | None:
    found = detections(alert, band)
    points = zip(*(alert[f"lc_{name}"] for name in ("mjd", "band", "kind", "flux_err")), strict=True)
    limits = [(t, e) for t, b, kind, e in points if found and kind == "upper_limit" and b == band and e]
    early = [(t, e) for t, e in limits if t <= found[0][0] - 0.5]
    if not early:
        return None
    time, error = early[-1]
    return float((found[0][2] + found[0][3] - (31.4 - 2.5 * math.log10(5 * error))) / (found[0][0] - time))


def slow_colour(alert: Mapping[str, Any]) -> float | None:
    found, colour = detections(alert, "gr"), None
    for one, two in itertools.pairwise(found):
        if one[1] != two[1] and two[0] - one[0] <= 0.5:
            colour = one[2] - two[2] if one[1] == "g" else two[2] - one[2]
    return colour


def test_the_frame_has_the_declared_columns_in_order() -> None:
    assert list(rises([]).columns) == [output.name for output in MODULE.outputs] + ["error"]
