"""All filters over science files: which rows match, where they lie, what is sent with them."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import random_expressions as made
from filter_files import filter_of
from filter_rows import rows_of, write
from pyspark.sql import SparkSession
from three_valued import evaluate as value_of

from jobs.pipeline.filters import Filter, annotation_type, evaluate, prepared
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.engine import JOB_FROM, How, run

pytestmark = pytest.mark.spark


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"{number}.parquet", rows_of(number, 50)) for number in range(3)]


def random_filters(catalogue: Catalogue, count: int) -> tuple[list[Any], list[Filter]]:
    expressions = made.Expressions(random.Random(5))
    trees = [expressions.make("boolean", 2) for _ in range(count)]
    return trees, [filter_of(catalogue, f"f{at:03d}", made.sql(tree)) for at, tree in enumerate(trees)]


def test_a_hundred_filters_match_the_rows_that_they_should(
    spark: SparkSession, catalogue: Catalogue, files: list[Path]
) -> None:
    """More filters than a mask has bits; files and rows are those that hold the alert."""
    trees, filters = random_filters(catalogue, 100)
    found = evaluate(spark, files, filters)
    given = {(row["filter"], row["file"], row["row"], row["alert_id"]) for row in found.to_pylist()}
    wanted = {
        (each.name, file, at, row["alert_id"])
        for tree, each in zip(trees, filters, strict=True)
        for file in range(3)
        for at, row in enumerate(rows_of(file, 50))
        if value_of(tree, made.meaning(row)) is True
    }
    assert len(wanted) > 2000
    assert given == wanted
    keys = [(row["object_id"], row["mjd"], row["alert_id"], row["filter"]) for row in found.to_pylist()]
    assert keys == sorted(keys)


def test_the_driver_and_a_job_find_the_same(spark: SparkSession, catalogue: Catalogue, tmp_path: Path) -> None:
    """As LocalRelation without a Spark job, and as a job of several tasks; auto takes the job from JOB_FROM rows on."""
    file = write(tmp_path / "many.parquet", rows_of(1, JOB_FROM))
    _, filters = random_filters(catalogue, 25)
    filters += [filter_of(catalogue, "annotated", "mag > 3", annotations={"x": "mag * 2", "b": "lower(band)"})]
    local, job, auto = (evaluate(spark, [file], filters, how) for how in ("local", "job", "auto"))
    assert local.num_rows > 500
    assert local.equals(job)
    assert job.equals(auto)


def test_few_alerts_start_no_spark_job(spark: SparkSession) -> None:
    tracker = spark.sparkContext.statusTracker()
    spark.sparkContext.setJobGroup("counted", "jobs of this test")
    table = pa.table({"mag": [1.0, None]})
    run(spark, table, {"x": "(`mag` > 0D)"}, "local")
    before = len(tracker.getJobIdsForGroup("counted"))
    run(spark, table, {"x": "(`mag` > 0D)"}, "job")
    assert (before, len(tracker.getJobIdsForGroup("counted"))) == (0, 1)


def test_annotations_are_typed_and_only_in_their_filters_rows(
    spark: SparkSession, catalogue: Catalogue, files: list[Path]
) -> None:
    bright = filter_of(
        catalogue, "bright", "mag > 2",
        annotations={"double": "mag * 2", "mag": "mag", "known": "is_known_sso", "n": "n_positive", "name": "concat(band, 'x')"},
    )  # fmt: skip
    plain = filter_of(catalogue, "plain", "n_positive >= 0")
    found = evaluate(spark, files, [bright, plain])
    assert [str(field.type) for field in annotation_type(bright)] == ["double", "double", "bool", "int64", "string"]
    assert found.schema.field("annotations").type == pa.struct([("bright", annotation_type(bright))])
    alerts = {row["alert_id"]: made.meaning(row) for file in range(3) for row in rows_of(file, 50)}
    checked = 0
    for row in found.to_pylist():
        alert, given = alerts[row["alert_id"]], row["annotations"]["bright"]
        if row["filter"] == "plain":
            assert given is None
            continue
        band = alert["band"]
        assert given == {
            "double": value_of(("*", ("column", "mag"), ("literal", 2)), alert),
            "mag": alert["mag"],
            "known": alert["is_known_sso"],
            "n": alert["n_positive"],
            "name": None if band is None else band + "x",
        }
        checked += 1
    assert checked > 20


def test_only_what_filters_name_is_read(spark: SparkSession, catalogue: Catalogue, tmp_path: Path) -> None:
    """Half of the column chunks are destroyed: reading any of them fails."""
    path = write(tmp_path / "x.parquet", rows_of(1, 40))
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(0)
    kept = ("survey", "alert_id", "object_id", "mjd", "night", "mag", "candidate.distnr")
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema not in kept:
            start = column.dictionary_page_offset or column.data_page_offset
            data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    found = evaluate(spark, [path], [filter_of(catalogue, "x", "mag > 1 OR candidate.distnr > 1")])
    assert found.num_rows > 5
    with pytest.raises(OSError, match=r"."):
        evaluate(spark, [path], [filter_of(catalogue, "x", "candidate.ssdistnr > 1")])


def test_a_column_that_a_file_lacks_is_null(spark: SparkSession, catalogue: Catalogue, tmp_path: Path) -> None:
    """A night that was scored before a module joined the job."""
    rows = rows_of(1, 20)
    with_it = write(tmp_path / "a.parquet", rows)
    without = write(tmp_path / "b.parquet", [{k: v for k, v in row.items() if k != "rise.rate_g"} for row in rows])
    null, some = filter_of(catalogue, "null", "rise.rate_g IS NULL"), filter_of(catalogue, "some", "rise.rate_g > 1")
    found = evaluate(spark, [with_it, without], [null, some]).to_pylist()
    assert sum(row["filter"] == "null" and row["file"] == 1 for row in found) == 20
    assert {row["file"] for row in found if row["filter"] == "some"} == {0}


def test_no_files_and_no_matches_give_tables_of_the_same_form(
    spark: SparkSession, catalogue: Catalogue, files: list[Path]
) -> None:
    none = filter_of(catalogue, "none", "mag > 1e6 AND mag < 0", annotations={"m": "mag"})
    empty, nothing = evaluate(spark, files, [none]), evaluate(spark, [], [none])
    assert empty.num_rows == nothing.num_rows == 0
    assert empty.schema.equals(nothing.schema)


def test_ansi_mode_of_the_job_changes_nothing(spark: SparkSession, catalogue: Catalogue, files: list[Path]) -> None:
    each = filter_of(catalogue, "x", "CAST(band AS DOUBLE) IS NULL AND 1 / 0 IS NULL AND lc_flux[99] IS NULL")
    before = spark.conf.get("spark.sql.ansi.enabled")
    try:
        answers = []
        for mode in ("true", "false"):
            spark.conf.set("spark.sql.ansi.enabled", mode)
            answers.append(evaluate(spark, files, [each]))
    finally:
        spark.conf.set("spark.sql.ansi.enabled", str(before))
    assert answers[0].equals(answers[1])
    assert answers[0].num_rows > 50


@pytest.mark.parametrize("how", ["local", "job"])
def test_expressions_that_spark_has_read_once_follow_the_alerts_of_each_batch(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, how: How
) -> None:
    """The second batch is not read anew, and gives its own answers; so do other expressions and columns."""
    read: list[int] = []
    select = prepared.selected
    monkeypatch.setattr(prepared, "selected", lambda *given: (read.append(1), select(*given))[1])
    double, text = {"x": "(`mag` * 2D)", "y": "(`mag` IS NULL)"}, {"x": "concat(`mag`, 'x')"}
    for values in ([1.0, None], [5.0], [], [2.0, 3.0, None]):
        found = run(spark, pa.table({"mag": pa.array(values, pa.float64())}), double, how)
        wanted = [None if value is None else 2 * value for value in values]
        assert found.to_pydict() == {"x": wanted, "y": [value is None for value in values]}
    assert run(spark, pa.table({"mag": ["g"]}), text, how)["x"].to_pylist() == ["gx"]
    assert len(read) == 2


def test_a_spark_with_other_inner_classes_gives_the_same(
    spark: SparkSession, catalogue: Catalogue, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, filters = random_filters(catalogue, 10)
    with_it = evaluate(spark, files, filters)
    monkeypatch.setattr(prepared, "over", lambda *_: None)
    assert evaluate(spark, files, filters).equals(with_it)


def test_filters_read_public_points_only_unless_they_ask_for_all(
    spark: SparkSession, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Neither a condition nor an annotation tells what the survey does not show."""
    curves = [
        {"lc_flux": [1.0, 900.0, 2.0], "lc_public": [True, False, True], "is_public": True},
        {"lc_flux": [3.0, 4.0], "lc_public": [True, None], "is_public": False},
        {"lc_flux": None, "lc_public": None, "is_public": None},
    ]
    rows = [row | curve for row, curve in zip(rows_of(1, 10), curves, strict=False)]
    path = write(tmp_path / "a.parquet", rows)
    keys = {"annotations": {"brightest": "array_max(lc_flux)", "n": "size(lc_flux)"}}
    filters = [
        filter_of(catalogue, "bright", "array_max(lc_flux) > 100", **keys),
        filter_of(catalogue, "any", "size(lc_flux) > 0", **keys),
        filter_of(catalogue, "partner", "array_max(lc_flux) > 100", private=True, **keys),
    ]
    found = evaluate(spark, [path], filters).to_pylist()
    told = {(each["filter"], each["row"]): (each["annotations"][each["filter"]], each["is_public"]) for each in found}
    assert told == {
        ("any", 0): ({"brightest": 2.0, "n": 2}, True),
        ("any", 1): ({"brightest": 4.0, "n": 2}, False),
        ("partner", 0): ({"brightest": 900.0, "n": 3}, True),
    }
