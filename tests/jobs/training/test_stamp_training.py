"""The stamp classifier trained on a small simulated night: what is chosen, what is learnt, the same bytes again."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_limits

from jobs.labels import table
from jobs.labels.class_names import coarse
from jobs.pipeline.alerts import alert_tables
from jobs.simulation import simulate
from jobs.training import stamp_set
from jobs.training.config import TrainingConfig
from jobs.training.examples import KEYS, Examples, complete
from jobs.training.result import Result
from jobs.training.run import train
from jobs.training.trainable import get
from science_modules import stamp
from science_modules.common.alert_batch import AlertBatch

N = 200
FILES = ("stamp_ztf.npz", "stamp_history_ztf.npz")
TRUTH = "_truth/truth.parquet"
SMALL = {"rounds": 4, "rate": 0.3, "bins": 6, "inner_folds": 2}  # binning is most of the time
STAMP = get("stamp")

Row = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of small trees wait for each other longer than they work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packets of all five classes, several alerts of some objects, their truth beside them."""
    folder = tmp_path_factory.mktemp("stamp") / "night"
    simulate(folder, N, seed=3, per_file=60)
    return folder


def told(night: Path, output: Path, **changes: Any) -> TrainingConfig:
    given = {"data": {"alerts": (str(night),)}, "labels": (str(night / TRUTH),), "folds": 2}
    return TrainingConfig(
        **{**given, "validation": 0.0, "test": 0.0, "settings": SMALL, "output": str(output), **changes}
    )


