"""The parts of the period search against slow sums, NumPy's least squares and astropy."""

import math

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from numpy.typing import NDArray

from science_modules.common.fourier_sums import N_FREQUENCIES, spreading, window_sums
from science_modules.period.candidates import daily, peaks
from science_modules.period.curves import Curve
from science_modules.period.false_alarm import false_alarm
from science_modules.period.harmonics import MAX_HARMONICS, fit
from science_modules.period.scaling import coefficients
from science_modules.period.spectrum import spectrum

Floats = NDArray[np.float64]


def curve(n_bands: int, n: int, days: float, seed: int = 1) -> Curve:
    """Noise with a sinusoid of 1.7 per day, weights of a factor of nine."""
    rng = np.random.default_rng(seed)
    time = np.concatenate([np.sort(rng.uniform(0, days, n)) for _ in range(n_bands)])
    time -= time.min()
    weight = rng.uniform(1, 9, len(time))
    flux = np.sin(2 * np.pi * 1.7 * time) + rng.normal(size=len(time))
    starts = np.arange(0, len(time) + 1, n)
    for low in starts[:-1]:
        own = slice(low, low + n)
        flux[own] -= np.average(flux[own], weights=weight[own])
    return Curve(starts, np.arange(n_bands, dtype=np.int8), time, flux, weight, np.ones(n_bands))


def least_squares(one: Curve, frequency: float, n_harmonics: int) -> tuple[float, Floats]:
    """Share of the chi2 that a series takes, and its coefficients, by NumPy; a mean for each band."""
    means = np.repeat(np.eye(len(one.codes)), np.diff(one.starts), axis=0)
    turns = 2 * np.pi * frequency * one.time
    waves = [wave(k * turns) for k in range(1, n_harmonics + 1) for wave in (np.cos, np.sin)]
    design, root = np.column_stack([means, *waves]), np.sqrt(one.weight)
    solution = np.linalg.lstsq(design * root[:, None], one.flux * root)[0]
    residual = one.flux - design @ solution
    return 1 - float(np.sum(one.weight * residual**2)) / one.chi2, solution[len(one.codes) :]


@pytest.mark.parametrize("first", [0, 37, 200_000])
def test_fourier_sums_are_those_of_the_slow_sum(first: int) -> None:
    rng = np.random.default_rng(2)
    places, strengths = rng.uniform(0, 0.4, 70), rng.normal(size=70)
    fast = window_sums([(places, strengths), (places / 2, -strengths)], first, spreading())
    number = first + np.arange(N_FREQUENCIES)
    for row, (x, c) in zip(fast, [(places, strengths), (places / 2, -strengths)], strict=True):
        slow = np.exp(2j * np.pi * np.outer(number, x)) @ c
        assert np.abs(row - slow).max() < 1e-7 * np.abs(c).sum()


@pytest.mark.parametrize("n_bands", [1, 3])
def test_power_is_what_a_sinusoid_takes_from_the_chi2(n_bands: int) -> None:
    one = curve(n_bands, 40, 250.0)  # 30,000 frequencies: many windows
    found = spectrum(one, 24.0, spreading())
    for number in np.linspace(0, len(found.power) - 1, 60).astype(int):
        slow, _ = least_squares(one, found.step * (found.first + number), 1)
        assert found.power[number] == pytest.approx(slow, abs=1e-6)


def test_power_is_astropys() -> None:
    one = curve(1, 120, 60.0)
    found = spectrum(one, 24.0, spreading())
    frequency = found.step * (found.first + np.arange(len(found.power)))
    assert frequency[0] == pytest.approx(2 / one.span)
    assert frequency[-1] == pytest.approx(24.0, abs=found.step)
    theirs = LombScargle(one.time, one.flux, one.weight**-0.5).power(frequency, method="slow")
    np.testing.assert_allclose(found.power, theirs, atol=1e-6)


def test_the_highest_peak_comes_first_and_the_window_peaks_where_the_looks_repeat() -> None:
    rng = np.random.default_rng(3)
    time = np.arange(80) / 1.0027379 + rng.normal(0, 0.01, 80)  # sidereal days
    time -= time.min()
    flux = np.sin(2 * np.pi * 0.3 * time)
    one = Curve(np.array([0, 80]), np.zeros(1, np.int8), time, flux - flux.mean(), np.ones(80), np.ones(1))
    found = spectrum(one, 24.0, spreading())
    assert min(abs(peaks(found)[0] - true) for true in (0.3, 0.7027, 1.3027)) < found.step
    assert daily(found, 1) == pytest.approx(1.0027379, abs=found.step)
    assert daily(found, 2) == pytest.approx(2.0054758, abs=found.step)
    assert found.window.max() > 0.97


@pytest.mark.parametrize("n_bands", [1, 2, 3])
def test_series_are_those_of_least_squares(n_bands: int) -> None:
    one = curve(n_bands, 45, 33.0)
    matrix, vector = np.empty((2 * MAX_HARMONICS, 2 * MAX_HARMONICS)), np.empty(2 * MAX_HARMONICS)
    for frequency in (0.31, 1.7, 11.3):
        fit(one.time, one.flux, one.weight, one.starts, frequency, matrix, vector)
        for n_harmonics in range(1, MAX_HARMONICS + 1):
            taken, solution = least_squares(one, frequency, n_harmonics)
            assert np.sum(vector[: 2 * n_harmonics] ** 2) / one.chi2 == pytest.approx(taken, abs=1e-10)
            np.testing.assert_allclose(coefficients(one, frequency, n_harmonics), solution, atol=1e-10)


def test_points_at_one_phase_say_nothing_about_a_sinusoid() -> None:
    time = np.arange(30.0)
    flux = np.random.default_rng(4).normal(size=30)
    one = Curve(np.array([0, 30]), np.zeros(1, np.int8), time, flux - flux.mean(), np.ones(30), np.ones(1))
    matrix, vector = np.empty((2 * MAX_HARMONICS, 2 * MAX_HARMONICS)), np.empty(2 * MAX_HARMONICS)
    fit(one.time, one.flux, one.weight, one.starts, 1.0, matrix, vector)
    assert np.sum(vector**2) == 0
    found = spectrum(one, 1.0, spreading())
    assert found.power[-1] == 0 and found.window[-1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("power", [0.05, 0.3, 0.6, 0.9])
def test_in_one_band_the_false_alarm_bound_is_astropys(power: float) -> None:
    one = curve(1, 50, 40.0)
    theirs = LombScargle(one.time, one.flux, one.weight**-0.5).false_alarm_probability(
        power, method="baluev", maximum_frequency=24 - 2 / one.span
    )
    assert false_alarm(one, power, 24.0) == pytest.approx(
        float(theirs), rel=2e-4
    )  # its gamma function is an approximation


def test_false_alarms_at_the_ends() -> None:
    one = curve(2, 30, 40.0)
    assert false_alarm(one, 0.0, 24.0) == 1
    assert false_alarm(one, 1.0, 24.0) == 0
    assert math.isclose(false_alarm(one, 1e-9, 24.0), 1.0, abs_tol=0.01)
