"""SF_ML against a slow sum over all pairs, a random walk, and the published code."""

from itertools import pairwise

import numpy as np
from golden_curves import GoldenCurves, share_within
from random_curves import groups, random_curves

from science_modules.common.curve_features.structure_function import structure_function


def slow(time, mag, err, _offsets):
    i, j = np.triu_indices(len(time), 1)
    lag, square = time[j] - time[i], (mag[j] - mag[i]) ** 2 - err[i] ** 2 - err[j] ** 2
    edges = 10 ** (np.log10(5) + 0.1 * np.arange(27))
    x, y = [], []
    for low, high in pairwise(edges):
        inside = square[(lag >= low) & (lag < high) & (lag <= 365)]
        if len(inside) and inside.mean() > 0 and (low + high) / 730 <= 0.5:
            x.append(np.log10((low + high) / 730))
            y.append(np.log10(inside.mean()) / 2)
    gamma, log_amplitude = np.polyfit(x, y, 1)
    return min(10**log_amplitude, 15), float(np.clip(gamma, -0.5, 3))


def test_it_is_the_slow_sum_over_pairs() -> None:
    curves = random_curves([30, 60, 12, 200], days=600.0)
    found = structure_function(*curves)
    wanted = np.array([slow(*each) for each in groups(curves)])
    np.testing.assert_allclose(found["SF_ML_amplitude"], wanted[:, 0], rtol=1e-10)
    np.testing.assert_allclose(found["SF_ML_gamma"], wanted[:, 1], rtol=1e-10)


def test_a_random_walk_has_a_slope_of_a_half_and_its_own_scatter_after_a_year() -> None:
    rng = np.random.default_rng(2)
    n, objects, step = 700, 60, 0.01
    mag = 19 + np.cumsum(rng.normal(0, step, (objects, n)), axis=1)
    time = np.tile(59000 + np.arange(n, dtype=float), objects)
    found = structure_function(time, mag.ravel(), np.full(n * objects, 1e-4), n * np.arange(objects + 1))
    assert abs(np.mean(found["SF_ML_gamma"]) - 0.5) < 0.06
    assert abs(np.median(found["SF_ML_amplitude"]) / (step * 365**0.5) - 1) < 0.1


def test_without_two_lags_above_the_noise_there_is_no_answer() -> None:
    time = 59000 + np.array([0.0, 1, 2, 3, 4, 4.5, 0, 10, 20, 30, 40, 50, 0, 10, 20, 30, 40])
    mag = np.array([19.0, 19.5, 19, 19.5, 19, 19.5] + [19.0, 19.001] * 5 + [19.0])
    found = structure_function(time, mag, np.full(17, 0.05), np.array([0, 6, 12, 17]))
    assert np.isnan(found["SF_ML_amplitude"]).all() and np.isnan(found["SF_ML_gamma"]).all()


def test_it_is_the_published_one(golden: GoldenCurves) -> None:
    for band, curves in golden.bands.items():
        found = structure_function(curves.time, curves.mag, curves.err, curves.offsets)
        failed = golden.theirs("SF_ML_amplitude", band) == -0.5  # their sign of a failure
        for name, ours in found.items():
            theirs = np.where(failed, np.nan, golden.theirs(name, band))
            assert (np.isnan(ours) == np.isnan(theirs)).all()
            assert share_within(ours, theirs, 3e-3) == 1, name
            assert share_within(ours, theirs, 1e-5) > 0.995, name
