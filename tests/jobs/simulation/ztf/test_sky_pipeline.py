"""A night with alerts of every class through Strix: nothing is refused."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.config import JobConfig
from jobs.launcher.run import run_job
from jobs.simulation.classes import CLASSES
from jobs.simulation.sky_night import simulate_night
from jobs.simulation.ztf.maker import MAKER

EACH = 3


@pytest.mark.spark
def test_a_night_of_every_class_goes_through_the_pipeline_with_nothing_quarantined(
    spark: SparkSession, tmp_path: Path
) -> None:
    maker = replace(MAKER, counts=lambda *_: [EACH] * len(CLASSES))
    made = simulate_night(maker, tmp_path / "in", EACH * len(CLASSES), seed=0, workers=1)
    assert made == {kind.name: EACH for kind in CLASSES}
    config = JobConfig().but(
        input=(str(tmp_path / "in"),), output=str(tmp_path / "out"), modules=("stetson_k", "rise"), settle_s=0.0
    )
    run_job("night", config, spark)
    assert not (tmp_path / "out" / "quarantine").exists()
    files = sorted((tmp_path / "out" / "science").rglob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])
    truth = pq.read_table(tmp_path / "in" / "_truth" / "truth.parquet")
    assert sorted(rows["alert_id"].to_pylist()) == sorted(truth["alert_id"].to_pylist())
    assert set(rows["is_simulated"].to_pylist()) == {True}
