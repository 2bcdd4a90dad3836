"""Closed-form features against numpy, scipy and slow sums, on random light curves and on odd ones."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from science_modules.common.curve_features.chi2_probability import chi2_probability
from science_modules.common.curve_features.closed_forms import LEAST_POINTS, NAMES, closed_forms

Floats = NDArray[np.float64]


def values(time: Any, mag: Any, err: Any, sign: Any = None) -> dict[str, float]:
    t, m, e = (np.asarray(each, dtype=float) for each in (time, mag, err))
    s = np.ones(len(t)) if sign is None else np.asarray(sign, dtype=float)
    return dict(zip(NAMES, closed_forms(t, m, e, s, np.array([0, len(t)]))[0], strict=True))


def slow(t: Floats, m: Floats, e: Floats) -> dict[str, float]:
    n, mean, sigma, med = len(m), m.mean(), m.std(), np.median(m)
    part, ordered = int(np.ceil(0.05 * n)), np.sort(m)
    correlation = [np.sum((m[: n - k] - mean) * (m[k:] - mean)) / (n * sigma**2) for k in range(n)]
    outlying = np.sign(m - mean) * (abs(m - mean) > 2 * sigma)
    triples = [abs(outlying[i : i + 3].sum()) == 3 for i in range(n - 2)]
    cumulative = np.cumsum(m - mean) / (n * sigma)
    weight, steps = 1 / np.diff(t) ** 2, np.diff(m)
    low, high = np.percentile(m, [3, 97])
    return {
        "Amplitude": 0.5 * (np.median(ordered[-part:]) - np.median(ordered[:part])),
        "Autocor_length": next((k for k, value in enumerate(correlation) if value < np.exp(-1)), n),
        "Con": np.mean(triples),
        "Eta_e": np.sum(weight * steps**2) / np.sum(weight) / m.var(),
        "Gskew": np.median(m[m <= low]) + np.median(m[m >= high]) - 2 * med,
        "LinearTrend": stats.linregress(t, m).slope,
        "MaxSlope": np.max(abs(steps / np.diff(t))),
        "MedianAbsDev": stats.median_abs_deviation(m),
        "MedianBRP": np.mean(abs(m - med) < np.ptp(m) / 10),
        "PairSlopeTrend": (np.sum(np.diff(m[-30:]) > 0) - np.sum(np.diff(m[-30:]) <= 0)) / 30,
        "Pvar": stats.chi2.cdf(np.sum(((m - mean) / e) ** 2), n - 1),
        "Q31": stats.iqr(m),
        "Rcs": np.ptp(cumulative),
        "Skew": stats.skew(m),
    }


@pytest.mark.parametrize("n", [6, 7, 29, 30, 31, 60, 300])
def test_random_curves_against_slow_sums(n: int) -> None:
    rng = np.random.default_rng(n)
    time, err = np.sort(rng.uniform(0, 400, n)), rng.uniform(0.02, 0.3, n)
    mag = 19 + np.sin(time / 30) + err * rng.standard_t(2, n)
    got, want = values(time, mag, err), slow(time, mag, err)
    assert {name: got[name] for name in want} == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_six_points_by_hand() -> None:
    got = values([0, 1, 2, 3, 5, 9], [20, 20, 21, 20, 20, 19], [0.5] * 6, [1, 1, -1, 1, np.nan, 1])
    assert got["positive_fraction"] == 0.8 and got["delta_mag_fid"] == 2.0 and got["Amplitude"] == 1.0
    assert got["Std"] ** 2 == pytest.approx(1 / 3) and got["Meanvariance"] == pytest.approx(3**-0.5 / 20)
    assert got["ExcessVar"] == pytest.approx((2 - 6 * 0.25) / (6 * 400))
    assert got["MaxSlope"] == 1.0 and got["PairSlopeTrend"] == pytest.approx((1 - 4) / 30)
    assert got["Beyond1Std"] == pytest.approx(2 / 6) and got["Con"] == 0.0
    assert got["StetsonK"] == pytest.approx((2 / 6) / np.sqrt(2 / 6))


def test_three_bright_neighbours_in_a_row_are_con_and_a_faint_one_among_them_is_not() -> None:
    mag = np.full(40, 20.0)
    mag[10:14] = 18.0
    assert values(np.arange(40.0), mag, np.full(40, 0.1))["Con"] == 2 / 38
    mag[12] = 22.0
    assert values(np.arange(40.0), mag, np.full(40, 0.1))["Con"] == 0.0


def test_a_flat_curve_has_no_shape() -> None:
    got = values(np.arange(8.0), [20.1] * 8, np.linspace(0.1, 0.2, 8))
    undefined = {name for name, value in got.items() if np.isnan(value)}
    assert undefined == {"AndersonDarling", "Autocor_length", "Eta_e", "Rcs", "Skew", "SmallKurtosis", "StetsonK"}
    assert [got[name] for name in ("Std", "Pvar", "Beyond1Std", "LinearTrend")] == [0.0] * 4


def test_points_at_one_time_give_no_slope() -> None:
    got = values([0.0, 0.0, 1.0, 2.0, 3.0, 4.0], [20.0, 21.0, 20.0, 20.0, 20.0, 20.0], [0.1] * 6)
    assert got["MaxSlope"] == 1.0 and np.isfinite(got["Eta_e"])
    together = values(np.zeros(6), 20 + np.arange(6.0), [0.1] * 6)
    assert np.isnan([together[name] for name in ("MaxSlope", "Eta_e", "LinearTrend")]).all()


def test_below_six_points_there_is_only_what_one_point_defines() -> None:
    got = values(np.arange(5.0), 20 + np.arange(5.0), [0.1] * 5)
    assert LEAST_POINTS == 6
    assert {name for name, value in got.items() if np.isfinite(value)} == {"delta_mag_fid", "positive_fraction"}


@pytest.mark.parametrize("freedom", [1, 2, 5, 30, 100, 3000])
def test_the_probability_of_chi2_is_scipys(freedom: int) -> None:
    chi2 = freedom * 10 ** np.random.default_rng(freedom).uniform(-2, 2, 200)
    got, want = [chi2_probability(each, freedom) for each in chi2], special.gammainc(freedom / 2, chi2 / 2)
    assert got == pytest.approx(want, rel=1e-10, abs=1e-290)
    assert chi2_probability(0.0, 3.0) == 0.0 and chi2_probability(np.inf, 3.0) == 1.0
    assert np.isnan(chi2_probability(np.nan, 3.0)) and np.isnan(chi2_probability(1.0, 0.0))
