"""The light-curve classifier trained on a few simulated objects: what is cut and left out, what is learnt, how classes weigh."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from jobs.pipeline.alerts import alert_tables
from jobs.simulation import simulate
from jobs.simulation.light_curve_survey import Plan, simulate_light_curves
from jobs.training import light_curve_set
from jobs.training.config import TrainingConfig
from jobs.training.light_curve_infrared import COLOURS, with_colours
from jobs.training.light_curve_measures import measured
from jobs.training.light_curve_pieces import (
    AS_DIFFERENCE,
    BOTH,
    DIFFERENCE,
    FORMS,
    HISTORY,
    TOTAL,
    pieces,
    table,
    whole,
    with_nuclei,
)
from jobs.training.light_curve_sources import Light, labelled, packets, simulated
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainable import get
from jobs.training.trainables.light_curve_class import Settings, weights
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.light_curve_classes import LEAVES

CLASSES = (
    "rr_lyrae_ab", "eclipsing_ew", "cepheid", "delta_scuti", "lpv", "yso", "rotational", "qso", "agn", "blazar",
    "dwarf_nova", "sn_ia", "sn_ii", "sn_ibc", "slsn",
)  # fmt: skip
FILE = "light_curve_class_ztf.npz"
SMALL = {"trees": 8}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other longer than they work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty objects of each leaf, as they are seen in a year."""
    folder = tmp_path_factory.mktemp("light_curves") / "curves"
    plan = Plan("ztf", CLASSES, 20, seed=3, first=58849.0, years=1.0, least=6, forced=True, faint=18.5)
    simulate_light_curves(plan, folder, 1, lambda done, of: None)
    return folder


@pytest.fixture(scope="module")
def trained(curves: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    config = TrainingConfig(
        data={"simulated": (str(curves),)}, labels=(str(curves / "labels.parquet"),), settings=SMALL, level="leaf",
        folds=2, validation=0.0, test=0.0, output=str(tmp_path_factory.mktemp("trained") / "run"),
    )  # fmt: skip
    return train("light_curve_class", config)


def whole_set(trained: Result) -> pa.Table:
    return trained.examples.select(np.ones(len(trained.sides.part), bool)).table()


@pytest.fixture(scope="module")
def star(curves: Path) -> Light:
    return simulated(next((curves / "light_curves").glob("rr_lyrae_ab-*")))


def test_objects_that_were_not_trained_on_are_told_better_than_by_chance(trained: Result) -> None:
    assert trained.scores is not None
    counted = trained.scores.measured()["cross-validation, simulated"].confusion()
    assert counted.no_answer.sum() == 0
    assert counted.accuracy.interval[0] > 0.16  # chance is 0.067
    assert (counted.counts.sum(axis=1) > 0).all()


def test_the_forests_are_of_what_every_source_tells(trained: Result) -> None:
    forest = Forest.from_bytes(trained.artefacts[FILE])
    assert np.bincount(forest.forest).tolist() == [SMALL["trees"]] * 4
    assert tuple(forest.features) == light_curve_set.FEATURES
    # without g and r less W2 and W3, limits, scores and places, MaxSlope
    assert len(forest.features) == 152 - 4 - 18 - 4 - 2
    assert "simulated and 0 real objects" in forest.trained_on[0]
    scores = get("light_curve_class").score(trained.artefacts, whole_set(trained))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)


def test_examples_have_six_points_in_a_band_at_least_and_both_sides_keep_objects_whole(trained: Result) -> None:
    examples = whole_set(trained)
    assert min(examples["n_best"].to_pylist()) == 6
    assert set(examples["form"].to_pylist()) == set(FORMS)
    folds = pd.Series(trained.sides.fold).groupby(pd.Series(examples["object_id"].to_pylist())).nunique()
    assert folds.max() == 1


def test_an_object_is_cut_once_in_every_way_that_there_is(trained: Result) -> None:
    cuts = whole_set(trained).select(["object_id", "cut"]).to_pandas()
    assert cuts["object_id"].is_unique
    assert set(cuts["cut"]) == {"history", "season", "years", "release"}
    assert cuts["cut"].value_counts(normalize=True).max() < 0.6


