"""Shares, intervals, calibration and comparisons, against other libraries and by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest

from jobs.measures.calibration import reliability
from jobs.measures.classification import confusion
from jobs.measures.intervals import Share, bootstrap, wilson
from jobs.measures.paired import mcnemar, paired
from jobs.measures.thresholds import error_rates

CLASSES = ("A", "B", "C")


def test_intervals_are_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson(0, 10) == pytest.approx((0.0, 0.278), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)
    for k, n in ((0, 5), (3, 7), (90, 100)):
        known = binomtest(k, n).proportion_ci(0.95, "wilson")
        assert wilson(k, n) == pytest.approx((known.low, known.high), abs=1e-6)


def test_a_share_says_its_number_and_a_share_of_nothing_is_none() -> None:
    assert str(Share(8, 10)) == "0.800 (0.490 to 0.943, n = 10)"
    assert str(Share(0, 0)) == "no answer (n = 0)"
    assert Share(0, 0).as_dict()["value"] is None


def test_confusion_counts_by_true_class_and_called_class() -> None:
    labels = np.array(["A", "A", "B", "C", "C"], object)
    chances = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.1, 0.6, 0.3], [0.5, 0.5, 0], [np.nan] * 3])
    found = confusion(labels, chances, CLASSES)
    assert found.counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert found.no_answer.tolist() == [0, 0, 1]
    assert (found.accuracy.k, found.accuracy.n) == (2, 4)
    assert found.recall(0).value == 0.5 and found.precision(0).value == 0.5
    assert found.mean_recall == pytest.approx((0.5 + 1 + 0) / 3)


def test_probabilities_that_are_what_they_say_have_no_error() -> None:
    rng = np.random.default_rng(1)
    said = rng.uniform(0.5, 1, 50_000)
    right = rng.random(50_000) < said
    assert reliability(right, said).expected_error < 0.01
    assert reliability(right, np.clip(said + 0.2, 0, 1)).expected_error == pytest.approx(0.16, abs=0.03)


def test_the_calibration_error_by_hand() -> None:
    found = reliability(np.array([True, False, True, True]), np.array([0.95, 0.95, 0.65, 1.0]))
    # bin 0.9 to 1: three said 0.9667 on average, 2/3 are right; bin 0.6: one said 0.65 and is right
    assert found.expected_error == pytest.approx((3 * abs(2.9 / 3 - 2 / 3) + 0.35) / 4)
    assert np.isnan(reliability(np.array([], bool), np.array([])).expected_error)


def test_mcnemar_is_a_fair_coin() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(12, 3) == mcnemar(3, 12) == pytest.approx(2 * sum(binom(15, k) for k in range(4)) / 2**15)


def binom(n: int, k: int) -> int:
    return int(np.prod([(n - i) / (i + 1) for i in range(k)]) + 0.5)


def test_the_better_one_is_found_and_equal_ones_are_not_told_apart() -> None:
    rng = np.random.default_rng(2)
    group = np.arange(400)
    first, same, better = rng.random(400) < 0.7, rng.random(400) < 0.7, rng.random(400) < 0.9
    found = paired(first, better, group)
    assert found.p_value < 1e-6 and found.low > 0
    assert found.difference == pytest.approx(better.mean() - first.mean())
    alike = paired(first, same, group)
    assert alike.p_value > 0.05 and alike.low < 0 < alike.high


def test_many_alerts_of_one_object_prove_nothing() -> None:
    first, second = np.array([False] * 50 + [True] * 4), np.array([True] * 50 + [True] * 4)
    found = paired(first, second, np.array([0] * 50 + [1, 2, 3, 4]))
    assert found.only_second == 50
    assert (found.groups_first, found.groups_second) == (0, 1)
    assert found.p_value == 1.0  # one object only
    assert "n = 54 alerts of 5 objects; of alerts only the first right 0, only the second 50;" in str(found)
    assert str(found).endswith("of objects, by one alert of each, 0 and 1, McNemar p = 1")
    assert found.low == 0.0


def test_a_bootstrap_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(3).normal(5, 1, 400)
    low, high = bootstrap(lambda rows: float(values[rows].mean()), np.arange(400), seed=1)
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    twice = np.repeat(values, 2)
    again = bootstrap(lambda rows: float(twice[rows].mean()), np.repeat(np.arange(400), 2), seed=1)
    assert again[1] - again[0] == pytest.approx(high - low, rel=0.15)
    assert np.isnan(bootstrap(lambda rows: 0.0, np.array([], np.int64), 1)[0])


def test_error_rates_are_counted_at_every_threshold() -> None:
    rng = np.random.default_rng(4)
    member, score = rng.random(300) < 0.3, np.round(rng.random(300), 3).astype(np.float32).astype(np.float64)
    found = error_rates(member, score)
    assert found.thresholds[40] == pytest.approx(0.2)
    for at, threshold in enumerate(found.thresholds):
        assert found.false_negatives[at].k == (score[member] < threshold).sum()
        assert found.false_positives[at].k == (score[~member] >= threshold).sum()
    apart = [
        abs(one.value - other.value) for one, other in zip(found.false_negatives, found.false_positives, strict=True)
    ]
    assert found.equal is not None and apart[found.equal] == min(apart)
    assert error_rates(np.zeros(3, bool), np.array([0.1, 0.2, 1.0])).equal is None


def test_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(6)
    labels, chances = rng.choice(np.array(CLASSES, object), 200), rng.dirichlet(np.ones(3), 200)
    right, said = rng.random(200) < 0.5, rng.random(200)
    one, other = slice(0, 77), slice(77, 200)
    whole = confusion(labels, chances, CLASSES)
    added = confusion(labels[one], chances[one], CLASSES) + confusion(labels[other], chances[other], CLASSES)
    assert added.counts.tolist() == whole.counts.tolist()
    assert whole.shares.sum(axis=1) == pytest.approx([1, 1, 1])
    with pytest.raises(ValueError, match="counts of A, B, C and of A cannot be added"):
        _ = whole + confusion(np.array([], object), np.empty((0, 1)), ("A",))
    parts = reliability(right[one], said[one]) + reliability(right[other], said[other])
    assert parts.expected_error == pytest.approx(reliability(right, said).expected_error)
    rates = error_rates(right[one], said[one]) + error_rates(right[other], said[other])
    assert rates.as_dict() == error_rates(right, said).as_dict()
