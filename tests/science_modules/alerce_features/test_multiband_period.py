"""The multiband period against astropy and plain least squares, known waves, real RR Lyrae stars, and the published code."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.timeseries import LombScargle
from golden_curves import GoldenCurves
from numpy.typing import NDArray
from random_curves import FlatCurves, random_curves

from science_modules.common.curve_features.multiband_period import multiband_period
from science_modules.common.curve_features.period_names import MULTIPLES, NAMES

Floats = NDArray[np.float64]


def waves(objects: int, n: int, days: float, noise: float = 0.05) -> tuple[FlatCurves, Floats]:
    """Sinusoids in g and r with their own phases and means, looks at night."""
    rng = np.random.default_rng(5)
    period = rng.uniform(0.15, 3.0, objects)
    nights = np.sort(rng.integers(0, int(days), (objects, 2, n)), axis=2)
    time = 58000 + nights + rng.uniform(0.2, 0.5, (objects, 2, n))
    time.sort(axis=2)
    phase, mean = rng.uniform(size=(objects, 2, 1)), rng.uniform(16, 19, (objects, 2, 1))
    mag = mean + 0.3 * np.sin(2 * np.pi * (time / period[:, None, None] + phase)) + rng.normal(0, noise, time.shape)
    return (time.ravel(), mag.ravel(), np.full(time.size, noise), n * np.arange(2 * objects + 1)), period


def plain_statistic(curves: FlatCurves, k: int, frequency: float) -> float:
    """Analysis of variance of object k by NumPy's least squares."""
    time, mag, err, offsets = curves
    taken, left, freedom = 0.0, 0.0, 0
    for low, high in ((offsets[2 * k], offsets[2 * k + 1]), (offsets[2 * k + 1], offsets[2 * k + 2])):
        angle, m, root = 2 * np.pi * frequency * time[low:high], mag[low:high], 1 / err[low:high]
        terms = np.column_stack([np.ones(high - low), np.cos(angle), np.sin(angle)])
        fit = terms @ np.linalg.lstsq(terms * root[:, None], m * root)[0]
        residual = np.sum(((m - fit) * root) ** 2)
        left += residual
        taken += np.sum(((m - np.average(m, weights=root**2)) * root) ** 2) - residual
        freedom += high - low - 3
    return freedom * taken / (2 * left)


def test_known_periods_are_found_at_night_looks() -> None:
    curves, period = waves(40, 30, 500.0)
    found = multiband_period(*curves)
    right = np.abs(found["Multiband_period"] / period - 1) < 1e-3
    assert right.mean() > 0.9
    alone = found["delta_period"].reshape(-1, 2)[right]
    assert np.mean(alone < 1e-3) > 0.8  # most bands find the period alone


def test_rates_are_those_of_plain_least_squares_and_no_known_period_is_better() -> None:
    curves, period = waves(12, 20, 300.0, 0.2)
    found = multiband_period(*curves)
    for k, best in enumerate(found["Multiband_period"]):
        highest = plain_statistic(curves, k, 1 / best)
        assert plain_statistic(curves, k, 1 / period[k]) < 1.1 * highest
        for name, multiple in MULTIPLES.items():
            wanted = plain_statistic(curves, k, 1 / (multiple * best)) / highest
            assert found[f"Power_rate_{name}"][k] == pytest.approx(wanted, rel=1e-6)


def test_of_one_band_it_is_the_highest_of_astropys() -> None:
    curves = random_curves([40] * 3, days=40.0)
    found = multiband_period(*curves, n_bands=1)["Multiband_period"]
    for k, period in enumerate(found):
        own = slice(40 * k, 40 * (k + 1))
        theirs = LombScargle(*(each[own] for each in curves[:3]))
        grid = np.arange(0.4 / 40, 1 / 0.045, 0.01 / 40)
        highest = theirs.power(grid, method="slow").max()
        assert theirs.power(1 / period, method="slow") > 0.995 * highest


def test_one_sharp_peak_has_less_entropy_than_noise() -> None:
    curves, _ = waves(20, 40, 300.0)
    noise = (curves[0], 18 + np.random.default_rng(2).normal(0, 0.05, len(curves[0])), *curves[2:])
    one, other = (np.median(multiband_period(*each)["PPE"]) for each in (curves, noise))
    assert 0 <= other < 0.05 < one <= 1


