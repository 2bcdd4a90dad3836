"""A filter that takes too much time or memory, or that fails, holds up no other."""

import dataclasses
import time
from pathlib import Path

import pyarrow as pa
import pytest
from filter_files import filter_of
from filter_rows import rows_of, write
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.pipeline.filters import Filter, budget, evaluate, judging
from jobs.pipeline.filters.budget import TooLong, Worker
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.evaluation import Found
from jobs.pipeline.filters.judging import Budget, Judge

pytestmark = pytest.mark.spark

ALERTS = 200
SLEEPS = "(`n_positive` IS NULL OR reflect('java.lang.Thread', 'sleep', 400L) IS NULL)"  # 0.4 s for an alert


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rows = rows_of(1, ALERTS)
    for row in rows:
        row["n_positive"] = 1
    return [write(tmp_path / "a.parquet", rows)]


@pytest.fixture
def good(catalogue: Catalogue) -> list[Filter]:
    doubled = {"double": "mag * 2", "band": "band"}
    return [
        filter_of(catalogue, "annotated", "mag > 2", annotations=doubled),
        filter_of(catalogue, "plain", "mag < 3"),
    ]


def raw(each: Filter, sql: str) -> Filter:
    """A filter with Spark SQL that the language would not let pass."""
    return dataclasses.replace(each, condition=dataclasses.replace(each.condition, sql=sql))


def without(matches: pa.Table) -> list[tuple[object, ...]]:
    return [
        (row["filter"], row["alert_id"], (row["annotations"] or {}).get("annotated")) for row in matches.to_pylist()
    ]


def test_what_is_in_its_budget_is_what_it_was(spark: SparkSession, files: list[Path], good: list[Filter]) -> None:
    judged = Judge(spark, good).judge(files)
    assert judged.matches.equals(evaluate(spark, files, good))
    assert judged.matches.num_rows > 50 and judged.unknown == {}


def test_a_slow_filter_is_found_and_the_others_go_on(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], good: list[Filter]
) -> None:
    slow = raw(filter_of(catalogue, "slow", "n_positive > 0", annotations={"n": "n_positive + 1"}), SLEEPS)
    started = time.monotonic()
    judged = Judge(spark, [good[0], slow, good[1]], Budget(seconds=6.0, seconds_per_alert=0.0)).judge(files)
    assert time.monotonic() - started < 60  # alone it would sleep for 80 s
    assert judged.unknown == {"slow": "over its time: more than 6 s"}
    assert without(judged.matches) == without(evaluate(spark, files, good))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Nothing is evaluated: `slow` takes too long, the others match the first row. Says what was asked for."""
    asked: list[list[str]] = []

    def find(_: object, leaves: pa.Table, filters: list[Filter], how: str, most: int) -> Found:
        asked.append([each.name for each in filters])
        if "slow" in asked[-1]:
            time.sleep(0.6)
        return Found([pa.array([0], pa.int64()) for _ in filters], [None for _ in filters])

    monkeypatch.setattr(judging, "find", find)
    monkeypatch.setattr(budget, "_GRACE_S", 0.1)
    return asked


def test_a_filter_that_is_slow_three_times_is_tried_no_more(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], asked: list[list[str]]
) -> None:
    filters = [filter_of(catalogue, name, "mag > 1") for name in ("a", "slow", "b")]
    judge = Judge(spark, filters, Budget(seconds=0.2, seconds_per_alert=0.0))
    reasons = []
    for _ in range(5):
        judged = judge.judge(files)
        assert judged.matches["filter"].to_pylist() == ["a", "b"]
        assert list(judged.unknown) == ["slow"]
        reasons.append(judged.unknown["slow"].split(":")[0])
    assert reasons == ["over its time"] * 3 + ["switched off"] * 2
    # Together, then one by one; from then on the slow one alone; after three batches not at all.
    first = [["a", "slow", "b"], ["a"], ["slow"], ["b"]]
    assert asked == first + [["a", "b"], ["slow"]] * 2 + [["a", "b"]] * 2


def test_a_filter_that_is_quick_again_is_evaluated_with_the_others_again(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], asked: list[list[str]]
) -> None:
    filters = [filter_of(catalogue, name, "mag > 1") for name in ("a", "slow")]
    judge = Judge(spark, filters, Budget(seconds=0.2, seconds_per_alert=0.0))
    assert set(judge.judge(files).unknown) == {"slow"}
    judge.budget = Budget(seconds=30.0)
    for _ in range(2):
        judged = judge.judge(files)
        assert judged.unknown == {} and judged.matches["filter"].to_pylist() == ["a", "slow"]
    assert asked[3:] == [["a"], ["slow"], ["a", "slow"]]


def test_annotations_that_fill_the_memory_are_given_up(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], good: list[Filter]
) -> None:
    large = filter_of(catalogue, "large", "n_positive > 0", annotations={"x": f"concat(object_id, '{'a' * 1000}')"})
    column = filter_of(catalogue, "column", "n_positive > 0", annotations={f"x{at}": "lc_flux" for at in range(40)})
    judged = Judge(spark, [*good, large, column], Budget(bytes=100_000)).judge(files)
    assert set(judged.unknown) == {"large", "column"}
    assert all("over its memory" in reason for reason in judged.unknown.values())
    assert without(judged.matches) == without(evaluate(spark, files, good))


def test_a_filter_that_fails_is_given_up(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], good: list[Filter]
) -> None:
    failing = raw(filter_of(catalogue, "failing", "n_positive > 0"), "raise_error('nothing like it') IS NULL")
    judged = Judge(spark, [failing, *good]).judge(files)
    assert set(judged.unknown) == {"failing"}
    assert judged.unknown["failing"].startswith("failed: ") and "nothing like it" in judged.unknown["failing"]
    assert without(judged.matches) == without(evaluate(spark, files, good))


def test_where_every_filter_fails_it_is_not_the_filters(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Found:
        raise PySparkException("No space left on device")

    monkeypatch.setattr(judging, "find", full)
    judge = Judge(spark, [filter_of(catalogue, name, "mag > 1") for name in ("a", "b")])
    with pytest.raises(PySparkException, match="No space left"):
        judge.judge(files)


def test_annotations_are_made_for_matches_only(spark: SparkSession, catalogue: Catalogue, files: list[Path]) -> None:
    """What fails on an alert that its filter does not match is not asked for, whatever others match."""
    few = filter_of(catalogue, "few", "mag > 20", annotations={"x": "mag * 3"})
    trap = dataclasses.replace(
        few,
        values={
            "x": dataclasses.replace(
                few.values["x"], sql="IF(`mag` > 20D, `mag` * 3D, raise_error('asked'))", work=9999
            )
        },
    )
    found = evaluate(spark, files, [trap, filter_of(catalogue, "every", "mag IS NULL OR mag < 1e9")])
    values = [row["annotations"]["few"]["x"] for row in found.to_pylist() if row["filter"] == "few"]
    assert len(values) > 5 and min(values) > 60


def test_a_worker_that_does_not_come_back_is_replaced(spark: SparkSession) -> None:
    worker = Worker(spark)
    with pytest.raises(TooLong, match=r"more than 0\.2 s"):
        worker.within(0.2, lambda: time.sleep(6))
    assert worker.within(5, lambda: 7) == 7
    with pytest.raises(KeyError, match="x"):
        worker.within(5, lambda: {}["x"])
    worker.close()
