"""Batches in which every class is drawn alike, of real and simulated examples as told."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.training.balanced import pools

CLASSES = ("AGN", "SN", "VS")
LABELS = ["AGN"] * 2 + ["SN"] * 10 + ["VS"] * 100
KEYS = pa.table({"label": LABELS, "simulated": [False, True] + [False] * 10 + [None, True] * 50})


def test_rare_classes_are_drawn_as_often_as_others() -> None:
    rows, classes = pools(KEYS, CLASSES).drawn(600, 0.5, np.random.default_rng(1))
    assert np.bincount(classes).tolist() == [200, 200, 200]
    assert [CLASSES[number] for number in classes] == [LABELS[row] for row in rows]
    assert len(set(rows[classes == 2])) > 70
    assert abs(np.mean(rows[classes == 0] == 0) - 0.5) < 0.12  # one real, one simulated


def test_a_class_of_one_kind_gives_what_it_has() -> None:
    rows, classes = pools(KEYS, CLASSES).drawn(60, 0.0, np.random.default_rng(1))
    assert set(rows[classes == 1]) <= set(range(2, 12))  # SN are real ones only
    assert set(rows[classes == 0]) == {1}


def test_a_class_without_examples_is_named() -> None:
    with pytest.raises(ValueError, match=r"every class wants examples.*there are: bogus 0, AGN 2, SN 10, VS 100; give"):
        pools(KEYS, (*CLASSES, "bogus"))
