"""Examples that are made on Spark are those that one process makes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.launcher.train import _on_spark
from jobs.training.labels_of_run import resolved_labels
from jobs.training.making import MakePart, in_this_process, make
from jobs.training.trainable import get

NIGHTS = (20240101, 20240102, 20240103)


@pytest.fixture
def science(tmp_path: Path) -> Path:
    """Three nights of 30 alerts whose lc_features are of an old version with two statistics."""
    for night in NIGHTS:
        n = 30
        features = pa.StructArray.from_arrays(
            [pa.array(range(n), pa.int32()), pa.array([0.5] * n, pa.float32())], names=["n_g", "mean_g"]
        )
        columns = {
            "survey": ["ztf", "lsst"] * (n // 2), "alert_id": range(night, night + n), "object_id": [f"o{i}" for i in range(n)],
            "mjd": [60000.5] * n, "ra": [10.0] * n, "dec": [5.0] * n, "is_simulated": [True] * n,
            "quality_ok": [True] * n, "real_bogus": [0.9] * n,
        }  # fmt: skip
        folder = tmp_path / "science" / f"night={night}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({**columns, "lc_features": features}), folder / "a.parquet")
    return tmp_path / "science"


@pytest.mark.spark
def test_shards_made_on_spark_are_the_same_bytes(spark: SparkSession, science: Path, tmp_path: Path) -> None:
    trainable = get("anomaly")
    data = trainable.data(science=(str(science),))
    labels = resolved_labels((), "coarse", tmp_path, lambda line: None).path
    made = {}
    for name, run in (("here", in_this_process), ("spark", lambda work, pieces: _on_spark("local[2]", work, pieces))):
        make(MakePart("anomaly", data, tmp_path / name, labels), trainable.parts(data), run)
        made[name] = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    assert sorted(made["here"]) == [f"part-0000{i}{end}" for i in range(3) for end in ("-0000.parquet", ".json")]
    assert made["spark"] == made["here"]
    first = pq.read_table(tmp_path / "spark" / "part-00000-0000.parquet")
    assert first.num_rows == 15  # of the survey alone
    assert first["lc_features"][0].as_py()["n_g"] == 0 and first["lc_features"][0].as_py()["skew_r"] is None
    assert set(first["source"].to_pylist()) == {"science"}
    assert first.select(["ra", "dec", "simulated"]).to_pylist()[0] == {"ra": 10.0, "dec": 5.0, "simulated": True}
