"""The same on Spark: tasks of two partitions, answers as without it."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rescoring_again import again, differing, science
from small_outputs import gaps, left_over, nights

from jobs.config import JobConfig
from jobs.launcher.rescoring import Asked, rescore

pytestmark = pytest.mark.spark


def test_spark_scores_a_night_again_as_one_process_does(
    spark: SparkSession, small_output: Path, tmp_path: Path
) -> None:
    output = Path(shutil.copytree(small_output, tmp_path / "spark"))
    other = Path(shutil.copytree(small_output, tmp_path / "local"))
    wanted = tuple(name.removeprefix("night=") for name in nights(output, "science"))
    outcome = rescore(JobConfig().but(output=str(output), modules=("lc_features", "rise")), Asked(wanted), spark)
    # A fresh night of the same code made rise: it is not run again.
    assert {each.choice.run for each in outcome.nights} == {("lc_features",)}
    assert {each.choice.unchanged for each in outcome.nights} == {("rise",)}
    again(other, ["lc_features"])
    assert differing(science(output), science(other)) == []
    assert science(output)["lc_features"].null_count == 0
    assert gaps(output) == left_over(output) == []
