"""light_curve_class and its early variant: who is answered, by which, and that an answer's columns belong together."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from views import Point, light_curves, ztf_view

from science_modules import light_curve_class, light_curve_class_early, registry
from science_modules.common import artefacts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_classes import BRANCH_OF, BRANCHES, LEAVES
from science_modules.common.results import struct_column

BOTH: tuple[Any, ...] = (light_curve_class, light_curve_class_early)
STATES = {package: package.load(artefacts.find(package.MODULE)) for package in BOTH}


Counts = list[tuple[int | None, int | None]]


def points_of(count: int) -> list[Point]:
    """So many detections in g, in turn negative and positive."""
    return [(60000.25 + day, "g", (-1.0) ** day * 9000.0, 500.0) for day in range(count)]


def batch(package: Any, counts: Counts, usable: Sequence[int] = (), seed: int = 1) -> AlertBatch:
    """Alerts with these numbers of detections in g and r, and made-up features, a third of them NULL."""
    rng = np.random.default_rng(seed)
    columns: dict[str, dict[str, pa.Array]] = {}
    for name in (name for name in package.MODULE.inputs if "." in name):
        module, _, output = name.partition(".")
        if name in package.COUNTS:
            values = [count[package.COUNTS.index(name)] for count in counts]
            array = pa.array(values, pa.int32())
        else:
            array = pa.array(rng.normal(size=len(counts)), mask=rng.random(len(counts)) < 1 / 3)
        columns.setdefault(module, {})[output] = array
    structs = {name: pa.StructArray.from_arrays(list(own.values()), list(own)) for name, own in columns.items()}
    view = {"survey": pa.array(["ztf"] * len(counts)), "corrected": pa.array([False] * len(counts))}
    return AlertBatch(pa.table(structs | view | light_curves([points_of(k) for k in usable or [0] * len(counts)])))


def answers(package: Any, counts: Counts, usable: Sequence[int] = ()) -> pd.DataFrame:
    found = package.run(batch(package, counts, usable), STATES[package])
    assert len(struct_column(package.MODULE, found, len(counts))) == len(counts)
    return found


@pytest.mark.parametrize("package", BOTH)
def test_every_feature_is_what_another_module_gives(package: Any) -> None:
    given = {
        f"{name}.{field.name}"
        for name in ("alerce_features", "lc_features", "rise")
        for field in registry.get(name).outputs
    }
    assert set(package.FEATURES) <= given and set(package.COUNTS) <= given
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


def test_the_early_variant_answers_from_three_points_until_the_other_does() -> None:
    counts: Counts = [(3, 0), (0, 7), (2, 2), (6, 1), (None, None), (4, 5), (2, 0)]
    found = answers(light_curve_class_early, counts, usable=[3, 5, 5, 6, 6, 0, 6])
    early = light_curve_class_early
    assert found["error"].tolist() == [
        None, None, early.TOO_FEW, early.ENOUGH, early.NO_FEATURES, None, early.ENOUGH
    ]  # fmt: skip
    assert found["n_points"].tolist() == [3, 7, 4, 7, None, 9, 2]
    assert found["sky_rrl"].isna().tolist() == [False, False, True, True, True, False, True]


@pytest.fixture(scope="module")
def real(ztf_packets: Sequence[Mapping[str, Any]], state_of: Callable[..., Any]) -> dict[str, pd.DataFrame]:
    """What both and the modules that they read say of real alerts."""
    alerts, said = ztf_view(ztf_packets), {}
    for name in ("lc_features", "alerce_features", "light_curve_class", "light_curve_class_early"):
        module = registry.get(name)
        said[name] = module.run(AlertBatch(alerts), state_of(module))
        alerts = alerts.append_column(name, struct_column(module, said[name], len(alerts)))
    return said


def test_of_real_alerts_with_three_points_in_a_band_exactly_one_of_the_two_answers(
    real: dict[str, pd.DataFrame],
) -> None:
    late, early = (real[name]["error"].isna() for name in ("light_curve_class", "light_curve_class_early"))
    points = real["lc_features"][["n_g", "n_r"]].max(axis=1)
    assert len(points) > 1300 and late.sum() > 350 and early.sum() > 230
    assert (late ^ early)[points >= 3].all()
    assert not (late | early)[points < 3].any()
    assert (early & (points >= 6)).sum() > 30, (
        "detections of low real-bogus scores, which light_curve_class does not take"
    )


def test_the_reasons_of_both_hold_for_real_alerts(real: dict[str, pd.DataFrame]) -> None:
    late, early = real["light_curve_class"]["error"], real["light_curve_class_early"]["error"]
    usable = real["alerce_features"][["n_det_1", "n_det_2"]].max(axis=1)
    points = real["lc_features"][["n_g", "n_r"]].max(axis=1)
    assert (usable < 6).equals(late == light_curve_class.TOO_FEW)
    assert (usable >= 6).equals(early == light_curve_class_early.ENOUGH)
    assert (points[early == light_curve_class_early.TOO_FEW] < 3).all()


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
