"""The numbers of an evaluation, counted again by scikit-learn and pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from jobs.labels.class_names import coarse
from jobs.labels.table import read
from jobs.reports.evaluation import answers as answers_file
from jobs.reports.evaluation.evaluation import Evaluation, Question, evaluate
from jobs.storage.layout import Layout

CLASSES = ["AGN", "SN", "VS"]
SCORES = ["p_agn", "p_sn", "p_vs"]


@pytest.fixture(scope="module")
def found(scored: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    output = tmp_path_factory.mktemp("evaluation")
    return evaluate(Question("first_one", scored, output, [labels], against="second_one"))


@pytest.fixture(scope="module")
def frame(scored: Path, labels: Path) -> pd.DataFrame:
    """The same without Strix: pandas reads the files, a plain join labels them."""
    columns = ["alert_id", "object_id", "mjd", "mag", "gal_b", "n_detections", "first_one", "second_one"]
    table = pd.concat(
        [pq.ParquetFile(path).read(columns=columns).to_pandas() for path in Layout(scored).files("science")]
    )
    table = table.reset_index(drop=True)
    of_alert = {row["alert_id"]: coarse(row["class"]) for row in read(labels).to_pylist()}
    table["label"] = table["alert_id"].map(of_alert)
    for name in SCORES:
        table[name] = [row[name] for row in table["first_one"]]
    table["called"] = [
        None if np.isnan(row).any() else CLASSES[int(np.argmax(row))] for row in table[SCORES].to_numpy(float)
    ]
    return table


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["label"].isin(CLASSES) & frame["called"].notna()]


def test_confusion_recall_and_precision_are_those_of_scikit_learn(found: Evaluation, frame: pd.DataFrame) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rows = counted(frame)
    own = found.measured.confusion
    assert own.classes == tuple(CLASSES)
    assert own.counts.tolist() == metrics.confusion_matrix(rows["label"], rows["called"], labels=CLASSES).tolist()
    precision, recall, _, support = metrics.precision_recall_fscore_support(
        rows["label"], rows["called"], labels=CLASSES
    )
    assert [own.recall(i).value for i in range(3)] == pytest.approx(recall)
    assert [own.precision(i).value for i in range(3)] == pytest.approx(precision)
    assert [own.recall(i).n for i in range(3)] == support.tolist()
    assert own.accuracy.value == pytest.approx(metrics.accuracy_score(rows["label"], rows["called"]))
    assert own.mean_recall == pytest.approx(metrics.balanced_accuracy_score(rows["label"], rows["called"]))


def test_error_rates_and_reliability_are_those_of_scikit_learn(found: Evaluation, frame: pd.DataFrame) -> None:
    metrics, calibration = pytest.importorskip("sklearn.metrics"), pytest.importorskip("sklearn.calibration")
    rows = counted(frame)
    for number, name in enumerate(CLASSES):
        true, score = (rows["label"] == name).to_numpy(), rows[SCORES[number]].to_numpy(float)
        rates = found.measured.rates[number]
        for at in range(0, 201, 20):
            threshold = rates.thresholds[at]
            tn, fp, fn, tp = metrics.confusion_matrix(true, score >= threshold, labels=[False, True]).ravel()
            assert (rates.false_negatives[at].k, rates.false_negatives[at].n) == (fn, fn + tp)
            assert (rates.false_positives[at].k, rates.false_positives[at].n) == (fp, fp + tn)
        share, said = calibration.calibration_curve(true, score, n_bins=10)
        own = found.measured.of_class[number]
        assert [each.value for each in own.right if each.n] == pytest.approx(share)
        assert own.said[np.isfinite(own.said)] == pytest.approx(said)


def test_what_is_not_counted_is_told(found: Evaluation, frame: pd.DataFrame) -> None:
    kept = found.chosen
    assert found.alerts == len(frame) == 130
    assert kept.no_label == int(frame["label"].isna().sum()) > 0
    assert kept.other_classes == {"TDE": int((frame["label"] == "TDE").sum())}
    silent = frame["label"].isin(CLASSES) & frame["called"].isna()
    assert found.measured.silent == {"no stamp": int(silent.sum())}
    assert found.measured.confusion.no_answer.sum() == silent.sum()
    assert found.silent == {"no stamp": int(frame["called"].isna().sum())}
    objects = counted(frame).groupby("label")["object_id"].nunique()
    assert kept.objects == objects.to_dict()


def test_parts_are_a_plain_group_by(found: Evaluation, frame: pd.DataFrame) -> None:
    rows = counted(frame)
    faint = rows[(rows["mag"] >= 19) & (rows["mag"] < 20)]
    own = found.measured.parts["mag"]["19 to 20"]
    assert (own.accuracy.k, own.accuracy.n) == ((faint["label"] == faint["called"]).sum(), len(faint))
    assert len(faint) > 0
    latitudes = pd.cut(rows["gal_b"].abs(), [0, 10, 20, 40, 60, 90], right=False).value_counts()
    expected = {f"{place.left} to {place.right}": n for place, n in latitudes.items()}
    by_latitude = found.measured.parts["galactic_latitude"]
    assert {part: by_latitude[part].accuracy.n if part in by_latitude else 0 for part in expected} == expected
    many = rows[rows["n_detections"].between(4, 9)]
    assert found.measured.parts["n_detections"]["4 to 9"].accuracy.n == len(many) > 0
    for parts in found.measured.parts.values():
        assert sum(each.accuracy.n for each in parts.values()) == len(rows)
    assert set(found.measured.parts["survey"]) == {"ztf"}
    assert set(found.measured.parts["origin"]) == {"simulated"}
    assert set(found.measured.parts["season"]) == {"2024 January to March"}


def test_the_two_classifiers_are_a_crosstab_by_alert_and_by_object(found: Evaluation, frame: pd.DataFrame) -> None:
    second = frame["second_one"].map(lambda row: "AGN" if row["p_qso"] > row["p_snia"] + row["p_snii"] else "SN")
    table = frame.assign(second=second)
    own = found.pairing
    assert (own.rows, own.columns) == (("AGN", "SN", "VS"), ("AGN", "SN"))
    both = table[table["called"].notna()]
    assert own.by_alert.tolist() == pd.crosstab(both["called"], both["second"]).to_numpy().tolist()
    first = both.sort_values("mjd", kind="stable").groupby("object_id").first()["called"]
    last = table.sort_values("mjd", kind="stable").groupby("object_id").last()["second"]
    pairs = pd.concat([first, last], axis=1).dropna()
    assert own.by_object.tolist() == pd.crosstab(pairs["called"], pairs["second"]).to_numpy().tolist()
    assert own.by_object.sum() < own.by_alert.sum()


def test_of_each_object_the_earliest_answered_alert(
    scored: Path, labels: Path, frame: pd.DataFrame, tmp_path: Path
) -> None:
    found = evaluate(Question("first_one", scored, tmp_path, [labels], first=True))
    known = frame[frame["label"].isin(CLASSES)].assign(silent=lambda rows: rows["called"].isna())
    first = known.sort_values(["silent", "mjd"], kind="stable").drop_duplicates("object_id")
    answered = first[first["called"].notna()]
    own = found.measured.confusion
    assert (own.accuracy.k, own.accuracy.n) == ((answered["label"] == answered["called"]).sum(), len(answered))
    assert found.chosen.later == len(known) - len(first) > 0


def test_counts_are_the_same_in_pieces(
    scored: Path, labels: Path, found: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_file, "_PIECE", 17)
    again = evaluate(Question("first_one", scored, tmp_path, [labels], against="second_one"))
    for name in ("labelled", "unlabelled", "against", "mistakes", "no_answer", "not_counted"):
        one, other = again.as_dict()[name], found.as_dict()[name]
        assert flat(one) == pytest.approx(flat(other), nan_ok=True)


def flat(value: object, name: str = "") -> dict[str, object]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return {name: value}
    return {key: each for inner, own in items for key, each in flat(own, f"{name}.{inner}").items()}


def test_the_worst_mistakes_are_the_highest_scores_one_of_each_object(found: Evaluation, frame: pd.DataFrame) -> None:
    rows = counted(frame)
    wrong = rows[rows["label"] != rows["called"]].assign(score=rows[SCORES].max(axis=1))
    best = wrong.sort_values("score", ascending=False)
    for name in CLASSES:
        own = [each for each in found.mistakes if each.true == name]
        highest = best[best["label"] == name].iloc[0]
        assert own[0].score == pytest.approx(highest["score"])
        assert own[0].alert_id == highest["alert_id"] or best["object_id"].duplicated().any()
        assert [each.score for each in own] == sorted((each.score for each in own), reverse=True)
    names = [(each.true, each.object_id) for each in found.mistakes]
    assert len(names) == len(set(names))


def test_what_is_not_labelled_is_counted_by_class_and_place(found: Evaluation, frame: pd.DataFrame) -> None:
    rows = frame[frame["label"].isna() & frame["called"].notna()]
    own = found.distribution
    assert dict(zip(own.classes, own.called.tolist(), strict=True)) == rows["called"].value_counts().to_dict()
    edges = np.arange(-90, 91, 10)
    for number, name in enumerate(CLASSES):
        expected = np.histogram(rows[rows["called"] == name]["gal_b"], edges)[0]
        assert own.along["galactic_latitude"][number].tolist() == expected.tolist()
