"""`spark.read.format("strix")` and `spark.readStream`: what the jobs answer, bit for bit, and every packet accounted for."""

import shutil
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from pyspark.errors import PySparkException

from jobs import module_udf, read_packets
from jobs.config import JobConfig
from jobs.launcher.run import run_job
from jobs.simulation.night import container
from jobs.simulation.packets import packet

pytestmark = [pytest.mark.spark]

MODULES = ("stetson_k", "rise", "lc_features")


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Four files of 15 alerts; one of them has lost its position, and a fifth file is no packet."""
    folder = tmp_path_factory.mktemp("source") / "night"
    folder.mkdir()
    records = [packet(3, number)[0] for number in range(60)]
    records[20]["candidate"]["ra"] = float("nan")
    for number in range(4):
        (folder / f"{number}.avro").write_bytes(container(records[number * 15 : number * 15 + 15]))
    (folder / "bad_20240102.avro").write_bytes(b"no packet")
    return folder


@pytest.fixture(scope="module")
def job(night, spark, tmp_path_factory):
    """The tables that `strix night` makes of it."""
    output = tmp_path_factory.mktemp("job")
    run_job("night", JobConfig().but(input=(str(night),), output=str(output), modules=MODULES, settle_s=0.0), spark)
    return output


def table(output, name):
    return ds.dataset(output / name, partitioning="hive").to_table()


def with_modules(frame):
    for name in MODULES:
        frame = frame.withColumn(name, module_udf(name))
    return frame


def answers(given):
    """Rows of the modules' columns by alert."""
    chosen = given.select(["alert_id", *MODULES]).sort_by("alert_id")
    return pa.Table.from_pylist(chosen.to_pylist())


def same(found, wanted):
    """Whether two tables hold the same values, NaN like NaN; of types that Spark does not have its nearest."""
    return found.column_names == wanted.column_names and all(
        repr(found[name].to_pylist()) == repr(wanted[name].to_pylist()) for name in found.column_names
    )


def test_rows_are_those_of_read_packets(night, spark, tmp_path):
    good = tmp_path / "good"
    shutil.copytree(night, good, ignore=lambda *_: ["1.avro", "bad_20240102.avro"])
    wanted = read_packets(good).sort_by("alert_id")
    found = spark.read.format("strix").load(str(good)).toArrow().sort_by("alert_id")
    assert found.num_rows == 45 and set(wanted.column_names) - set(found.column_names) == {"candidate"}
    assert same(found, wanted.select(found.column_names))
    candidate = spark.read.format("strix").load(str(good), survey="ztf", columns="alert_id,candidate").toArrow()
    wanted = [row["magpsf"] for row in wanted["candidate"].to_pylist()]
    assert [row["magpsf"] for row in candidate.sort_by("alert_id")["candidate"].to_pylist()] == wanted


def test_rejected_packets_are_the_rows_of_the_jobs_quarantine(night, job, spark):
    found = spark.read.format("strix").load(str(night), rejected=True).toArrow().sort_by("quarantine_id")
    wanted = table(job, "quarantine").sort_by("quarantine_id")
    assert found["reason"].to_pylist() and sorted(found["reason"].to_pylist()) == ["no_position", "not_avro"]
    names = [name for name in found.column_names if name != "night"]
    assert same(found.select(names), wanted.select(names))
    assert found["night"].to_pylist() == [str(night) for night in wanted["night"].to_pylist()]


def test_what_is_left_out_is_counted_and_said(night, caplog):
    from jobs.spark.files import Files, messages
    from jobs.spark.options import ReadOptions
    from jobs.spark.rows import Rows

    asked = ReadOptions.parse({"path": str(night)})
    ranges = Files(asked).plan(Files(asked).begin(""))[1]
    rows = sum(batch.num_rows for batch in Rows(asked, time.time())(messages(ranges)))
    assert rows == 59
    assert "2 packets rejected, not among the rows: no_position 1, not_avro 1" in caplog.text


def test_a_stream_with_modules_to_parquet_has_the_answers_of_the_job(night, job, spark, tmp_path):
    alerts = with_modules(spark.readStream.format("strix").option("settleSeconds", 0).load(str(night)))
    sink = alerts.writeStream.format("parquet").option("checkpointLocation", str(tmp_path / "checkpoint"))
    for _ in range(2):  # the second query finds nothing new
        query = sink.trigger(availableNow=True).start(str(tmp_path / "out"))
        query.awaitTermination()
    found, wanted = spark.read.parquet(str(tmp_path / "out")).toArrow(), table(job, "science")
    assert found.num_rows == 59 and pc.count_distinct(found["alert_id"]).as_py() == 59
    assert same(answers(found), answers(wanted))
    assert found["stetson_k"].to_pylist() and any(row["k"] is not None for row in found["stetson_k"].to_pylist())


