"""`df.write.format("strix_hbase")`: a DataFrame's alerts, batch and stream, into a real HBase."""

import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from store_tables import new_namespace, reader_of

from jobs import module_udf
from jobs.lookup.hbase import HBaseStore
from jobs.services.hbase import HBaseServer
from jobs.simulation import simulate
from jobs.spark.hbase_sink import HBaseSource, _require_keys
from jobs.spark.options import OptionProblem

ALERTS = 40
pytestmark = [pytest.mark.hbase, pytest.mark.spark, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packets")
    simulate(folder, ALERTS, 7, "containers", 20)
    return folder


def test_a_stream_with_a_module_and_the_same_rows_once_more(
    spark: SparkSession, packets: Path, tmp_path: Path, hbase: HBaseServer
) -> None:
    namespace = new_namespace(hbase)
    options = {"host": "127.0.0.1", "port": str(hbase.thrift_port), "namespace": namespace}
    spark.dataSource.register(HBaseSource)
    alerts = spark.readStream.format("strix").option("settleSeconds", 0).load(str(packets))
    query = (
        alerts.withColumn("stetson_k", module_udf("stetson_k"))
        .writeStream.format("strix_hbase")
        .options(**options)
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    store = HBaseStore(reader_of(hbase, namespace))
    rows = spark.read.format("strix").load(str(packets)).toArrow().to_pylist()
    assert len(rows) == ALERTS
    for row in rows:
        (found,) = store.alert(row["alert_id"]).to_pylist()
        assert {name: found[name] for name in row if name in found and not name.startswith("cutout")} == {
            name: value for name, value in row.items() if name in found and not name.startswith("cutout")
        }
        assert found["stetson_k"]["version"] == "1.0.0"
    night = str(rows[0]["night"])
    before = store.latest("night", night, ALERTS)
    assert before.num_rows == sum(str(row["night"]) == night for row in rows)

    # In batch, without the module: the answer that is there stays, nothing comes twice.
    frame = spark.read.format("strix").load(str(packets))
    frame.write.format("strix_hbase").options(**options).mode("append").save()
    assert store.latest("night", night, 2 * ALERTS).num_rows == before.num_rows
    (found,) = store.alert(rows[0]["alert_id"]).to_pylist()
    assert found["stetson_k"]["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prot": "1"}, "hbase knows host, port, namespace, cutouts, found 'prot' (did you mean port?)"),
        ({"port": "x"}, "port of hbase is a number from 1 to 65535, found 'x'"),
        ({"path": "/x"}, "strix_hbase has no path, found '/x'"),
        ({"namespace": "a:b"}, "namespace of hbase is letters, digits and _, found 'a:b'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(OptionProblem, match=re.escape(says)):
        HBaseSource(options)


def test_a_frame_without_the_keys_is_refused_with_both_sides(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("ztf", 1, "a")], "survey string, alert_id bigint, object_id string")
    with pytest.raises(OptionProblem, match="wants the columns mjd double, found survey string, alert_id bigint"):
        _require_keys(frame.schema)
