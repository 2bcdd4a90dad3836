"""A dry run counts what a loop over the alerts counts."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import random_expressions as made
from alerts_tables import science
from filter_files import filter_of
from filter_rows import rows_of, write
from pyspark.sql import SparkSession
from three_valued import evaluate

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import clause_trees, compile_condition
from jobs.pipeline.filters.dry_run import dry_run
from jobs.pipeline.filters.engine import run
from jobs.pipeline.filters.leaves import ALWAYS, clean
from jobs.pipeline.filters.nearest import Nearest

pytestmark = pytest.mark.spark


def test_a_dry_run_counts_what_a_loop_counts(spark: SparkSession, catalogue: Catalogue, tmp_path: Path) -> None:
    expressions = made.Expressions(random.Random(11))
    trees = [("or", expressions.make("boolean", 2), ("is true", ("column", "is_positive"))) for _ in range(3)]
    each = filter_of(catalogue, "x", "\n AND ".join(made.sql(tree) for tree in trees))
    files = [write(tmp_path / f"{at}.parquet", rows_of(at, 60)) for at in range(2)]
    done = dry_run(spark, each, files, catalogue)
    alerts = [made.meaning(row) for at in range(2) for row in rows_of(at, 60)]
    answers = [[evaluate(tree, alert) for tree in trees] for alert in alerts]
    assert (done.total, done.matched) == (120, sum(all(each is True for each in row) for row in answers))
    assert [clause.text for clause in done.clauses] == [made.sql(tree) for tree in trees]
    for at, clause in enumerate(done.clauses):
        missed = [row for row in answers if row[at] is not True]
        assert clause.alone == 120 - len(missed)
        assert clause.null == sum(row[at] is None for row in answers)
        assert clause.after == sum(all(each is True for each in row[: at + 1]) for row in answers)
        near = [row for row in missed if all(each is True for place, each in enumerate(row) if place != at)]
        assert clause.keeps_out == len(near)
        assert clause.misses == sum(row[at] is False for row in near)
    assert done.nulls == {name: sum(alert[name] is None for alert in alerts) for name in each.condition.columns}
    for night, (count, matched) in done.nights.items():
        own = [row for alert, row in zip(alerts, answers, strict=True) if alert["night"] == night]
        assert (count, matched) == (len(own), sum(all(each is True for each in row) for row in own))


def test_near_misses_are_the_nearest_and_never_null(spark: SparkSession, catalogue: Catalogue, tmp_path: Path) -> None:
    rows = rows_of(3, 60)
    for at, row in enumerate(rows):
        row |= {"mag": 10.0 + (at * 37 % 60) / 4, "flux": None if at % 7 == 0 else float(at % 5), "is_positive": True}
    each = filter_of(
        catalogue,
        "x",
        "mag < 12 AND is_positive AND flux >= 0",
        annotations={"double": "mag * 2", "band": "lower(band)"},
    )
    done = dry_run(spark, each, [write(tmp_path / "a.parquet", rows)], catalogue)
    near = done.clauses[0].near
    assert near is not None
    missed = sorted(
        (row["mag"] - 12.0, row["alert_id"]) for row in rows if row["mag"] >= 12 and row["flux"] is not None
    )
    assert list(zip(near["missed_by"].to_pylist(), near["alert_id"].to_pylist(), strict=True)) == missed[:10]
    assert set(near["comparison"].to_pylist()) == {"mag < 12"}
    # The middle half of mag - 12 goes over 7.4.
    spread = missed[0][0], near["of_spread"][5].as_py() / near["missed_by"][5].as_py()
    assert spread[0] == 0.0 and 1 / 8 < spread[1] < 1 / 7
    flux = done.clauses[2].near
    assert flux is not None and flux.num_rows == 0  # the others are NULL: not near, but unanswered
    assert done.clauses[2].keeps_out == sum(row["flux"] is None and row["mag"] < 12 for row in rows)
    assert done.unanswered == done.clauses[2].keeps_out
    assert (done.clauses[0].misses, done.clauses[2].misses) == (len(missed), 0)
    assert done.null_then == {"flux": done.unanswered, "is_positive": 0, "mag": 0}
    assert done.annotations is not None and done.matches is not None
    assert done.annotations["double"].to_pylist() == [2 * mag for mag in done.matches["mag"].to_pylist()[:10]]


@pytest.mark.parametrize(
    ("text", "row", "by", "comparison"),
    [
        ("mag < 18", {"mag": 20.0}, 2.0, "mag < 18"),
        ("NOT mag > 18", {"mag": 20.0}, 2.0, "mag <= 18"),
        ("mag BETWEEN 15 AND 18", {"mag": 14.0}, 1.0, "mag >= 15"),
        ("mag < 18 OR flux > 5", {"mag": 20.0, "flux": 4.5}, 0.5, "flux > 5"),
        ("(mag < 18 AND flux > 5) OR FALSE", {"mag": 20.0, "flux": 4.5}, 2.0, "mag < 18"),
        ("NOT (mag > 18 OR flux < 5)", {"mag": 18.5, "flux": 9.0}, 0.5, "mag <= 18"),
        ("n_positive = 3", {"n_positive": 5}, 2.0, "n_positive = 3"),
        ("mag < 18 OR flux > 5", {"mag": 20.0, "flux": None}, 2.0, "mag < 18"),
        ("candidate.rb >= 0.65", {"candidate.rb": 0.55}, 0.1, "candidate.rb >= 0.65"),
        ("band = 'g'", {"band": "r"}, None, "band = 'g'"),
        ("is_known_sso IS FALSE", {"is_known_sso": True}, None, "is_known_sso IS FALSE"),
    ],
)
def test_a_miss_is_by_the_comparison_that_decides(
    spark: SparkSession, catalogue: Catalogue, text: str, row: dict[str, Any], by: float | None, comparison: str
) -> None:
    clause = Nearest.of(clause_trees(text)[0], 0, catalogue)
    clause.scales = [1.0] * len(clause.leaves)
    about = {"alert_id": 1, "object_id": "a", "mjd": 60000.0, "night": 20230101}
    compiled = compile_condition(text, catalogue)
    leaves = clean(science([{**about, **row}]), [*ALWAYS, *compiled.columns])
    found = run(spark, leaves, clause.asked, "local")
    near = clause.add(leaves, found, np.array([True]), [])
    assert near["missed_by"].to_pylist() == [pytest.approx(by, rel=1e-6) if by is not None else None]
    assert near["comparison"].to_pylist() == [comparison]
