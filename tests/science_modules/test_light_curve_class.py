"""light_curve_class and its early variant: who is answered, from what, and that an answer's columns belong together."""

import re
import time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from science_modules import light_curve_class, light_curve_class_early, registry
from science_modules.common import artefacts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_classes import BRANCH_OF, BRANCHES, LEAVES
from science_modules.common.results import struct_column

BOTH: tuple[Any, ...] = (light_curve_class, light_curve_class_early)
STATES = {package: package.load(artefacts.find(package.MODULE)) for package in BOTH}


def batch(package: Any, counts: list[tuple[int | None, int | None]], seed: int = 1) -> AlertBatch:
    """Alerts with these numbers of detections in g and r, and made-up features, a third of them NULL."""
    rng, inputs = np.random.default_rng(seed), package.MODULE.inputs
    columns: dict[str, dict[str, pa.Array]] = {}
    for name in inputs:
        module, _, output = name.partition(".")
        if name in package.COUNTS:
            values = [count[package.COUNTS.index(name)] for count in counts]
            array = pa.array(values, pa.int32())
        else:
            array = pa.array(rng.normal(size=len(counts)), mask=rng.random(len(counts)) < 1 / 3)
        columns.setdefault(module, {})[output] = array
    structs = {name: pa.StructArray.from_arrays(list(own.values()), list(own)) for name, own in columns.items()}
    return AlertBatch(pa.table(structs))


def answers(package: Any, counts: list[tuple[int | None, int | None]]) -> pd.DataFrame:
    found = package.run(batch(package, counts), STATES[package])
    assert len(struct_column(package.MODULE, found, len(counts))) == len(counts)
    return found


@pytest.mark.parametrize("package", BOTH)
def test_every_feature_is_what_another_module_gives(package: Any) -> None:
    given = {
        f"{name}.{field.name}"
        for name in ("alerce_features", "lc_features", "rise")
        for field in registry.get(name).outputs
    }
    assert set(package.FEATURES) <= given
    assert len(set(package.FEATURES)) == len(package.FEATURES)
    assert tuple(STATES[package].features) == package.FEATURES


def test_six_points_in_g_or_in_r_are_asked_for() -> None:
    found = answers(light_curve_class, [(6, 0), (0, 6), (5, 5), (None, None), (40, 3)])
    assert found["error"].tolist() == [
        None, None, light_curve_class.TOO_FEW, light_curve_class.NO_FEATURES, None
    ]  # fmt: skip
    assert found["n_points"].tolist() == [6, 6, 10, None, 43]
    assert found["p_snia"].isna().tolist() == [False, False, True, True, False]
    assert found["top_class"].isna().tolist() == [False, False, True, True, False]


def test_the_early_variant_answers_three_to_five() -> None:
    found = answers(light_curve_class_early, [(3, 0), (0, 5), (2, 2), (6, 1), (None, None), (4, 5)])
    early = light_curve_class_early
    assert found["error"].tolist() == [None, None, early.TOO_FEW, early.ENOUGH, early.NO_FEATURES, None]
    assert found["n_points"].tolist() == [3, 5, 4, 7, None, 9]
    assert found["sky_rrl"].isna().tolist() == [False, False, True, True, True, False]


@pytest.mark.parametrize("package", BOTH)
def test_the_columns_of_an_answer_belong_together(package: Any) -> None:
    found = answers(package, [(5 if package is light_curve_class_early else 9, 3)] * 60)
    for prefix in ("raw", "p", "sky"):
        np.testing.assert_allclose(found[[f"{prefix}_{leaf}" for leaf in LEAVES]].sum(axis=1), 1, atol=1e-6)
    for prefix in ("raw", "p"):
        for branch in BRANCHES:
            of_branch = [f"{prefix}_{leaf}" for leaf in LEAVES if BRANCH_OF[leaf] == branch]
            np.testing.assert_allclose(found[of_branch].sum(axis=1), found[f"{prefix}_{branch}"], atol=1e-6)
    ranked = np.argsort(-found[[f"p_{leaf}" for leaf in LEAVES]].to_numpy(), axis=1, kind="stable")
    assert found["top_class"].tolist() == [LEAVES[k] for k in ranked[:, 0]]
    assert found["second_class"].tolist() == [LEAVES[k] for k in ranked[:, 1]]
    places = found[[f"rank_{leaf}" for leaf in LEAVES]].to_numpy(int)
    assert (np.argsort(places, axis=1) == ranked).all() and (np.sort(places, axis=1) == np.arange(1, 16)).all()
    sky = found[[f"sky_{leaf}" for leaf in LEAVES]].to_numpy()
    assert found["sky_class"].tolist() == [LEAVES[k] for k in sky.argmax(axis=1)]
    of_branches = found[[f"p_{branch}" for branch in BRANCHES]].to_numpy()
    assert found["branch"].tolist() == [BRANCHES[k] for k in of_branches.argmax(axis=1)]
    assert set(found["trained_on"]) == {str(STATES[package].trained_on[0])}


@pytest.mark.parametrize("package", BOTH)
def test_places_within_a_branch_follow_those_among_all(package: Any) -> None:
    found = answers(package, [(5 if package is light_curve_class_early else 9, 3)] * 40 + [(1, 0)])
    for branch, count in zip(BRANCHES, (6, 5, 4), strict=True):
        own = [leaf for leaf in LEAVES if BRANCH_OF[leaf] == branch]
        among_all = found.loc[:39, [f"rank_{leaf}" for leaf in own]].to_numpy(int)
        within = found.loc[:39, [f"branch_rank_{leaf}" for leaf in own]].to_numpy(int)
        assert (np.argsort(among_all, axis=1) == np.argsort(within, axis=1)).all()
        assert within.max() == count and within.min() == 1
    assert found.loc[40, ["rank_snia", "branch_rank_snia"]].isna().all(), "no answer, no place"


@pytest.mark.parametrize("package", BOTH)
def test_trees_on_other_features_are_refused(package: Any) -> None:
    given = STATES[package]
    other = Forest(
        **{**{name: getattr(given, name) for name in Forest.__dataclass_fields__}, "features": np.array(["x"])}
    )
    with pytest.raises(ValueError, match=re.escape("the file's trees alone read ['x'], the module alone ['")):
        package.load({package.ARTEFACTS[0].name: other.to_bytes()})


@pytest.mark.parametrize("package", BOTH)
def test_all_four_forests_take_less_than_a_millisecond_for_an_object(package: Any) -> None:
    x = np.random.default_rng(3).normal(size=(1000, len(package.FEATURES)))
    STATES[package].predict(x[:1])
    before = time.process_time()
    STATES[package].predict(x)
    assert time.process_time() - before < 1.0
