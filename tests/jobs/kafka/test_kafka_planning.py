"""What is planned and read, without Spark: the source's plan, and the reader on its ranges."""

import time
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer
from confluent_kafka import TopicPartition as Assignment

from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import Connection
from jobs.kafka.topic_partition import TopicPartition
from jobs.ledger.records import LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import NoInput
from jobs.packets.reading import OffsetCounts, SourceMessage, Unavailable, add_tallies
from jobs.pipeline.sources.kafka.reading import KafkaReader
from jobs.pipeline.sources.kafka.reset import reset
from jobs.pipeline.sources.kafka.source import KafkaSource, shared_out
from jobs.pipeline.sources.kafka.start import Start
from jobs.services.process import free_port
from jobs.storage.layout import Layout

pytestmark = pytest.mark.kafka


@pytest.fixture
def ledger(tmp_path):
    return StreamLedger(Layout(tmp_path), "s")


@pytest.fixture
def connection(kafka):
    return Connection.of({"bootstrap": kafka.bootstrap})


@pytest.fixture
def source(connection, ledger):
    def made(*topics, start="earliest", bounded=False):
        begun = KafkaSource(connection, topics, start, bounded, tasks=2)
        begun.begin(ledger)
        for number in ledger.sealed():
            begun.note(ledger.read(number))
        return begun

    return made


def seal(ledger, ranges):
    """A batch of these ranges as a runner would leave it."""
    number = (ledger.sealed() or [-1])[-1] + 1
    plan = Plan("s", number, "night", "", 0.0, tuple(ranges))
    ledger.begin_plan(plan)
    ledger.write(Record(plan, "r", (), {}, (), {}, {}, state="closed"))


def spans(ranges):
    """start:stop by partition, ranges that follow one another as one."""
    found = {}
    for each in ranges:
        start, stop = found.get((each.path, each.partition), (each.start, each.start))
        assert stop == each.start
        found[(each.path, each.partition)] = (start, each.stop)
    return found


def read(connection, ranges):
    said = list(KafkaReader(connection)(ranges))
    assert not [each for each in said if isinstance(each, Unavailable)]
    values = [each.message.value for each in said if isinstance(each, SourceMessage)]
    return values, add_tallies([each for each in said if isinstance(each, OffsetCounts)])


def test_a_new_nightly_topic_and_a_new_partition_are_read_from_their_first_record_while_the_source_runs(source, topics):
    first, second = topics.make(topics.name("ztf_20240210_a")), topics.name("ztf_20240211_a")
    topics.write(first, [b"old"] * 3)
    running = source("^ztf_2024021._a", start="latest")
    assert running.plan(100) == []
    topics.write(first, [b"new"] * 2)
    assert spans(running.plan(100)) == {(first, 0): (3, 5)}
    topics.make(second)
    topics.write(second, [b"x"] * 4)
    topics.grow(first, 2)
    topics.write(first, [b"y"] * 5, first=1)
    assert spans(running.plan(100)) == {(first, 1): (0, 5), (second, 0): (0, 4)}
    assert running.plan(100) == []


def test_latest_means_the_same_after_a_crash_before_the_first_batch(source, topics):
    topic = topics.make(topics.name())
    topics.write(topic, [b"old"] * 3)
    assert source(topic, start="latest").plan(10) == []
    topics.write(topic, [b"new"] * 2)
    assert spans(source(topic, start="latest").plan(10)) == {(topic, 0): (3, 5)}


def test_a_stream_starts_at_earliest_latest_a_time_or_offsets(source, topics, connection):
    topic = topics.make(topics.name(), 2)
    topics.write(topic, [b"a", b"b"] * 3, partitions=2)
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    topics.write(topic, [b"c", b"d", b"e", b"f"], partitions=2)
    snapshot = Cluster(connection).snapshot([topic])
    expected = {"earliest": {0: 0, 1: 0}, "latest": {0: 5, 1: 5}, moment.isoformat(): {0: 3, 1: 3}}
    expected[f"{topic}:1=4"] = {0: 0, 1: 4}
    for text, offsets in expected.items():
        chosen = source(topic, start=text)
        chosen.check()
        assert {
            part.partition: at for part, at in Start.parse(text).resolve(chosen.cluster, snapshot).items()
        } == offsets
    assert spans(source(topic, start=moment.isoformat()).plan(100)) == {(topic, 0): (3, 5), (topic, 1): (3, 5)}


