"""MHPS against plain sums on a grid, waves and noise of known power, and the published code."""

import numpy as np
import pytest
from golden_curves import GoldenCurves, share_within
from random_curves import groups, random_curves

from science_modules.common.curve_features.mexican_hat import mexican_hat
from science_modules.common.photometry import flux_error, flux_of_magnitude, magnitude_of_flux

NAMES = ("MHPS_low", "MHPS_high", "MHPS_ratio")


def slow(time, mag, err, _offsets):
    flux = flux_of_magnitude(mag, 17.0)  # the zero point does not matter
    error = flux_error(flux, err) / flux.mean()
    relative = flux / flux.mean() - 1
    lag = time[None, :] - time[:, None]

    def power(scale):
        narrow = 0.225 * scale / 2**0.5
        reach = 6 * max(narrow, 5.0)
        grid = np.linspace(-reach, reach, 200_001)
        kept = (np.abs(lag) <= 2 * reach / 3).sum(axis=1) > 3
        means, filters = [], []
        for width in (narrow, 2 * narrow):
            weight = np.where(np.abs(lag) < reach, np.exp(-(lag**2) / (2 * width**2)), 0)
            means.append(weight @ relative / weight.sum(axis=1))
            gauss = np.exp(-(grid**2) / (2 * width**2))
            filters.append(gauss / np.trapezoid(gauss, grid))
        squares = np.mean((means[0] - means[1])[kept] ** 2)
        return squares / np.trapezoid((filters[0] - filters[1]) ** 2, grid), error[kept].mean() ** 2

    low, noise = power(100)
    high, _ = power(10)
    high -= noise if high > noise else 0
    return low - noise, high, (low - noise) / high


def test_it_is_the_plain_sum() -> None:
    curves = random_curves([40, 90, 200], days=400.0)
    found = mexican_hat(*curves)
    for k, each in enumerate(groups(curves)):
        assert [found[name][k] for name in NAMES] == pytest.approx(slow(*each), rel=1e-7)


@pytest.mark.parametrize(("period", "is_slow"), [(100.0, True), (10.0, False)])
def test_a_wave_stands_at_its_own_timescale(period: float, is_slow: bool) -> None:
    time = np.arange(0, 700.0, 0.5)
    mag = magnitude_of_flux(1 + 0.1 * np.sin(2 * np.pi * time / period), 19.0)
    found = mexican_hat(time, mag, np.full(len(time), 1e-4), np.array([0, len(time)]))
    assert (found["MHPS_ratio"][0] > 100) == is_slow
    assert (found["MHPS_ratio"][0] < 0.1) == (not is_slow)


def test_too_few_neighbours_give_no_answer() -> None:
    time = np.array([0.0, 1, 2, 0, 1, 2, 300, 301, 302])
    found = mexican_hat(time, np.full(9, 19.0), np.full(9, 0.1), np.array([0, 3, 9]))
    assert all(np.isnan(found[name]).all() for name in NAMES)


def test_it_is_the_published_one(golden: GoldenCurves) -> None:
    """Theirs has times in float32, steps of 5.6 minutes; it gives nothing at 100 d where it has nothing at 10 d."""
    for band, curves in golden.bands.items():
        found = mexican_hat(curves.time, curves.mag, curves.err, curves.offsets)
        for name, ours in found.items():
            theirs = golden.theirs(name, band)
            only_ours = np.isfinite(ours) & np.isnan(theirs)
            assert not (np.isnan(ours) & np.isfinite(theirs)).any()
            assert only_ours.sum() <= (3 if name == "MHPS_low" else 0)
            assert np.isnan(found["MHPS_high"][only_ours]).all()
            assert share_within(ours, theirs, 1e-2) > 0.985, name
            assert share_within(ours, theirs, 1e-3) > (0.97 if name == "MHPS_low" else 0.75), name
