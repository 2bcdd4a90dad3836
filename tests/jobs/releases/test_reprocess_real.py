"""The published shards of ZTF's data release 5, on Spark."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from releases import stars_of

from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.reprocess import Reprocessed, reprocess

pytestmark = pytest.mark.spark
NAMES = ("ztf_dr5_field202_rcid61_zg.parquet", "ztf_dr5_field250_rcid0_zg.parquet")


@pytest.fixture(scope="module")
def outcome(spark: SparkSession, real_alerts: Path, tmp_path_factory: pytest.TempPathFactory) -> Reprocessed:
    """Both fields, and the part of one of them that is published as a file of its own."""
    told = {"input": (str(real_alerts / "ztf_dr"),), "output": str(tmp_path_factory.mktemp("dr"))}
    return reprocess(ReprocessConfig().but(**told, modules=("lc_features", "anomaly"), partition_points=60_000), spark)


def test_every_row_of_the_release_is_a_star_or_refused(outcome: Reprocessed, real_alerts: Path) -> None:
    rows = sum(pq.ParquetFile(real_alerts / "ztf_dr" / name).metadata.num_rows for name in NAMES)
    refused = sum(each["refused"].get("no_points", 0) for each in outcome.records.values())
    twice = sum(each["refused"].get("duplicate_id", 0) for each in outcome.records.values())
    stars = stars_of(outcome.run.layout.root)
    assert (rows, twice) == (3003 + 5449, 655)
    assert stars.num_rows + refused == rows
    assert len(outcome.plan.partitions) > 4


def test_points_are_the_good_epochs_of_the_shards(outcome: Reprocessed, real_alerts: Path) -> None:
    good = 0
    for name in NAMES:
        flags = pq.read_table(real_alerts / "ztf_dr" / name)["catflags"].combine_chunks().flatten()
        good += int((flags.to_numpy().astype(int) & 32768 == 0).sum())
    stars = stars_of(outcome.run.layout.root)
    assert pc.sum(stars["n_detections"]).as_py() == good
    dropped = [each["n_dropped"] for each in stars["release"].to_pylist()]
    assert 0.05 < sum(dropped) / (good + sum(dropped)) < 0.12  # 8 to 10 % are flagged, some objects wholly


def test_the_anomaly_forest_answers_where_five_points_are(outcome: Reprocessed) -> None:
    stars = stars_of(outcome.run.layout.root)
    score = pc.struct_field(stars["anomaly"].combine_chunks(), "score").is_valid().to_numpy(zero_copy_only=False)
    mag = pc.struct_field(stars["lc_features"].combine_chunks(), "n_g").to_numpy()
    assert score[mag >= 12].mean() > 0.95
    assert not score[mag < 5].any()
    assert np.count_nonzero(score) > 2000
