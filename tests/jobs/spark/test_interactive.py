"""A science module as a Spark column gives what it gives without Spark."""

from pathlib import Path

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession, functions

from jobs.spark.interactive import enrich, module_udf
from science_modules.common import examples


@pytest.mark.spark
def test_a_module_as_a_spark_column_gives_what_it_gives_without_spark(spark: SparkSession) -> None:
    alerts = examples.examples(20).select(["survey", "alert_id", "object_id", "band", "flux", *_light_curve()])
    frame = spark.createDataFrame(alerts).repartition(2)
    expected = enrich(alerts, ["stetson_k"])["stetson_k"].to_pylist()
    assert sum(answer["k"] is not None for answer in expected) > 10
    for column in (module_udf("stetson_k"), module_udf("stetson_k", functions.struct("*"))):
        rows = frame.select("alert_id", column.alias("stetson_k")).orderBy("alert_id").collect()
        assert [row.stetson_k.asDict() for row in rows] == expected
    twice = frame.withColumn("stetson_k", module_udf("stetson_k")).withColumn("stetson_k", module_udf("stetson_k"))
    assert [row.stetson_k.asDict() for row in twice.orderBy("alert_id").collect()] == expected


@pytest.mark.spark
def test_a_column_that_a_module_lacks_is_named(spark: SparkSession) -> None:
    frame = spark.createDataFrame(examples.examples(3).drop_columns(["lc_flux"]))
    with pytest.raises(AnalysisException, match="lc_flux"):
        frame.select(module_udf("stetson_k"))
    with pytest.raises(PySparkException, match="the struct lacks lc_flux"):
        frame.select(module_udf("stetson_k", functions.struct("*"))).collect()


def _light_curve() -> list[str]:
    return [name for name in examples.schema("ztf").names if name.startswith("lc_")]


def test_packets_of_a_file_become_the_common_view(tmp_path: Path) -> None:
    from jobs import enrich, read_packets
    from jobs.simulation import simulate

    simulate(tmp_path / "night", 30, seed=1, layout="containers", per_file=10)
    alerts = read_packets(tmp_path / "night")
    assert alerts.num_rows == 30 and alerts["is_simulated"].to_pylist() == [True] * 30
    assert enrich(alerts, modules=["stetson_k"])["stetson_k"].type.get_field_index("k") == 0


def test_a_packet_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    from jobs import read_packets

    (tmp_path / "bad.avro").write_bytes(b"no packet")
    with pytest.raises(ValueError, match=r"1 packet.*not_avro.*bad\.avro"):
        read_packets(tmp_path / "bad.avro")
