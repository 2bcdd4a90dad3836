"""A dry run counts what a loop over the alerts counts."""

import random
from pathlib import Path

import pytest
import random_expressions as made
from filter_files import filter_of
from pyspark.sql import SparkSession
from test_filter_evaluation import rows_of, write
from three_valued import evaluate

from jobs.corridor.filters.columns import Catalogue
from jobs.corridor.filters.dry_run import dry_run

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
    assert done.nulls == {name: sum(alert[name] is None for alert in alerts) for name in each.condition.columns}
    for night, (count, matched) in done.nights.items():
        own = [row for alert, row in zip(alerts, answers, strict=True) if alert["night"] == night]
        assert (count, matched) == (len(own), sum(all(each is True for each in row) for row in own))
