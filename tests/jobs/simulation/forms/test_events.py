"""Chance that is asked twice answers the same, and looks like chance."""

import numpy as np
import pytest

from jobs.simulation.forms.events import chance, draw_keys, events, flicker

KEYS = draw_keys(np.random.default_rng(1), 20_000)


def test_numbers_are_uniform_and_independent():
    index = np.arange(20_000)
    one, next_index, other_purpose = (
        chance(KEYS, index, "0"),
        chance(KEYS, index + 1, "0"),
        chance(KEYS, index, "1"),
    )
    np.testing.assert_array_equal(one, chance(KEYS, index, "0"))
    assert ((one >= 0) & (one < 1)).all()
    assert np.histogram(one, 20, (0, 1))[0] == pytest.approx(1000, abs=150)
    assert abs(np.corrcoef(one, next_index)[0, 1]) < 0.03 and abs(np.corrcoef(one, other_purpose)[0, 1]) < 0.03
    one_key = chance(np.full(20_000, KEYS[0]), index, "0")
    assert np.histogram(one_key, 20, (0, 1))[0] == pytest.approx(1000, abs=150)


def test_events_are_one_in_each_interval():
    mjd = np.linspace(0, 1000, 20_000)
    since = np.stack([days for _, days in events(np.full(20_000, KEYS[3]), np.full(20_000, 10.0), mjd)])
    index = np.stack([number for number, _ in events(np.full(20_000, KEYS[3]), np.full(20_000, 10.0), mjd)])
    begins = mjd - since
    np.testing.assert_array_equal(np.floor(np.round(begins, 9) / 10).astype(int), index)
    assert len(np.unique(np.round(begins, 6))) == 102
    latest = np.where(since >= 0, since, np.inf).min(axis=0)
    assert latest[mjd > 20].max() < 20


def test_a_clock_has_no_jitter():
    mjd = np.array([100.0, 105.0])
    _, since = next(events(KEYS[:2], np.full(2, 10.0), mjd, jitter=0.0))
    np.testing.assert_allclose(since, [0, 5])


def test_flicker_is_smooth_with_about_unit_spread():
    mjd = np.linspace(59000, 59100, 20_000)
    noise = flicker(np.full(20_000, KEYS[7]), mjd, 0.02)
    assert noise.mean() == pytest.approx(0, abs=0.05) and noise.std() == pytest.approx(1, abs=0.15)
    assert np.abs(np.diff(flicker(np.full(1000, KEYS[7]), np.linspace(59000, 59000.02, 1000), 0.02))).max() < 0.02
