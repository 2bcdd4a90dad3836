"""Weather of nights."""

import numpy as np
import pytest

from jobs.simulation.visits.chance import normal
from jobs.simulation.visits.weather import badness, by_night


def test_a_night_has_the_same_weather_whatever_other_nights_are_asked_for() -> None:
    nights = np.array([[60010, 60000], [60003, 60003]])
    together = badness(7, "Palomar", nights)
    assert together.shape == (2, 2)
    alone = [badness(7, "Palomar", np.array([night]))[0] for night in nights.ravel()]
    assert together.ravel() == pytest.approx(alone, abs=1e-12)
    assert badness(7, "Palomar", np.zeros(0, dtype=np.int64)).shape == (0,)


def test_nights_near_each_other_are_alike() -> None:
    many = badness(7, "Palomar", np.arange(20_000))
    assert np.std(many) == pytest.approx(1, abs=0.02)
    assert np.corrcoef(many[2:], many[:-2])[0, 1] == pytest.approx(0.48, abs=0.03)
    assert np.corrcoef(many[5:], many[:-5])[0, 1] == pytest.approx(0, abs=0.03)


def test_what_belongs_to_a_night_is_drawn_as_for_the_night_alone() -> None:
    nights = np.array([60010, 60000, 60010])
    assert by_night(7, "seeing", nights).tolist() == normal(7, "seeing", nights).tolist()
    assert by_night(7, "seeing", nights[:0]).shape == (0,)