@pytest.mark.parametrize("start", ["{}:0=9", "{}:7=0"])
def test_an_offset_or_partition_that_is_not_there_is_refused_with_what_is(source, topics, start):
    topic = topics.make(topics.name())
    topics.write(topic, [b"a"] * 3)
    with pytest.raises(ValueError, match=r"0 to 3|partitions that are read are"):
        source(topic, start=start.format(topic)).plan(10)


def test_the_limit_is_shared_fairly_and_nothing_is_left_over():
    parts = [TopicPartition("t", "", number) for number in range(4)]
    backlog = dict(zip(parts, [2, 50, 0, 1000], strict=True))
    shares = shared_out({part: count for part, count in backlog.items() if count}, 100)
    assert [shares.get(part, 0) for part in parts] == [2, 49, 0, 49]
    assert sum(shared_out(dict.fromkeys(parts, 1000), 10).values()) == 10


def test_available_now_reads_what_was_there_at_its_first_look(source, topics):
    topic = topics.make(topics.name())
    topics.write(topic, [b"a"] * 3)
    once = source(topic, bounded=True)
    assert spans(once.plan(2)) == {(topic, 0): (0, 2)}
    topics.write(topic, [b"b"] * 5)
    assert spans(once.plan(100)) == {(topic, 0): (2, 3)}
    assert once.plan(100) == []


def test_a_mistyped_topic_stops_available_now_and_is_waited_for_by_a_service(source, topics):
    missing = topics.name("not_yet_")
    with pytest.raises(NoInput, match=missing):
        source(missing, bounded=True).plan(10)
    waiting = source(missing)
    assert waiting.plan(10) == []
    assert missing in waiting.report()["notices"][0]
    topics.make(missing)
    topics.write(missing, [b"a"])
    assert spans(waiting.plan(10)) == {(missing, 0): (0, 1)}


def test_markers_and_aborted_records_are_control_and_committed_records_are_read_in_order(source, topics, connection):
    topic = topics.make(topics.name())
    producer = Producer({"bootstrap.servers": topics.bootstrap, "transactional.id": topic})
    producer.init_transactions()
    for kept, values in [(True, [b"a", b"b"]), (False, [b"lost1", b"lost2", b"lost3"]), (True, [b"c"])]:
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value)
        producer.flush()
        producer.commit_transaction() if kept else producer.abort_transaction()
    topics.write(topic, [b"plain"])
    producer.begin_transaction()
    producer.produce(topic, b"open")
    producer.flush()
    ranges = source(topic).plan(4)
    values, tallies = read(connection, ranges)
    assert (spans(ranges), values) == ({(topic, 0): (0, 4)}, [b"a", b"b"])
    rest = source(topic)
    rest.plan(4)
    ranges = rest.plan(100)
    assert spans(ranges) == {(topic, 0): (4, 10)}, "an open transaction is not planned"
    values, more = read(connection, ranges)
    assert values == [b"c", b"plain"]
    (tally,) = add_tallies([*tallies, *more])
    assert (tally.records, tally.control, tally.lost) == (4, 3 + 3, 0), "three markers, three aborted records"
    producer.abort_transaction()


def test_records_that_the_broker_deleted_are_a_gap_and_the_rest_is_read(source, topics, connection):
    topic = topics.make(topics.name())
    topics.write(topic, [b"%d" % number for number in range(10)])
    ranges = source(topic).plan(100)
    topics._wait(topics.admin.delete_records([Assignment(topic, 0, 6)]))
    values, (tally,) = read(connection, ranges)
    assert values == [b"6", b"7", b"8", b"9"]
    assert (tally.gaps, tally.records, tally.control) == (((0, 6),), 4, 0)
    assert "retention" in tally.why


