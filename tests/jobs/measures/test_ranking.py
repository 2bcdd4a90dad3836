"""Areas under the ROC curve, and their difference by bootstrap over objects."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from jobs.measures.ranking import area, paired_area


def test_the_area_is_the_share_of_pairs_in_order_equal_ones_counting_half() -> None:
    member = np.array([True, True, False, False])
    assert area(member, np.array([0.9, 0.4, 0.4, 0.1])) == pytest.approx(3.5 / 4)
    assert area(member, np.array([0.9, 0.8, 0.2, 0.1])) == 1.0
    assert area(member, np.zeros(4)) == 0.5
    assert np.isnan(area(np.ones(3, bool), np.arange(3.0)))


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    member = rng.random(500) < 0.3
    score = np.round(rng.normal(member, 1), 1)  # many are equal
    assert area(member, score) == pytest.approx(roc_auc_score(member, score), abs=1e-12)


def test_a_better_score_is_better_by_more_than_chance_and_the_same_one_is_not() -> None:
    rng = np.random.default_rng(2)
    member, group = rng.random(400) < 0.3, np.arange(400) // 2
    poor, good = rng.normal(member, 2), rng.normal(2 * member, 1)
    found = paired_area(member, poor, good, group, draws=300)
    assert (found.n_members, found.n_others, found.n_groups) == (member.sum(), 400 - member.sum(), 200)
    assert found.difference == pytest.approx(roc_auc_score(member, good) - roc_auc_score(member, poor))
    assert 0 < found.low < found.difference < found.high and found.is_more_than_chance
    same = paired_area(member, good, good, group, draws=20)
    assert (same.difference, same.low, same.high) == (0, 0, 0) and not same.is_more_than_chance
    back = paired_area(member, good, poor, group, draws=300)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))  # the same draws


def test_alerts_of_one_object_are_drawn_together() -> None:
    """Fifty copies of six alerts are no more than six objects: the interval is as wide as of the six."""
    member = np.array([True, True, True, False, False, False])
    one, other = np.array([0.9, 0.3, 0.2, 0.8, 0.4, 0.1]), np.array([0.9, 0.7, 0.2, 0.8, 0.4, 0.1])
    few = paired_area(member, one, other, np.arange(6), draws=400)
    copies = np.repeat(np.arange(6), 50)
    many = paired_area(member[copies], one[copies], other[copies], copies, draws=400)
    assert (many.low, many.high) == pytest.approx((few.low, few.high))
    assert many.n_groups == 6 and many.n_members == 150


def test_without_members_there_is_no_area_and_no_interval() -> None:
    found = paired_area(np.zeros(3, bool), np.arange(3.0), np.arange(3.0), np.arange(3))
    assert np.isnan([found.first, found.second, found.low, found.high]).all() and not found.is_more_than_chance