def test_bands_with_too_few_points_stand_aside() -> None:
    time, mag, err, _ = random_curves([60])
    found = multiband_period(time, mag, err, np.array([0, 10, 20, 30, 60]))
    assert all(np.isnan(found[name][0]) and np.isfinite(found[name][1]) for name in NAMES)
    assert np.isnan(found["delta_period"]).tolist() == [True, True, True, False]
    assert found["delta_period"][3] == 0  # alone it is the same search
    alone = multiband_period(time[30:], mag[30:], err[30:], np.array([0, 30]), n_bands=1)
    assert alone["Multiband_period"][0] == found["Multiband_period"][1]


def test_points_outside_of_the_densest_3000_days_are_left_out() -> None:
    curves, _ = waves(1, 30, 500.0)
    time, mag, err, _ = curves
    early = time[0] - 4000
    found = multiband_period(*(np.insert(each, 0, value) for each, value in ((time, early), (mag, 10), (err, 0.01))),
                             np.array([0, 31, 61]))  # fmt: skip
    for name, values in multiband_period(*curves).items():
        assert np.array_equal(found[name], values), name


def test_constant_magnitudes_have_no_period() -> None:
    time, _, err, offsets = random_curves([20, 20])
    assert np.isnan(multiband_period(time, np.full(40, 18.0), err, offsets)["Multiband_period"]).all()


@pytest.mark.filterwarnings("error")
def test_points_within_a_moment_have_no_period() -> None:
    time, mag, err, offsets = random_curves([20, 20])
    found = multiband_period(1e-9 * time, mag, err, offsets)
    assert np.isnan([found[name][0] for name in NAMES]).all() and np.isnan(found["delta_period"]).all()


def in_turn(golden: GoldenCurves) -> FlatCurves:
    """g and r of each object side by side."""
    groups = [golden.bands[band].group(k) for k in range(len(golden.table)) for band in ("1", "2")]
    time, mag, err = (np.concatenate([group[i] for group in groups]) for i in range(3))
    return time, mag, err, np.cumsum([0, *(len(group[0]) for group in groups)])


def test_it_is_the_published_one_where_their_grid_resolves_the_period(golden: GoldenCurves) -> None:
    """Theirs steps by 0.001 per day: too coarse beyond a few hundred days; with few points every period fits."""
    curves, table = in_turn(golden), golden.table
    chosen = np.flatnonzero((table["set"] == "ztf_labelled_lc") & (table["n_rows_g"] + table["n_rows_r"] >= 30))[:60]
    owns = [slice(curves[3][2 * k], curves[3][2 * k + 2]) for k in chosen]
    counts = [count for k in chosen for count in np.diff(curves[3][2 * k : 2 * k + 3])]
    time, mag, err = (np.concatenate([each[own] for own in owns]) for each in curves[:3])
    found = multiband_period(time, mag, err, np.cumsum([0, *counts]), min_points=6)
    theirs = table.loc[chosen, "Multiband_period"].to_numpy(np.float64)
    span = np.array([np.ptp(curves[0][own]) for own in owns])
    near = np.abs(1 / found["Multiband_period"] - 1 / theirs) * span < 1
    assert near.mean() > 0.85
    for name in ("Power_rate_1/2", "Power_rate_2", "Power_rate_3"):
        off = np.abs(found[name] - table.loc[chosen, name].to_numpy(np.float64))[near]
        assert np.median(off) < 0.02, name


def test_stripe_82_rr_lyrae_have_their_periods_more_often_than_in_the_published_code(real_alerts: Path) -> None:
    table = pd.read_parquet(real_alerts / "lightcurves" / "sdss_s82_rrlyrae.parquet")
    table = table[(table["mag"] > 0) & (table["magerr"] > 0) & (table["magerr"] < 1)].sort_values("mjd")
    stars = [own for _, own in table.groupby("object")][::6]
    parts = [
        own.loc[own["band"] == band, ["mjd", "mag", "magerr"]].to_numpy(np.float64) for own in stars for band in "gr"
    ]
    time, mag, err = np.concatenate(parts).T
    found = multiband_period(time, mag, err, np.cumsum([0, *map(len, parts)]))["Multiband_period"]
    right = [
        abs(1 / period - 1 / own["period"].iloc[0]) < 2 / np.ptp(own["mjd"])
        for period, own in zip(found, stars, strict=True)
    ]
    assert len(stars) == 48
    assert np.mean(right) > 0.6  # 195 of all 285; the published grid finds 29 of 100