def test_what_compaction_took_away_is_a_gap_and_no_transaction(source, topics, connection):
    compact = {"cleanup_policy": "compact", "segment_ms": "1", "min_cleanable_dirty_ratio": "0.001"}
    topic = topics.make(topics.name(), **compact)
    producer = Producer({"bootstrap.servers": topics.bootstrap})
    for key in ("a", "b", "a", "a", "c"):
        producer.produce(topic, b"x", key=key)
        producer.flush()
        time.sleep(0.02)  # a segment of its own: the newest one is not compacted
    ranges = source(topic).plan(100)
    deadline = time.monotonic() + 20
    while not (found := read(connection, ranges)[1][0]).lost and time.monotonic() < deadline:
        time.sleep(0.3)
    assert (found.gaps, found.records, found.control) == (((0, 1), (2, 3)), 3, 0)
    assert "compacted" in found.why


def test_a_deleted_topic_is_no_loss_if_its_end_was_reached_and_a_gap_if_it_was_not(source, ledger, topics, connection):
    done, left = topics.make(topics.name("gone_")), topics.make(topics.name("gone_"))
    topics.write(done, [b"a"] * 3)
    topics.write(left, [b"b"] * 8)
    running = source("^gone_")
    seal(ledger, running.plan(6))
    for topic in (done, left):
        topics.drop(topic)
    ranges = source("^gone_").plan(100)
    assert spans(ranges) == {(left, 0): (3, 8)}
    values, (tally,) = read(connection, ranges)
    assert (values, tally.gaps) == ([], ((3, 8),))
    assert "deleted" in tally.why


def test_a_topic_made_again_under_its_name_is_another_topic(source, ledger, topics, connection):
    topic = topics.make(topics.name("again_"))
    topics.write(topic, [b"old"] * 5)
    running = source(topic)
    planned = running.plan(3)
    topics.drop(topic)
    topics.make(topic)
    topics.write(topic, [b"new"] * 9)
    values, (tally,) = read(connection, planned)
    assert (values, tally.gaps) == ([], ((0, 3),)), "records of the new topic are not those that were planned"
    seal(ledger, planned)
    ranges = source(topic).plan(100)
    old = [each for each in ranges if each.topic_id == planned[0].topic_id]
    new = [each for each in ranges if each.topic_id != planned[0].topic_id]
    assert (spans(old), spans(new)) == ({(topic, 0): (3, 5)}, {(topic, 0): (0, 9)})
    assert read(connection, new)[0] == [b"new"] * 9


def test_changed_topics_and_start_say_what_happens_and_reset_does_it_and_leaves_a_record(
    source, ledger, topics, connection
):
    one, two = topics.make(topics.name()), topics.make(topics.name())
    topics.write(one, [b"a"] * 6)
    topics.write(two, [b"b"] * 4)
    seal(ledger, source(one).plan(4))
    changed = source(two, start="latest")
    assert spans(changed.plan(100)) == {(two, 0): (0, 4)}
    about_start, about_topics = changed.report()["notices"]
    assert "goes on where it was" in about_start and "reset --to latest" in about_start
    assert two in about_topics and f"{one} (2 records unread)" in about_topics
    moved = reset(ledger, Cluster(connection), [one, two], f"{one}:0=1")
    assert [(each.before, each.after) for each in moved] == [(4, 1)]
    assert "read again" in str(moved[0])
    assert spans(source(one, two, start=f"{one}:0=1").plan(100))[(one, 0)] == (1, 6)
    assert '"why": "reset"' in (ledger.directory / "positions.json").read_text()


def test_another_cluster_is_refused_since_its_offsets_are_other_records(source, ledger, topics, connection):
    topic = topics.make(topics.name())
    source(topic).plan(1)
    path = ledger.directory / "positions.json"
    cluster = Cluster(connection).snapshot([]).cluster
    path.write_text(path.read_text().replace(cluster, "elsewhere"))
    with pytest.raises(ValueError, match=f"elsewhere.*{cluster}"):
        source(topic).plan(1)
    with pytest.raises(LedgerError, match="elsewhere"):
        reset(ledger, Cluster(connection), [], "earliest")


def test_a_reader_whose_broker_is_away_says_so_instead_of_ending_early(source, topics, monkeypatch):
    monkeypatch.setattr("jobs.kafka.cluster.TIMEOUT_S", 1.0)
    topic = topics.make(topics.name())
    topics.write(topic, [b"a"] * 3)
    ranges = source(topic).plan(100)
    nobody = Connection.of({"bootstrap": f"127.0.0.1:{free_port()}"})
    (said,) = list(KafkaReader(nobody)(ranges))
    assert isinstance(said, Unavailable) and "does not answer" in said.message
