"""Alerts of a real topic through `spark.read` and `spark.readStream`."""

import itertools
import json

import pyarrow as pa
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from jobs import enrich, module_udf, read_packets
from jobs.kafka.connection import SILENT
from jobs.packets.ranges import total
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.spark.options import OptionProblem, ReadOptions
from jobs.spark.topics import DataLoss, TopicOffset, Topics, messages

pytestmark = [pytest.mark.kafka]
_NUMBERS = itertools.count()
VALUES = [container([packet(6, number)[0]]) for number in range(12)]


class Topic:
    """A topic of two partitions."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.name = f"spark_source_{next(_NUMBERS)}"
        self.admin = AdminClient({"bootstrap.servers": bootstrap}, logger=SILENT)
        self.make()

    def make(self):
        self._wait(self.admin.create_topics([NewTopic(self.name, 2, 1)]))

    def drop(self):
        self._wait(self.admin.delete_topics([self.name]))

    def _wait(self, answers):
        for future in answers.values():
            future.result(timeout=30)

    def write(self, values):
        producer = Producer({"bootstrap.servers": self.bootstrap}, logger=SILENT)
        for number, value in enumerate(values):
            producer.produce(self.name, value, partition=number % 2)
        assert producer.flush(30) == 0

    def options(self, **more):
        return {"subscribe": self.name, "kafka.bootstrap.servers": self.bootstrap, **more}

    def asked(self, **more):
        return ReadOptions.parse(self.options(**more))


@pytest.fixture
def topic(kafka):
    return Topic(kafka.bootstrap)


def kept(offset):
    return TopicOffset.from_json(json.loads(json.dumps(offset.to_json())))


def offsets(ranges):
    return sorted((each.partition, number) for each in ranges for number in range(each.start, each.stop))


@pytest.mark.spark
def test_batch_and_stream_give_the_alerts_of_files_with_the_same_answers(topic, spark, tmp_path):
    topic.write([*VALUES, b"no packet"])
    (tmp_path / "all.avro").write_bytes(container([packet(6, number)[0] for number in range(12)]))
    alerts = read_packets(tmp_path / "all.avro").sort_by("alert_id")
    wanted = pa.table({"alert_id": alerts["alert_id"], "k": enrich(alerts, ["stetson_k"])["stetson_k"]}).to_pylist()
    columns = ["alert_id", module_udf("stetson_k").alias("k")]

    batch = spark.read.format("strix").options(**topic.options()).load()
    assert batch.select(*columns).toArrow().sort_by("alert_id").to_pylist() == wanted
    places = {(row.provenance.partition, row.provenance.offset) for row in batch.select("provenance").collect()}
    assert places == {(number % 2, number // 2) for number in range(12)}
    rejected = spark.read.format("strix").options(**topic.options(rejected="true")).load().collect()
    assert [(row.reason, bytes(row.value), row.provenance.offset) for row in rejected] == [
        ("not_avro", b"no packet", 6)
    ]

    found = []
    stream = spark.readStream.format("strix").options(
        **topic.options(startingOffsets="earliest", maxAlertsPerTrigger="5")
    )
    sink = stream.load().select(*columns).writeStream.option("checkpointLocation", str(tmp_path / "checkpoint"))
    for more in ([], VALUES[:1]):
        topic.write(more)
        query = (
            sink.foreachBatch(lambda frame, _: found.append(frame.toArrow()))
            .trigger(processingTime="0 seconds")
            .start()
        )
        try:
            query.processAllAvailable()
        finally:
            query.stop()
    assert [each.num_rows for each in found if each.num_rows] == [5, 5, 2, 1]
    assert pa.concat_tables(found[:-1]).sort_by("alert_id").to_pylist() == wanted
    assert found[-1].to_pylist() == [row for row in wanted if row["alert_id"] == packet(6, 0)[0]["candid"]]


def test_the_first_micro_batch_of_a_query_that_starts_again_begins_where_it_began(topic):
    topic.write(VALUES[:2])
    plans = Topics(topic.asked())
    start = plans.begin("latest")
    topic.write(VALUES[2:6])
    end, ranges = plans.plan(kept(start))
    assert offsets(ranges) == [(0, 1), (0, 2), (1, 1), (1, 2)]
    topic.write(VALUES[6:])
    later = Topics(topic.asked())
    assert later.between(later.begin("latest"), kept(end)) == ranges
    after, rest = later.plan(kept(end), 4)
    assert total(rest) == 4 and later.between(kept(end), kept(after)) == rest
    with pytest.raises(ValueError, match="ends before it begins"):
        later.between(kept(later.plan(kept(after))[0]), kept(after))


def test_a_plan_until_now_has_no_record_that_came_later_and_the_newest_offset_tells_the_lag(topic):
    topic.write(VALUES[:4])
    plans = Topics(topic.asked())
    assert plans.newest() is None
    plans.until_now()
    topic.write(VALUES[4:6])
    end, ranges = plans.plan(plans.begin("earliest"))
    assert offsets(ranges) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert plans.plan(kept(end)) == (end, [])
    assert sorted(plans.newest().positions.values()) == [3, 3]


def test_offsets_are_said_as_spark_says_them(topic):
    topic.write(VALUES[:6])

    def begin(text):
        return {
            part.partition: at
            for part, at in Topics(topic.asked(startingOffsets=text)).begin("latest").positions.items()
        }

    assert begin("earliest") == {0: 0, 1: 0} and begin("latest") == {0: 3, 1: 3}
    assert begin(json.dumps({topic.name: {"0": 2, "1": -1}})) == {0: 2, 1: 3}
    assert begin(json.dumps({topic.name: {"0": -2}})) == {0: 0, 1: 0}
    with pytest.raises(OptionProblem, match=r"startingOffsets: start of .* is offset 9, it has 0 to 3"):
        begin(json.dumps({topic.name: {"0": 9}}))
    with pytest.raises(OptionProblem, match=r"startingOffsets: start is 'dawn'"):
        begin("dawn")


def test_a_topic_that_is_not_there_is_an_error_that_names_those_that_are(topic):
    with pytest.raises(OptionProblem, match=rf"wants topic nowhere, the topics at .* are .*{topic.name}"):
        Topics(ReadOptions.parse({**topic.options(), "subscribe": "nowhere"})).begin("earliest")


def test_records_that_are_gone_end_the_query_unless_it_goes_on_at_a_loss(topic, caplog):
    topic.write(VALUES)
    strict, lax = topic.asked(), topic.asked(failOnDataLoss="false")
    end, ranges = Topics(strict).plan(Topics(strict).begin("earliest"))
    topic.drop()
    topic.make()
    topic.write(VALUES[:2])
    with pytest.raises(DataLoss, match=r"offsets 0 to 5 are gone: .*failOnDataLoss=false goes on without"):
        list(messages(strict, ranges))
    with pytest.raises(DataLoss, match="were deleted or made again"):
        Topics(strict).plan(kept(end))
    assert list(messages(lax, ranges)) == []
    assert offsets(Topics(lax).plan(kept(end))[1]) == [(0, 0), (1, 0)]
    assert "offsets 0 to 5 are gone" in caplog.text
