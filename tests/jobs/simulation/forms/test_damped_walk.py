"""Walks have the variance and the memory of a damped random walk."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.damped_walk import DAYS, FIRST_DAY, draw_walks, read_walks


def test_walks_have_unit_spread_and_forget_in_tau():
    tau = np.repeat([3.0, 30.0, 300.0], 300)
    walks = draw_walks(np.random.default_rng(5), tau).reshape(3, 300, DAYS)
    assert walks.dtype == np.float32
    np.testing.assert_allclose(walks.std(axis=(1, 2)), 1, atol=0.05)
    for lag in (3, 30, 150):
        correlation = (walks[..., lag:] * walks[..., :-lag]).mean(axis=(1, 2))
        np.testing.assert_allclose(correlation, np.exp(-lag / np.array([3.0, 30, 300])), atol=0.06)


def test_reading_is_linear_between_days_and_constant_beyond():
    walks = draw_walks(np.random.default_rng(6), np.array([10.0, 20.0]))
    mjd = FIRST_DAY + np.array([0.0, 0.25, 7.5, -50, DAYS + 50])
    read = read_walks(walks, Epochs(np.array([0, 2, 5]), mjd, np.zeros(5, np.int64)))
    expected = [
        walks[0, 0],
        0.75 * walks[0, 0] + 0.25 * walks[0, 1],
        (walks[1, 7] + walks[1, 8]) / 2,
        walks[1, 0],
        walks[1, -1],
    ]
    np.testing.assert_allclose(read, expected, atol=1e-2)