def test_colours_of_allwise_are_drawn_for_half_of_the_examples_and_one_of_an_object() -> None:
    names = ("alerce_features.Std_1", *(f"alerce_features.{name}" for name in COLOURS))
    labels = pa.table({"label": ["qso", "rrl"] * 2000, "object_id": [f"{k // 4}" for k in range(4000)]})
    x = np.full((4000, 3), np.nan, np.float32)
    drawn = with_colours(x, names, labels, seed=1)
    known = np.isfinite(drawn[:, 1])
    assert np.isnan(drawn[:, 0]).all() and np.isnan(x).all()
    assert known[::2].mean() == pytest.approx(0.5, abs=0.05) and known[1::2].mean() == pytest.approx(0.5, abs=0.05)
    assert np.isfinite(drawn[known, 2]).mean() == pytest.approx(0.7, abs=0.05) and np.isnan(drawn[~known, 2]).all()
    assert np.nanmean(drawn[::2, 1]) == pytest.approx(1.02, abs=0.03)  # quasars
    assert np.nanmean(drawn[1::2, 1]) == pytest.approx(0.0, abs=0.01)  # stars
    of_object = pd.DataFrame({"object": np.arange(4000) // 2, "w": drawn[:, 1]})[::2].groupby(np.arange(2000) // 2)["w"]
    assert of_object.nunique().max() == 1
    np.testing.assert_array_equal(drawn, with_colours(x, names, labels, seed=1))
    assert with_colours(x, ("a", "b", "c"), labels, seed=1) is x


def test_the_answer_of_the_measures_is_without_colours_of_allwise(trained: Result) -> None:
    table, trainable = whole_set(trained), get("light_curve_class")
    x = light_curve_set.matrix(table)
    assert np.isnan(x[:, [list(light_curve_set.NAMES).index(name) for name in COLOURS]]).all()
    said = Forest.from_bytes(trained.artefacts[FILE])
    drawn = said.predict(with_colours(x, trainable.features, table, seed=1, known=1.0)).calibrated
    assert not np.allclose(trainable.score(trained.artefacts, table), drawn)
    assert any(name.startswith("simulated, with colours of AllWISE, cut") for name in trained.facts)


def test_a_piece_is_no_longer_than_it_should_be_and_lies_in_the_light_curve(star: Light) -> None:
    points, form = pieces(star, HISTORY, np.random.default_rng(1))
    days = points.groupby("owner")["mjd"].agg(np.ptp)
    assert 3 < days.median() <= days.max() <= 31
    assert not points["forced"].any()
    assert set(form) == {DIFFERENCE, BOTH}
    assert points["owner"].is_monotonic_increasing


def test_a_form_is_what_the_module_reads(star: Light) -> None:
    for form, corrected in ((DIFFERENCE, False), (BOTH, True), (TOTAL, True), (AS_DIFFERENCE, False)):
        points, forms = whole(star, form)
        view = table(points, forms)
        flux = view["lc_flux"].combine_chunks().flatten()
        assert view["corrected"].to_pylist() == [corrected] * len(star)
        assert (flux.null_count == len(points)) == (form == TOTAL)
        if form == AS_DIFFERENCE:
            np.testing.assert_array_equal(flux.to_numpy(), points["total"])
        assert points["forced"].all() == (form in (TOTAL, AS_DIFFERENCE))  # a release has every visit


def test_a_nucleus_lies_under_what_has_no_flux_of_its_own_and_under_nothing_else(star: Light) -> None:
    bare = replace(star, points=star.points.assign(total=np.nan, total_err=np.nan))
    with_them = with_nuclei(bare, np.random.default_rng(1)).points
    under = (with_them["total"] - with_them["flux"]).groupby([with_them["owner"], with_them["band"]]).agg(np.ptp)
    assert with_them["total"].notna().all()
    assert under.max() < 1e-6
    pd.testing.assert_frame_equal(with_nuclei(star, np.random.default_rng(1)).points, star.points)


def test_a_sign_makes_magnitudes_differences_and_none_is_positive(tmp_path: Path) -> None:
    rows = {
        "object": ["a", "a", "b", "b"], "mjd": [2.0, 1.0, 1.0, 2.0], "band": ["g", "r", "g", "i"],
        "mag": [20.0, 20.0, 21.0, 20.0], "magerr": [0.1, 0.1, 0.1, 0.1], "detected": [True] * 4,
    }  # fmt: skip
    pd.DataFrame(rows | {"isdiffpos": [True, False, None, True]}).to_parquet(tmp_path / "signed.parquet")
    pd.DataFrame({name: rows[name] for name in rows if name != "detected"}).to_parquet(tmp_path / "whole.parquet")
    signed = labelled(tmp_path / "signed.parquet")
    assert list(signed.names) == ["a", "b"]
    np.testing.assert_allclose(signed.points["flux"], [-36307.8, 36307.8, 14454.4], rtol=1e-5)
    own = labelled(tmp_path / "whole.parquet").points
    np.testing.assert_allclose(own["total"], [36307.8, 36307.8, 14454.4], rtol=1e-5)
    assert own["flux"].isna().all()


def test_real_examples_weigh_their_share_of_a_class() -> None:
    label = ["rrl"] * 4 + ["snia"] * 102
    real = [False, False, False, True] + [False] * 2 + [True] * 100
    examples = pa.table({"label": label, "simulated": [not each for each in real]})
    weight, own = weights(examples, Settings(real=0.5, real_each=0.02)), np.array(real)
    rrl = np.array(label) == "rrl"
    assert weight[rrl & own].sum() == pytest.approx(0.02)
    assert weight[~rrl & own].sum() == pytest.approx(0.5)
    assert weight[rrl].sum() == weight[~rrl].sum() == pytest.approx(1)
    nuclei = weights(pa.table({"label": ["qso"] * 3, "simulated": [True] * 3}), Settings(nuclei=2.5))
    assert nuclei.sum() == pytest.approx(2.5)


def test_kinds_are_summed_over_their_leaves() -> None:
    said = np.zeros((2, len(LEAVES)))
    said[0, [LEAVES.index(leaf) for leaf in ("snia", "qso", "agn", "blazar")]] = 0.4, 0.2, 0.2, 0.2
    said[1, LEAVES.index("rrl")] = 1
    examples = pa.table(
        {
            "label": ["qso", "rrl"], "simulated": [False, False], "n_best": pa.array([8, 60], pa.int32()),
            "cut": ["whole"] * 2, "form": ["both"] * 2,
        }
    )  # fmt: skip
    found = measured([(examples, said)])
    assert found["real, both: macro F1 of SN, VS, AGN"] == 1
    alike = found["real, both, kinds taken as equally frequent: called SN, VS, AGN by true kind"]
    assert alike == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert found["real, both: right kind, 50 to inf"].startswith("1.000")
    assert found["real, both: recall of rrl"].endswith("n = 1)")


def test_alerts_of_an_object_are_one_light_curve_without_points_twice(tmp_path: Path) -> None:
    simulate(tmp_path / "night", 12, seed=3, per_file=12)
    alerts = pa.concat_tables(list(alert_tables([tmp_path / "night"], ["ztf"]))).to_pylist()
    light = packets(str(tmp_path / "night"))
    assert set(light.names) == {alert["object_id"] for alert in alerts}
    assert not light.points.duplicated(["owner", "mjd", "band"]).any()
    most: dict[str, int] = {}
    for alert in alerts:
        found = sum(
            kind == "detection" and band in ("g", "r")
            for kind, band in zip(alert["lc_kind"], alert["lc_band"], strict=True)
        )
        most[alert["object_id"]] = max(most.get(alert["object_id"], 0), found)
    counted = np.bincount(light.points["owner"], minlength=len(light))
    assert (counted >= [most[name] for name in light.names]).all()
    assert light.points["total"].notna().any()
