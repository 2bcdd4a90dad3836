"""The curve between two classes, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from jobs.measures.trade import trade

CLASSES = ("VS", "AGN", "SN")


def test_the_area_is_that_of_scikit_learn_and_other_classes_do_not_count() -> None:
    rng = np.random.default_rng(2)
    labels = rng.choice(np.array(CLASSES, object), 400)
    odds = rng.integers(0, 12, 400) + 4 * (labels == "AGN")  # with ties
    ours = odds / (odds.max() + 1)
    said = np.column_stack([1 - ours, ours, np.full(400, 0.3)])
    said[::50] = np.nan
    curve = trade(labels, said, CLASSES, "VS", "AGN")
    used = np.isfinite(said).all(axis=1) & (labels != "SN")
    assert curve is not None
    assert curve.area == pytest.approx(roc_auc_score(labels[used] == "AGN", ours[used]), abs=1e-12)
    assert (curve.n_find, curve.n_keep) == ((labels[used] == "AGN").sum(), (labels[used] == "VS").sum())


def test_what_is_found_where_so_much_stays() -> None:
    labels = np.array(["VS"] * 4 + ["AGN"] * 2, object)
    ours = np.array([0.1, 0.2, 0.3, 0.8, 0.5, 0.9])
    curve = trade(labels, np.column_stack([1 - ours, ours]), CLASSES[:2], "VS", "AGN")
    assert curve is not None
    assert [curve.found_at(stays) for stays in (1.0, 0.76, 0.75, 0.0)] == [0.5, 0.5, 1.0, 1.0]
    assert curve.area == pytest.approx(7 / 8)  # of 8 pairs one is the wrong way round


def test_without_one_of_the_classes_there_is_no_curve() -> None:
    assert trade(np.array(["VS", "SN"], object), np.eye(3)[:2], CLASSES, "VS", "AGN") is None
