"""Psi_CS and Psi_eta against NumPy, a wave that is smooth at its period only, and the published code."""

import numpy as np
import pytest
from golden_curves import GoldenCurves, share_within
from random_curves import groups, random_curves

from science_modules.common.curve_features.folded import folded


def test_it_is_numpys() -> None:
    time, mag, _, offsets = curves = random_curves([30, 61, 3])
    period = np.array([0.7, 31.0, 500.0])
    found = folded(time, mag, offsets, period)
    for k, (own_time, own_mag, _, _) in enumerate(groups(curves)):
        m = own_mag[np.argsort(np.mod(own_time, 2 * period[k]))]
        walk = np.cumsum(m - m.mean()) / (len(m) * m.std())
        assert found["Psi_CS"][k] == pytest.approx(np.ptp(walk), rel=1e-10)
        assert found["Psi_eta"][k] == pytest.approx(np.sum(np.diff(m) ** 2) / ((len(m) - 1) * m.var()), rel=1e-10)


def test_a_wave_is_smooth_at_its_period_and_rough_elsewhere() -> None:
    time = np.sort(np.random.default_rng(3).uniform(0, 400, 200))
    mag = 19 + 0.4 * np.sin(2 * np.pi * time / 0.61)
    twice = np.tile(time, 2), np.tile(mag, 2), np.array([0, 200, 400])
    eta = folded(*twice, np.array([0.61, 0.5173]))["Psi_eta"]
    assert eta[0] < 0.02
    assert eta[1] == pytest.approx(2, abs=0.4)  # as of white noise


def test_without_period_points_or_scatter_there_is_no_answer() -> None:
    time, mag = np.arange(12.0), np.array([19.0, 20, 21, 19, 20, 19, 20, 21, 19, 19, 19, 19])
    found = folded(time, mag, np.array([0, 4, 6, 8, 12]), np.array([np.nan, 1.7, 1.7, 1.7]))
    assert np.isnan(found["Psi_CS"]).all() and np.isnan(found["Psi_eta"]).all()


def test_it_is_the_published_one_at_their_period(golden: GoldenCurves) -> None:
    period = golden.table["Multiband_period"].to_numpy(np.float64)
    for band, curves in golden.bands.items():
        for name, ours in folded(curves.time, curves.mag, curves.offsets, period).items():
            theirs = golden.theirs(name, band)
            assert (np.isnan(ours) == np.isnan(theirs)).all()
            assert share_within(ours, theirs, 1e-5) == 1, name