class Seen:
    """Rows of each micro-batch, as foreachBatch gets them."""

    def __init__(self):
        self.batches = {}

    def __call__(self, frame, number):
        self.batches[number] = frame.toArrow().sort_by("alert_id")

    def ids(self):
        return sorted(each for batch in self.batches.values() for each in batch["alert_id"].to_pylist())


def run(spark, folder, checkpoint, seen, files=0):
    """A query over a folder in micro-batches of about 20; more files come while it runs."""
    source = spark.readStream.format("strix").option("settleSeconds", 0).option("maxAlertsPerTrigger", 20)
    query = (
        source.option("columns", "alert_id,mjd,lc_flux,provenance")
        .load(str(folder))
        .writeStream.foreachBatch(seen)
        .option("checkpointLocation", str(checkpoint))
        .trigger(processingTime="0 seconds")
        .start()
    )
    try:
        query.processAllAvailable()
        for number in range(files):
            (folder / f"0_{number}.avro").write_bytes(container([packet(4, number)[0]]))
            query.processAllAvailable()
    finally:
        query.stop()


@pytest.fixture
def offsets_kept(spark):
    """As many of Spark's offsets as a user's session keeps; one of a job keeps two."""
    key = "spark.sql.streaming.minBatchesToRetain"
    before = spark.conf.get(key)
    spark.conf.set(key, "100")
    yield
    spark.conf.set(key, before)


@pytest.mark.usefixtures("offsets_kept")
def test_a_query_that_starts_again_reads_what_it_had_not_and_the_last_batch_as_it_was(night, spark, tmp_path):
    folder, checkpoint, seen = tmp_path / "night", tmp_path / "checkpoint", Seen()
    shutil.copytree(night, folder)
    run(spark, folder, checkpoint, seen, files=1)
    assert [batch.num_rows for batch in seen.batches.values()] == [20, 19, 20, 0, 1]  # two are rejected
    assert len(seen.ids()) == len(set(seen.ids())) == 60
    again = Seen()  # as if it had been killed in the third micro-batch
    for name in ("commits/2", "commits/3", "commits/4", "offsets/3", "offsets/4"):
        (checkpoint / name).unlink()
        (checkpoint / name).with_name(f".{(checkpoint / name).name}.crc").unlink()
    (folder / "late.avro").write_bytes(container([packet(5, 0)[0]]))
    run(spark, folder, checkpoint, again)
    assert again.batches[2].equals(seen.batches[2])
    known = {each for number in (0, 1) for each in seen.batches[number]["alert_id"].to_pylist()}
    assert not known & set(again.ids()) and len(known) + len(again.ids()) == 61
    (folder / "late.avro").write_bytes(container([packet(5, 1)[0]]))
    with pytest.raises(PySparkException, match=r"late\.avro was read and has changed since"):
        run(spark, folder, checkpoint, Seen())


def test_available_now_reads_to_the_end_in_micro_batches_and_nothing_that_came_later(night, spark, tmp_path):
    folder, seen = tmp_path / "night", Seen()
    shutil.copytree(night, folder)

    def while_more_comes(frame, number):
        (folder / f"late_{number}.avro").write_bytes(container([packet(4, number)[0]]))
        seen(frame, number)

    source = spark.readStream.format("strix").option("settleSeconds", 0).option("maxAlertsPerTrigger", 20)
    sink = source.load(str(folder)).writeStream.option("checkpointLocation", str(tmp_path / "checkpoint"))
    sink.foreachBatch(while_more_comes).trigger(availableNow=True).start().awaitTermination()
    assert [batch.num_rows for batch in seen.batches.values()] == [20, 19, 20, 0]  # two are rejected
    sink.foreachBatch(seen).trigger(availableNow=True).start().awaitTermination()
    assert [batch.num_rows for batch in seen.batches.values()][4:] == [4]
    assert len(set(seen.ids())) == len(seen.ids()) == 63


def test_a_wrong_option_a_missing_path_and_a_foreign_schema_are_refused_at_load(night, spark):
    with pytest.raises(PySparkException, match=r"no option modules"):
        spark.read.format("strix").load(str(night), modules="rise")
    with pytest.raises(PySparkException, match=r"found nothing at .*nowhere"):
        spark.read.format("strix").load(f"{night},{night}/nowhere")
    with pytest.raises(PySparkException, match=r"the schema is the source's own"):
        spark.read.format("strix").schema("alert_id long").load(str(night)).collect()


def test_what_is_wrong_with_an_option_is_told_first_and_without_lines_of_ours(night, spark):
    with pytest.raises(PySparkException) as told:
        spark.read.format("strix").load(str(night), survye="ztf")
    assert str(told.value).startswith(
        "[PYTHON_DATA_SOURCE_ERROR] Failed to create Python data source instance: jobs.spark.options.OptionProblem: "
        'format "strix" has no option survye (did you mean survey?); it has path, '
    )
    assert "Traceback" not in str(told.value)
