"""Numbers that are functions of their keys."""

import numpy as np
import pytest

from jobs.simulation.visits.chance import normal, uniform
from jobs.simulation.visits.grid import Grid


def test_uniform_numbers_are_uniform_and_not_correlated_between_neighbouring_keys() -> None:
    many = uniform(7, "night", np.arange(300)[:, None], np.arange(1000))
    assert many.shape == (300, 1000)
    assert np.histogram(many, 10, (0, 1))[0] / many.size == pytest.approx(np.full(10, 0.1), abs=0.003)
    for shifted in (many[1:], many[:, 1:]):
        assert abs(np.corrcoef(shifted.ravel(), many[: len(shifted), : shifted.shape[1]].ravel())[0, 1]) < 0.01


def test_a_number_is_the_same_whatever_else_was_asked() -> None:
    assert uniform(7, "a", 5, 6)[0] == uniform(7, "a", np.arange(10)[:, None], np.arange(10))[5, 6]
    turned = np.arange(10)[:, None] + np.zeros((1, 4), dtype=int)
    assert uniform(7, "a", np.asfortranarray(turned), 3)[5].tolist() == 4 * uniform(7, "a", 5, 3).tolist()
    assert uniform(7, "a", 5)[0] != uniform(8, "a", 5)[0]
    assert uniform(7, "a", 5)[0] != uniform(7, "b", 5)[0]


def test_normal_numbers_are_normal() -> None:
    many = normal(7, "noise", np.arange(200_000), -3)
    assert np.mean(many) == pytest.approx(0, abs=0.01)
    assert np.std(many) == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(many) > 3) == pytest.approx(0.0027, abs=0.0005)


def test_every_field_of_the_grid_holds_its_centre() -> None:
    grid = Grid(7.0)
    numbers = np.arange(1, grid.place(np.array([359.999]), np.array([90.0]))[0][0] + 1)
    assert 850 < len(numbers) < 1000  # 41,253 square degrees of 47
    field, x, y = grid.place(*grid.centre(numbers))
    assert field.tolist() == numbers.tolist()
    assert x == pytest.approx(np.full(len(x), 0.5))
    assert y == pytest.approx(np.full(len(y), 0.5))
