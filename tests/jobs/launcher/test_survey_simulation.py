"""A simulated survey on Spark: the same bytes whatever the tasks, gone on with after a kill."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.launcher.survey_simulation import simulate_survey
from jobs.simulation.survey.plan import Plan
from jobs.simulation.survey.surveys import NIGHTS

PLAN = Plan("ztf", 24, 8, 5, NIGHTS["ztf"].maker.begin(20200112))


def files(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for path in output.rglob("*") if path.is_file()}


@pytest.mark.spark
def test_one_task_and_three_write_the_same_files_and_a_killed_run_goes_on(spark: SparkSession, tmp_path: Path) -> None:
    one, three = tmp_path / "one", tmp_path / "three"
    made = simulate_survey(spark, PLAN, one, 1, lambda done, total: None)
    assert made.objects == 24
    assert PLAN.bundles >= 2
    assert made.alerts.total() == pq.read_table(one / "_truth" / "alerts").num_rows > 0
    assert made == simulate_survey(spark, PLAN, three, 3, lambda done, total: None)
    whole = files(one)
    assert files(three) == whole

    # as a kill leaves it: a bundle half moved, without its mark, and what it was at
    kept = next(three.glob("*/*_00000.avro"))
    stamp = kept.stat().st_mtime_ns
    (three / "_done" / "00001.json").unlink()
    (three / "_truth" / "alerts" / "00001.parquet").unlink()
    (three / "_work" / "00001-x").mkdir(parents=True)
    assert made == simulate_survey(spark, PLAN, three, 2, lambda done, total: None)
    assert files(three) == whole
    assert kept.stat().st_mtime_ns == stamp


def test_another_survey_is_not_mixed_in(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("")
    with pytest.raises(FileExistsError, match="is not empty"):
        simulate_survey(None, PLAN, tmp_path, 1, lambda done, total: None)  # type: ignore[arg-type]
