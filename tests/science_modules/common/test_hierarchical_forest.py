"""The four forests: grown on balanced draws, walked exactly as scikit-learn walks them, joined and calibrated."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from science_modules.common import hierarchical_growing as growing
from science_modules.common.hierarchical_forest import Forest, joined, tempered
from science_modules.common.light_curve_classes import (
    BALANCED_SHARES,
    BRANCH_INDEX,
    BRANCHES,
    LEAVES,
    SKY_SHARES,
    leaves_of,
)

NAMES = tuple(f"made_up.x{k}" for k in range(12))
SETTINGS = growing.Settings(trees=5, draws=40, least=1)


def examples(seed: int, each: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian clouds, a tenth of their numbers missing; the ninth column has none missing."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(0, 1.5, (len(LEAVES), len(NAMES)))
    x = np.repeat(centres, each, axis=0) + rng.normal(size=(each * len(LEAVES), len(NAMES)))
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 8] = np.where(np.isnan(x[:, 8]), 0.0, x[:, 8])
    return x, np.repeat(LEAVES, each)


@cache
def grown() -> Forest:
    x, leaf = examples(2)
    return growing.grow(x, leaf, SETTINGS, 7, NAMES, trained_on="clouds")


def test_the_classes_are_those_of_the_paper() -> None:
    assert (len(LEAVES), BRANCHES) == (15, ("periodic", "stochastic", "transient"))
    assert [len(leaves_of(branch)) for branch in range(3)] == [6, 5, 4]
    assert SKY_SHARES[LEAVES.index("slsn")] == pytest.approx(24 / 123496)  # of 123,496 labelled objects
    np.testing.assert_allclose(np.bincount(BRANCH_INDEX, BALANCED_SHARES), 1 / 3)


def test_a_tree_is_shown_every_class_as_often() -> None:
    label = np.repeat([0, 1, 2], [500, 37, 60])
    weight = np.where(np.arange(len(label)) % 2, 0.0, 1.0)
    times = growing.balanced_draws(label, weight, 1000, 3, np.random.default_rng(1))
    assert np.bincount(label, times).tolist() == [37, 37, 37]
    assert times[weight == 0].sum() == 0
    times = growing.balanced_draws(label, weight, 20, 3, np.random.default_rng(1))
    assert np.bincount(label, times).tolist() == [20, 20, 20]


def test_every_tree_of_every_forest_has_seen_its_classes_alike() -> None:
    forest, leaves = grown(), np.cumsum(grown().skip == 0)
    ends = [*leaves[forest.roots[1:] - 1], leaves[-1]]
    of_trees = np.split(forest.counts, ends[:-1])
    assert len(of_trees) == 4 * SETTINGS.trees
    for number, counts in zip(forest.forest, of_trees, strict=True):
        classes = (3, 6, 5, 4)[number]
        draws = 40 if number == 0 else 30  # the smallest class has 30; the smallest branch 120
        assert counts.sum(axis=0).tolist() == [draws] * classes + [0] * (6 - classes)


@pytest.mark.parametrize("least", [1, 4])
def test_the_walk_is_that_of_scikit_learn(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trees: list[list[DecisionTreeClassifier]] = []
    as_arrays = growing._as_arrays

    def kept(grown: Any, *rest: Any) -> Forest:
        trees.extend(grown)
        return as_arrays(grown, *rest)

    monkeypatch.setattr(growing, "_as_arrays", kept)
    x, leaf = examples(2)
    forest = growing.grow(x, leaf, replace(SETTINGS, least=least), 3, NAMES)
    unseen = examples(5)[0].astype(np.float32)
    unseen[:40, 8] = np.nan  # trees have seen none missing there
    unseen[7] = np.nan
    wanted = [np.mean([tree.predict_proba(unseen) for tree in each], axis=0) for each in trees]
    for found, said in zip(forest.shares(unseen), wanted, strict=True):
        np.testing.assert_allclose(found, said, rtol=0, atol=1e-12)
    split = forest.threshold[(forest.skip > 0) & np.isfinite(forest.threshold)]  # one at infinity parts what is missing
    on_thresholds = np.tile(split[:, None], len(NAMES))
    for found, each in zip(forest.shares(on_thresholds), trees, strict=True):
        said = np.mean([tree.predict_proba(on_thresholds) for tree in each], axis=0)
        np.testing.assert_allclose(found, said, rtol=0, atol=1e-12)


def test_a_leaf_is_its_branch_times_itself_within_the_branch() -> None:
    forest = grown()
    x = examples(4)[0]
    answer, shares = forest.predict(x), forest.shares(x)
    np.testing.assert_array_equal(answer.leaf[:, LEAVES.index("slsn")], shares[0][:, 2] * shares[3][:, 3])
    for each in (answer.leaf, answer.branch, answer.calibrated, answer.sky):
        np.testing.assert_allclose(each.sum(axis=1), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.add.reduceat(answer.leaf, [0, 6, 11], axis=1), answer.branch, atol=1e-12)


def test_natural_shares_multiply_the_odds() -> None:
    answer = grown().predict(examples(4)[0])
    rrl, slsn = LEAVES.index("rrl"), LEAVES.index("slsn")
    by = (32482 / 24) * (3 * 6) / (3 * 4)
    odds = answer.calibrated[:, rrl] / answer.calibrated[:, slsn]
    np.testing.assert_allclose(answer.sky[:, rrl] / answer.sky[:, slsn], odds * by, rtol=1e-9)


def test_one_object_gets_the_same_bits_whatever_the_batch() -> None:
    x = examples(4)[0]
    whole = grown().predict(x)
    for rows in (slice(0, 1), slice(3, 8), slice(100, 117)):
        part = grown().predict(x[rows])
        assert part.calibrated.tobytes() == whole.calibrated[rows].tobytes()
        assert part.sky.tobytes() == whole.sky[rows].tobytes()


def test_the_file_is_the_forest_and_the_seed_its_bytes() -> None:
    x, leaf = examples(2)
    again = growing.grow(x, leaf, SETTINGS, 7, NAMES, trained_on="clouds")
    assert again.to_bytes() == grown().to_bytes()
    assert growing.grow(x, leaf, SETTINGS, 8, NAMES).to_bytes() != grown().to_bytes()
    read = Forest.from_bytes(grown().to_bytes())
    assert (tuple(read.features), read.trained_on[0]) == (NAMES, "clouds")
    assert read.predict(x).sky.tobytes() == grown().predict(x).sky.tobytes()
    np.testing.assert_allclose(read.importance.sum(axis=1), 1, rtol=1e-5)


def test_temperatures_lower_the_cross_entropy_of_what_was_not_seen() -> None:
    forest, (x, leaf) = grown(), examples(9)
    warmed = growing.with_temperatures(forest, x, leaf)
    rows, index = np.arange(len(x)), growing.leaf_index(leaf)
    before, after = (-np.log(each.predict(x).calibrated[rows, index]).mean() for each in (forest, warmed))
    assert after < before
    assert (warmed.temperature != 1).all()


def test_a_class_that_no_tree_chose_is_not_ruled_out() -> None:
    found = tempered(np.array([[1.0, 0.0, 0.0]]), 1.0)
    np.testing.assert_allclose(found, [[1.001 / 1.003, 0.001 / 1.003, 0.001 / 1.003]])
    assert tempered(np.array([[0.6, 0.4]]), 0.5)[0, 0] == pytest.approx(0.601**2 / (0.601**2 + 0.401**2))


def test_joined_keeps_the_order_of_the_classes() -> None:
    parts = [np.array([[0.5, 0.3, 0.2]]), np.eye(6)[[2]], np.eye(5)[[4]], np.eye(4)[[0]]]
    found = dict(zip(LEAVES, joined(parts)[0], strict=True))
    assert {name: value for name, value in found.items() if value} == {"dsct": 0.5, "cv_nova": 0.3, "snia": 0.2}


def test_labels_and_draws_that_make_no_sense_are_refused() -> None:
    x, leaf = examples(2)
    with pytest.raises(ValueError, match=r"found \['kilonova'\]"):
        growing.grow(x[:1], np.array(["kilonova"]), SETTINGS, 1, NAMES)
    with pytest.raises(
        ValueError, match=r"every class wants examples, there are: cep 0, lpv 30, eclipsing 30, .*; give more"
    ):
        growing.grow(x[leaf != "cep"], leaf[leaf != "cep"], SETTINGS, 1, NAMES)
    with pytest.raises(ValueError, match="draws is 70000"):
        growing.Settings(draws=70000)
