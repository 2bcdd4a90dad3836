"""Real or bogus trained on two small simulated nights: a forest for each survey, labels before scores, the same bytes again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from jobs.simulation.lsst.maker import MAKER as LSST
from jobs.simulation.sky_night import simulate_night
from jobs.simulation.ztf.maker import MAKER as ZTF
from jobs.training.config import TrainingConfig
from jobs.training.examples import KEYS, complete
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainable import get
from science_modules import real_bogus_stamps
from science_modules.common.image_numbers import NAMES

SHARES = (("sn_ia", 4.0), ("asteroid", 4.0), ("bogus_dipole", 4.0), ("bogus_hot_pixel", 4.0))
REAL_BOGUS = get("real_bogus_stamps")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other longer than they work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("real_bogus")
    for name, maker in (("ztf", ZTF), ("lsst", LSST)):
        simulate_night(maker, folder / name, 36, seed=3, mix=SHARES, workers=1)
    return train("real_bogus_stamps", told([folder / "ztf", folder / "lsst"], folder / "run"))


def told(nights: list[Path], output: Path, **changes: Any) -> TrainingConfig:
    given: dict[str, Any] = {
        "data": {"alerts": tuple(map(str, nights))},
        "labels": tuple(str(night / "_truth/truth.parquet") for night in nights),
        "settings": {"rounds": 5, "rate": 0.3, "bins": 8, "least": 3, "inner_folds": 2},
    }
    return TrainingConfig(**{**given, "folds": 2, "validation": 0.0, "test": 0.0, "output": str(output), **changes})


def test_unseen_artefacts_of_both_surveys_are_told_from_sources(trained: Result) -> None:
    keys = trained.examples.keys.to_pylist()
    assert {(row["survey"], row["label"]) for row in keys} == {
        (survey, label) for survey in ("ztf", "lsst") for label in ("bogus", "real")
    }
    assert trained.scores is not None
    counted = trained.scores.measured()["cross-validation, simulated"].confusion()
    assert counted.no_answer.sum() == 0
    assert counted.mean_recall > 0.75  # chance is 0.5


def test_the_card_tells_surveys_apart_and_what_the_stamps_give(trained: Result) -> None:
    for survey in ("ztf", "lsst"):
        whole = trained.facts[f"{survey}, simulated alerts: area under ROC"]
        assert whole > 0.8
        assert trained.facts[f"{survey}, simulated alerts, stamps of another alert: area under ROC"] < whole - 0.1
        assert f"{survey}, real alerts: area under ROC" not in trained.facts  # there are none


def test_the_module_loads_what_was_trained_and_the_same_seed_gives_the_same_bytes(
    trained: Result, tmp_path: Path
) -> None:
    state = real_bogus_stamps.load(trained.artefacts)
    assert set(state) == {"ztf", "lsst"}
    again = train(
        "real_bogus_stamps", told([Path(each) for each in trained.config.data["alerts"]], tmp_path / "again", folds=0)
    )
    assert again.artefacts == trained.artefacts


def test_labels_go_before_the_score_and_the_score_teaches_where_it_is_sure() -> None:
    rows = [
        example("ztf", 0.05), example("ztf", 0.95), example("ztf", 0.5), example("ztf", None),
        example("ztf", 0.05, "SNIa"), example("ztf", 0.99, "Bogus"), example("ztf", 0.95, "unusable: no science stamp"),
        example("lsst", 0.2), example("lsst", 0.2, simulated=True), example("lsst", 0.95, source="a, b"),
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=pa.schema([*KEYS, *REAL_BOGUS.columns]))
    found = pa.concat_tables(REAL_BOGUS.chosen(iter([table]), REAL_BOGUS.data()))
    assert found["label"].to_pylist() == [
        "bogus", "real", None, None, "real", "bogus", "unusable: no science stamp", "bogus", None, None,
    ]  # fmt: skip
    assert found["source"].to_pylist()[:2] == ["drb < 0.1", "drb > 0.9"]
    assert found["source"].to_pylist()[7:] == ["reliability < 0.3", None, "a, b"]


def example(survey: str, score: float | None, label: str | None = None, **more: Any) -> dict[str, Any]:
    return {"survey": survey, "object_id": "a", "score": score, "label": label, "numbers": [0.0] * len(NAMES), **more}


def test_data_that_is_not_there_is_named_and_so_is_a_survey_without_examples(trained: Result, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data wants `alerts`"):
        REAL_BOGUS.parts(REAL_BOGUS.data())
    with pytest.raises(ValueError, match=r"there is no .*nowhere"):
        REAL_BOGUS.parts(REAL_BOGUS.data(alerts=(str(tmp_path / "nowhere"),)))
    night = Path(trained.config.data["alerts"][0])
    with pytest.raises(ValueError, match=r"every class wants examples of lsst, there are: bogus 0, real 0"):
        train("real_bogus_stamps", told([night], tmp_path / "run", folds=0))


def test_real_alerts_teach_by_their_score(real_alerts: Path) -> None:
    path = str(real_alerts / "lsst_alerts" / "lsst_v9_0_000.avro")
    examples = (complete(each, REAL_BOGUS.columns, path) for each in REAL_BOGUS.examples(path, REAL_BOGUS.data()))
    table = pa.concat_tables(REAL_BOGUS.chosen(examples, REAL_BOGUS.data()))
    labels, score = np.array(table["label"].to_pylist(), object), table["score"].to_numpy(zero_copy_only=False)
    assert (labels == "bogus").sum() > 20
    assert score[labels == "bogus"].max() < 0.3 < 0.9 < score[labels == "real"].min()
