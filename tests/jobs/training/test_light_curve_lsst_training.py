"""Rubin's light-curve classifier trained on a few simulated objects and some in ELAsTiCC's format."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from jobs.simulation.light_curve_survey import Plan, simulate_light_curves
from jobs.training.config import TrainingConfig
from jobs.training.light_curve_lsst_set import COLUMNS, of_elasticc
from jobs.training.light_curve_lsst_sources import elasticc, simulated, with_nuclei
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainables.light_curve_class_lsst import Settings, weights
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.view import BANDS
from science_modules.light_curve_class_lsst.columns import FEATURES

CLASSES = (
    "rr_lyrae_ab", "eclipsing_ew", "cepheid", "delta_scuti", "lpv", "yso", "rotational", "qso", "agn", "blazar",
    "dwarf_nova", "sn_ia", "sn_ii", "sn_ibc", "slsn",
)  # fmt: skip
FILE = "light_curve_class_lsst.npz"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other longer than they work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty objects of each leaf, as they are seen in a year."""
    folder = tmp_path_factory.mktemp("light_curves") / "curves"
    plan = Plan("lsst", CLASSES, 20, seed=3, first=61000.0, years=1.0, least=6, faint=21.5)
    simulate_light_curves(plan, folder, 1, lambda done, of: None)
    return folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight SN Ia, eight SN II and one of another class in ELAsTiCC's format: bumps of 3 uJy."""
    rng, rows = np.random.default_rng(2), []
    for number in range(17):
        mjd = np.sort(rng.uniform(60300, 60370, 24))
        flux = 3000 * np.exp(-(((mjd - 60330) / (12 + 2 * (number % 2))) ** 2) / 2) + rng.normal(0, 100, 24)
        kind = ["unknown", "SN Ia", "SN II"][0 if number == 16 else 1 + number % 2]
        band = np.array(list("ugrizY"))[np.arange(24) % 6]
        rows.append(pd.DataFrame({"object": f"{number:02d}", "mjd": mjd, "band": band, "flux": flux, "class": kind}))
    table = pd.concat(rows, ignore_index=True).assign(fluxerr=100.0, kind="det")
    table.loc[table["flux"] < 500, "kind"] = "forced"
    path = tmp_path_factory.mktemp("elasticc") / "curves.parquet"
    table.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def trained(curves: Path, theirs: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    config = TrainingConfig(
        data={"simulated": (str(curves),), "elasticc": (str(theirs),)}, labels=(str(curves / "labels.parquet"),),
        settings={"trees": 16}, level="leaf", folds=2, validation=0.0, test=0.0,
        output=str(tmp_path_factory.mktemp("trained") / "run"),
    )  # fmt: skip
    return train("light_curve_class_lsst", config)


def whole_set(trained: Result) -> pa.Table:
    return trained.examples.select(np.ones(len(trained.sides.part), bool)).table()


def test_objects_that_were_not_trained_on_are_told_better_than_by_chance(trained: Result) -> None:
    assert trained.scores is not None
    counted = trained.scores.measured()["cross-validation, simulated"].confusion()
    assert counted.no_answer.sum() == 0
    assert counted.accuracy.interval[0] > 0.16  # chance is 0.067
    forest = Forest.from_bytes(trained.artefacts[FILE])
    assert np.bincount(forest.forest).tolist() == [16] * 4 and tuple(forest.features) == FEATURES
    assert forest.trained_on[0].endswith("simulated objects of LSST and 16 of ELAsTiCC")


def test_ours_and_elasticc_are_told_apart(trained: Result) -> None:
    told = {name: value for name, value in trained.facts.items() if name.startswith("ELAsTiCC")}
    assert told["ELAsTiCC: recall of snia"].endswith("n = 8)") and told["ELAsTiCC: recall of snii"].endswith("n = 8)")
    ours = int((np.array(whole_set(trained)["origin"].to_pylist()) == "ours").sum())
    assert trained.facts["ours: macro F1"].endswith(f"(n = {ours:,})")


def test_an_object_is_cut_once_and_has_six_points_in_all_bands_at_least(trained: Result) -> None:
    examples = whole_set(trained)
    assert min(examples["n_points"].to_pylist()) == 6
    assert set(examples["form"].to_pylist()) == {"difference", "both"}
    assert set(examples["cut"].to_pylist()) == {"packet", "years", "whole"}
    names = examples["object_id"].to_pylist()
    assert len(names) == len(set(names))


def test_classes_weigh_alike_and_elasticc_has_its_share(trained: Result) -> None:
    examples = whole_set(trained)
    label, origin = (np.array(examples[name].to_pylist(), object) for name in ("label", "origin"))
    weight = weights(examples, Settings(elasticc=0.2))
    for name in ("snia", "rrl"):
        assert weight[label == name].sum() == pytest.approx(1)
    assert weight[(label == "snia") & (origin == "elasticc")].sum() == pytest.approx(0.2)
    assert weights(examples, replace(Settings(), elasticc=0.0))[origin == "elasticc"].sum() == 0


def test_elasticc_is_read_as_differences_and_unknown_classes_have_no_label(theirs: Path) -> None:
    light, label = elasticc(theirs)
    assert len(light) == 17 and light.names[0] == "elasticc-00"
    assert set(light.points["band"]) == set(BANDS) and light.points["flux"].min() >= 500
    assert light.points["total"].isna().all() and light.simulated
    assert [str(each) for each in label] == ["snia", "snii"] * 8 + ["None"]
    tables = list(of_elasticc(str(theirs)))
    assert set(COLUMNS.names) < set(tables[0].column_names)
    assert tables[0]["label"].to_pylist() == label.tolist()


def test_a_nucleus_lies_under_what_has_none_and_is_brighter_in_red(curves: Path) -> None:
    file = next((curves / "light_curves").glob("sn_ii-*"))
    light = simulated(file)
    assert not light.points["forced"].any() and set(light.points["band"]) <= set(BANDS)
    points = with_nuclei(light, np.random.default_rng(1)).points
    under = (points["total"] - points["flux"]).groupby([points["owner"], points["band"]]).agg(["min", "max"])
    np.testing.assert_allclose(under["min"], under["max"])
    by_band = under["min"].groupby("band").median()
    assert 0 < by_band["g"] < by_band["r"] < by_band["z"]
    star = simulated(next((curves / "light_curves").glob("rr_lyrae_ab-*")))
    np.testing.assert_array_equal(with_nuclei(star, np.random.default_rng(1)).points["total"], star.points["total"])
