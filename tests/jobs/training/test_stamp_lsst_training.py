"""Rubin's stamp classifier trained on a small simulated night: classes from leaves, real alerts only test, same bytes again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_limits

from jobs.simulation.lsst.maker import MAKER
from jobs.simulation.sky_night import simulate_night
from jobs.training.config import TrainingConfig
from jobs.training.examples import KEYS
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainable import get
from science_modules import stamp_lsst

SHARES = (
    ("sn_ia", 4.0),
    ("agn", 4.0),
    ("rr_lyrae_ab", 4.0),
    ("asteroid", 4.0),
    ("bogus_dipole", 4.0),
    ("bogus_streak", 4.0),
)
STAMP_LSST = get("stamp_lsst")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other longer than they work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("stamp_lsst")
    simulate_night(MAKER, folder / "night", 120, seed=3, mix=SHARES, workers=1)
    return train("stamp_lsst", told(folder / "night", folder / "run"))


def told(night: Path, output: Path, **changes: Any) -> TrainingConfig:
    given = {"data": {"alerts": (str(night),)}, "labels": (str(night / "_truth/truth.parquet"),), "level": "leaf"}
    settings = {"rounds": 4, "repeats": 1, "rate": 0.3, "bins": 8, "least": 3}
    return TrainingConfig(
        **{**given, "folds": 2, "validation": 0.0, "test": 0.0, "settings": settings, "output": str(output), **changes}
    )


def test_each_class_is_there_and_streaks_are_satellites(trained: Result) -> None:
    keys = trained.examples.keys.to_pylist()
    assert {row["label"] for row in keys} == set(stamp_lsst.CLASSES)
    assert len({row["object_id"] for row in keys}) == len(keys) > 70
    night = Path(trained.config.data["alerts"][0])
    kind = {row["alert_id"]: row["class"] for row in pq.read_table(night / "_truth/truth.parquet").to_pylist()}
    assert {kind[row["alert_id"]] for row in keys if row["label"] == "satellite"} == {"bogus_streak"}
    assert {kind[row["alert_id"]] for row in keys if row["label"] == "bogus"} == {"bogus_dipole"}


def test_unseen_simulated_objects_are_told_far_better_than_by_chance(trained: Result) -> None:
    assert trained.scores is not None
    counted = trained.scores.measured()["cross-validation, simulated"].confusion()
    assert counted.no_answer.sum() == 0
    assert counted.mean_recall > 0.6  # chance is 0.17


def test_the_module_loads_what_was_trained_and_the_same_seed_gives_the_same_bytes(
    trained: Result, tmp_path: Path
) -> None:
    state = stamp_lsst.load(trained.artefacts)
    assert state.logits(np.zeros((1, len(stamp_lsst.FEATURES)))).shape == (1, 6)
    night = Path(trained.config.data["alerts"][0])
    again = train("stamp_lsst", told(night, tmp_path / "again", folds=0))
    assert again.artefacts == trained.artefacts


def test_leaves_become_classes_and_the_first_usable_alert_of_an_object_is_chosen() -> None:
    rows = [
        example("a", 2.0, "QSO"),
        example("a", 1.0, "QSO"),
        example("b", 1.0, "Satellite"),
        example("c", 1.0, "TDE"),
    ]
    rows += [example("d", 1.0, "unusable: no science stamp"), example("d", 2.0, "SNIa"), example("e", 1.0, "Bogus")]
    table = pa.Table.from_pylist(rows, schema=pa.schema([*KEYS, *STAMP_LSST.columns]))
    chosen = [row for each in STAMP_LSST.chosen(iter([table]), STAMP_LSST.data()) for row in each.to_pylist()]
    found = {(row["object_id"], row["label"]): row["mjd"] for row in chosen}
    assert found == {
        ("a", "AGN"): 1.0, ("b", "satellite"): 1.0, ("c", "TDE"): 1.0, ("d", "SN"): 2.0, ("e", "bogus"): 1.0,
        ("d", "unusable: no science stamp"): 1.0,
    }  # fmt: skip


def example(object_id: str, mjd: float, label: str) -> dict[str, Any]:
    return {"survey": "lsst", "object_id": object_id, "alert_id": int(mjd), "mjd": mjd, "label": label}


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data wants `alerts`"):
        STAMP_LSST.parts(STAMP_LSST.data())
    with pytest.raises(ValueError, match=r"there is no .*nowhere"):
        STAMP_LSST.parts(STAMP_LSST.data(alerts=(str(tmp_path / "nowhere"),)))


def test_real_alerts_that_name_an_asteroid_are_labelled_and_weigh_nothing(real_alerts: Path) -> None:
    path = str(real_alerts / "lsst_alerts" / "lsst_v10_0_002.avro")
    table = pa.concat_tables(list(STAMP_LSST.examples(path, STAMP_LSST.data())))
    told_so = [row for row in table.select(["label", "source", "simulated"]).to_pylist() if row["label"] == "asteroid"]
    assert len(told_so) > 5
    assert {(row["source"], row["simulated"]) for row in told_so} == {("ssSource", False)}
    assert STAMP_LSST.settings().real == 0
    assert not STAMP_LSST.learned(table, STAMP_LSST.settings()).any()
    assert STAMP_LSST.learned(table, STAMP_LSST.settings(real=0.1)).all()
