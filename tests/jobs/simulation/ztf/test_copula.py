"""Columns drawn together have the distributions and the correlations of those they were measured on."""

import numpy as np
import pytest

from jobs.simulation.ztf.copula import Copula, fit, from_json, normal_scores


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    one = rng.exponential(2.0, 4000)
    other = 10 - 3 * np.log(one) + rng.normal(0, 1, 4000)
    return np.column_stack([one, other, np.round(rng.uniform(0, 3, 4000))])


@pytest.fixture(scope="module")
def copula(rows) -> Copula:
    return fit(("one", "other", "count"), rows, normal_scores(rows))


def test_drawn_columns_are_distributed_as_the_measured(copula, rows):
    drawn = copula.draw(np.random.default_rng(1), {"one": rows[:, 0]})
    for i, name in ((1, "other"), (2, "count")):
        np.testing.assert_allclose(
            np.percentile(drawn[name], [10, 25, 50, 75, 90]), np.percentile(rows[:, i], [10, 25, 50, 75, 90]), atol=0.25
        )


def test_what_is_given_decides_as_it_did(copula):
    # other = 10 - 3 ln one, so 8 times as much makes it 3 ln 8 less
    low, high = (copula.draw(np.random.default_rng(1), {"one": np.full(3000, value)})["other"] for value in (0.5, 4.0))
    assert low.mean() - high.mean() == pytest.approx(3 * np.log(8), abs=0.4)
    assert 0.6 < low.std() < 1.7  # of 4 where nothing is given


def test_a_kept_copula_is_the_same(copula):
    again = from_json(copula.as_json())
    given = {"one": np.array([1.0, 2.0, 3.0])}
    for name, values in copula.draw(np.random.default_rng(5), given).items():
        np.testing.assert_allclose(again.draw(np.random.default_rng(5), given)[name], values, rtol=0.02, atol=0.02)


def test_gaps_do_not_spoil_a_column(rows):
    holes = rows.copy()
    holes[::3, 1] = np.nan
    with_gaps = fit(("one", "other", "count"), holes, normal_scores(holes))
    whole = fit(("one", "other", "count"), rows, normal_scores(rows))
    np.testing.assert_allclose(with_gaps.correlation, whole.correlation, atol=0.05)