@pytest.fixture(scope="module")
def trained(night: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return train("stamp", told(night, tmp_path_factory.mktemp("trained") / "run"))


@pytest.fixture(scope="module")
def alerts(night: Path) -> pa.Table:
    return pa.concat_tables(list(alert_tables([night], ["ztf"])))


def test_there_is_one_example_of_each_object_its_first_alert(trained: Result, night: Path, alerts: pa.Table) -> None:
    leaf = {row["alert_id"]: row["leaf"] for row in pq.read_table(night / TRUTH).to_pylist()}
    first: dict[str, tuple[float, int]] = {}
    for row in alerts.select(["object_id", "mjd", "alert_id"]).to_pylist():
        if coarse(leaf[row["alert_id"]]) not in stamp.CLASSES:
            continue
        first[row["object_id"]] = min(first.get(row["object_id"], (np.inf, 0)), (row["mjd"], row["alert_id"]))
    keys = trained.examples.keys.to_pylist()
    assert 100 < len(first) < N  # some have several
    assert {row["object_id"]: row["alert_id"] for row in keys} == {name: alert for name, (_, alert) in first.items()}
    assert len(keys) == len(first)
    assert {row["label"] for row in keys} == set(stamp.CLASSES)
    assert all(row["simulated"] for row in keys)


def test_objects_that_were_not_trained_on_are_told_far_better_than_by_chance(trained: Result) -> None:
    assert trained.scores is not None
    measured = trained.scores.measured()
    assert set(measured) == {"cross-validation, simulated"}
    counted = measured["cross-validation, simulated"].confusion()
    assert counted.no_answer.sum() == 0
    assert counted.accuracy.interval[0] > 0.6
    assert counted.mean_recall > 0.55  # chance is 0.2


def test_the_module_loads_the_artefact_and_answers_as_was_measured(trained: Result, alerts: pa.Table) -> None:
    answers = stamp.run(AlertBatch(alerts), stamp.load(trained.artefacts))
    assert answers["error"].isna().all()
    row_of = {alert: row for row, alert in enumerate(alerts["alert_id"].to_pylist())}
    examples = trained.examples.select(np.ones(len(trained.sides.part), bool)).table()
    rows = [row_of[alert] for alert in examples["alert_id"].to_pylist()]
    known = np.array(alerts["is_known_sso"].to_pylist(), object)[rows] == True  # noqa: E712  NULL is not known
    scores = STAMP.score(trained.artefacts, examples)
    said = answers[[f"p_{name.lower()}" for name in stamp.CLASSES]].to_numpy()[rows]
    np.testing.assert_allclose(said[~known], scores[~known], atol=1e-6)
    right = answers["top_class"].to_numpy()[rows] == np.array(examples["label"].to_pylist(), object)
    assert right.mean() > 0.8


def test_the_same_seed_gives_the_same_bytes(trained: Result, night: Path, tmp_path: Path) -> None:
    again = train("stamp", told(night, tmp_path / "again", folds=0))
    assert again.artefacts == trained.artefacts
    assert sorted(again.artefacts) == sorted(FILES)


def test_random_labels_give_chance(trained: Result, night: Path, tmp_path: Path) -> None:
    keys = trained.examples.keys.to_pylist()
    dealt = np.random.default_rng(5).permutation([row["label"] for row in keys])  # as many of each class as before
    rows = [
        {"survey": "ztf", "object_id": row["object_id"], "class": name, "source": "a coin", "weight": 1.0}
        for row, name in zip(keys, dealt.tolist(), strict=True)
    ]
    table.write(pa.Table.from_pylist(rows, schema=table.SCHEMA), tmp_path / "labels.parquet")
    result = train("stamp", told(night, tmp_path / "run", labels=(str(tmp_path / "labels.parquet"),)))
    assert result.scores is not None
    counted = result.scores.measured()["cross-validation, simulated"].confusion()
    n = counted.counts.sum()
    assert n == len(keys)
    chance = float((counted.counts.sum(axis=0) / n) @ (counted.counts.sum(axis=1) / n))  # of answers that know nothing
    low, high = counted.accuracy.interval
    assert low < chance < high and chance < 0.35
    assert abs(counted.mean_recall - 0.2) < 0.08  # more than two standard deviations


def test_the_card_says_what_the_stamps_give_and_whether_it_ages(trained: Result) -> None:
    facts = {name.removeprefix("simulated, "): value for name, value in trained.facts.items()}
    for name in ("stamps of another alert", "without stamps", "science and template exchanged"):
        low, _ = interval(facts[f"this alert alone, {name}: classes that change"])
        assert low > 0.02  # the stamps are used, little as a small night can learn of them
    assert facts["VS: recall before / from 2020-06-16"].startswith("no answer (n = 0) / ")  # the night is of 2024
    assert 0.5 < share(facts["AGN against VS: area under ROC"]) <= 1
    assert facts["dead units"].startswith("n/a: trees have none; ")
    text = (trained.config.folder / "model" / "README.md").read_text()
    assert "| simulated, this alert alone, stamps of another alert: accuracy |" in text
    assert "plots/cross-validation_simulated_AGN_against_VS.png" in text


def share(text: str) -> float:
    return float(text.split(" ")[0])


def interval(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.partition("(")[2].partition(",")[0].split(" to "))


def test_alerts_without_stamps_have_the_same_fields_and_get_no_answer(
    trained: Result, night: Path, tmp_path: Path
) -> None:
    packets = [one for path in sorted(night.glob("*.avro")) for one in fastavro.reader(io.BytesIO(path.read_bytes()))]
    rows = [{name: one[name] for name in ("objectId", "candid", "candidate", "prv_candidates")} for one in packets[:20]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "fields.parquet")
    found = pa.concat_tables(list(stamp_set.alerts_without_stamps(str(tmp_path / "fields.parquet"))))
    whole = pa.concat_tables(list(stamp_set.alerts_of_packets(str(night)))).slice(0, 20)
    for name in ("object_id", "alert_id", "ra", "mjd", "seen_earlier", "label", "fields", "history"):
        np.testing.assert_array_equal(found[name].to_pylist(), whole[name].to_pylist())
    labelled = complete(found, STAMP.columns, "here")
    for name, value in (("label", "SN"), ("weight", 1.0)):
        labelled = labelled.set_column(labelled.column_names.index(name), name, pa.array([value] * 20))
    assert not stamp_set.training_set(labelled).has_stamps.any()
    assert np.isnan(STAMP.score(trained.artefacts, labelled)).all()


def example(object_id: str, mjd: float, label: str | None = None, **more: Any) -> Row:
    numbers = {name: [0.5] * stamp_set.COLUMNS.field(name).type.list_size for name in ("fields", "numbers", "history")}
    return {
        "survey": "ztf",
        "object_id": object_id,
        "alert_id": int(mjd),
        "mjd": mjd,
        "label": label,
        "seen_earlier": False,
        **numbers,
        **more,
    }


def chosen(*tables: Sequence[Row]) -> list[Row]:
    schema = pa.schema([*KEYS, *STAMP.columns])
    given = (pa.Table.from_pylist(list(rows), schema=schema) for rows in tables)
    return [row for table in STAMP.chosen(given, STAMP.data()) for row in table.to_pylist()]


def test_the_earliest_labelled_alert_is_chosen_over_all_tables_of_a_part() -> None:
    rows = chosen(
        [example("b", 5.0, "SN"), example("a", 3.0, "VS"), example("a", 1.0)],
        [example("b", 4.0, "SN"), example("b", 2.0, "unusable: no science stamp"), example("a", 2.0, "VS")],
    )
    assert [(row["object_id"], row["mjd"]) for row in rows if row["label"] in stamp.CLASSES] == [("a", 2.0), ("b", 4.0)]
    assert [row["label"] for row in rows if row["label"] not in stamp.CLASSES] == [None, "unusable: no science stamp"]


def test_what_nobody_labelled_and_the_survey_holds_for_bogus_stands_for_bogus() -> None:
    rows = chosen(
        [
            example("a", 1.0, real_bogus=0.05),
            example("b", 1.0, real_bogus=0.05, simulated=True),
            example("c", 1.0, real_bogus=0.05, source="tns"),  # labels that contradict each other
            example("d", 1.0, "SN", real_bogus=0.05, source="tns"),
            example("e", 1.0, real_bogus=0.2),
            example("f", 1.0),
        ]
    )
    assert {row["object_id"]: row["label"] for row in rows if row["label"]} == {"a": "bogus", "d": "SN"}
    assert {row["object_id"]: row["source"] for row in rows if row["source"]} == {
        "a": "drb < 0.1", "c": "tns", "d": "tns",
    }  # fmt: skip


def test_a_class_without_examples_is_named(night: Path, tmp_path: Path) -> None:
    truth = pq.read_table(night / TRUTH)
    pq.write_table(truth.filter(pc.not_equal(truth["stamp_class"], "bogus")), tmp_path / "labels.parquet")
    config = told(night, tmp_path / "run", labels=(str(tmp_path / "labels.parquet"),), folds=0)
    with pytest.raises(ValueError, match=r"every class wants examples with stamps, there are: bogus 0, AGN"):
        train("stamp", config)
    assert Examples.at(tmp_path / "run" / "examples").keys.num_rows > 100


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data wants `alerts`"):
        STAMP.parts(STAMP.data())
    with pytest.raises(ValueError, match=r"there is no .*nowhere"):
        STAMP.parts(STAMP.data(alerts=(str(tmp_path), str(tmp_path / "nowhere"))))
    with pytest.raises(ValueError, match="inner_folds is 1, it should be at least 2"):
        STAMP.settings(inner_folds=1)
