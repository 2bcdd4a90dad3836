"""The sink alone against a real broker: once each, in order, whatever happens between two steps."""

import dataclasses
import time

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from sending import Output
from topic_reader import matches, order_problems, read_topics

from jobs.kafka.connection import Connection
from jobs.ledger.quarantine import content_of, entries
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import AccessDenied, ServiceUnavailable
from jobs.pipeline.sinks.kafka import sink as sink_module
from jobs.pipeline.sinks.kafka.failures import SentElsewhere
from jobs.pipeline.sinks.registry import audit_sinks
from jobs.services.kafka import KafkaBroker, start_kafka

pytestmark = [pytest.mark.kafka, pytest.mark.spark]


def test_every_match_is_in_its_topic_once_and_in_order(kafka: KafkaBroker, output: Output) -> None:
    sink = output.sink(kafka.bootstrap)
    told = [sink.write(batch) for batch in output.batches]
    read = read_topics(kafka.bootstrap, output.topics)
    found = matches(read)
    assert len(output.batches) == 2 and len(output.matched()) > 60
    assert set(found) == output.matched()
    assert set(found.values()) == {1}
    assert order_problems(read) == []
    by_partition: dict[tuple[str, int, int], list[tuple[str, float, int]]] = {}
    for each in read:
        place = (each.record["object_id"], each.record["mjd"], each.record["alert_id"])
        by_partition.setdefault((each.topic, each.partition, each.record["batch"]), []).append(place)
    assert all(places == sorted(places) for places in by_partition.values())
    assert sum(each["messages"] for each in told) == len(read)
    for each in read:
        record = each.record
        assert record["filter"] == each.topic.split(".")[-1]
        assert record["annotations"] == {"brightness": record["mag"]}
        assert (record["cutouts"] is not None) == (record["filter"] == "stamps")
        assert record["is_simulated"] is True
        assert record["processed_at"] == output.batches[record["batch"]].plan.planned_at


def test_the_same_batch_gives_the_same_bytes(kafka: KafkaBroker, output: Output) -> None:
    sink = output.sink(kafka.bootstrap)
    sink.write(output.batches[0])
    # Another prefix is another stream of topics: the batch goes out once more, later.
    other = Output(
        output.layout, output.batches, dataclasses.replace(output.settings, prefix=f"{output.settings.prefix}again")
    )
    other.sink(kafka.bootstrap).write(output.batches[0])
    first, again = (read_topics(kafka.bootstrap, each.topics) for each in (output, other))
    assert len(first) == len(again) > 40
    for one, two in zip(first, again, strict=True):
        assert (one.topic.split(".")[1:], one.partition, one.key) == (two.topic.split(".")[1:], two.partition, two.key)
        assert one.value == two.value


def test_a_batch_that_was_sent_says_so_to_whoever_comes_next(kafka: KafkaBroker, output: Output) -> None:
    first, second = output.batches
    assert output.sink(kafka.bootstrap).committed(first) is None
    told = output.sink(kafka.bootstrap).write(first)
    assert output.sink(kafka.bootstrap).committed(first) == told
    later = output.sink(kafka.bootstrap)
    assert later.committed(second) is None
    later.write(second)
    with pytest.raises(SentElsewhere, match="batch 1 was sent, the ledger is at 0"):
        output.sink(kafka.bootstrap).committed(first)
    elsewhere = dataclasses.replace(second, plan=dataclasses.replace(second.plan, ranges=second.plan.ranges[:1]))
    with pytest.raises(SentElsewhere, match="another output uses the same stream"):
        output.sink(kafka.bootstrap).committed(elsewhere)


def test_what_a_dead_job_left_open_is_seen_by_nobody_and_holds_up_nobody(kafka: KafkaBroker, output: Output) -> None:
    batch = output.batches[0]
    output.sink(kafka.bootstrap)._open({output.settings.topic("ztf", "all")})
    orphan = Producer(
        {"bootstrap.servers": kafka.bootstrap, "transactional.id": f"{output.settings.prefix}-{batch.stream}"}
    )
    orphan.init_transactions(20)
    orphan.begin_transaction()
    orphan.produce(output.settings.topic("ztf", "all"), key=b"x", value=b"half a batch")
    orphan.produce(output.settings.marker(batch.stream), key=b"batch", value=b"half a batch")
    orphan.flush(20)
    assert [each.value for each in read_topics(kafka.bootstrap, output.topics, "read_uncommitted")] == [b"half a batch"]
    begun = time.monotonic()
    successor = output.sink(kafka.bootstrap)
    assert successor.committed(batch) is None
    successor.write(batch)
    found = matches(read_topics(kafka.bootstrap, output.topics))
    # Its owner is back: nobody waits for the transaction to time out.
    assert time.monotonic() - begun < 12
    assert sum(found.values()) == len(found) == sum(successor.committed(batch)["topics"].values())  # type: ignore[index]
    with pytest.raises(KafkaException):
        orphan.commit_transaction(10)


def test_of_two_jobs_with_one_stream_the_first_is_fenced_and_sends_nothing_twice(
    kafka: KafkaBroker, output: Output
) -> None:
    first, second = output.sink(kafka.bootstrap), output.sink(kafka.bootstrap)
    batch = output.batches[0]
    assert first.committed(batch) is None
    second.write(batch)
    with pytest.raises(ServiceUnavailable, match="fenced"):
        first.write(batch)
    # As the runner does: it waits, and asks before it sends again.
    assert first.committed(batch) == second.committed(batch) or first.committed(batch) is not None
    found = matches(read_topics(kafka.bootstrap, output.topics))
    assert set(found.values()) == {1}


def test_a_job_that_is_fenced_again_and_again_stops(kafka: KafkaBroker, output: Output) -> None:
    batch = output.batches[0]
    sink = output.sink(kafka.bootstrap)
    told = []
    for _ in range(sink_module._FENCED_TOO_OFTEN):
        sink._open({output.settings.topic("ztf", "all")})
        output.sink(kafka.bootstrap)._open({output.settings.topic("ztf", "all")})
        with pytest.raises((ServiceUnavailable, SentElsewhere)) as problem:
            sink.write(batch)
        told.append(problem.type)
    assert told == [ServiceUnavailable] * (sink_module._FENCED_TOO_OFTEN - 1) + [SentElsewhere]


def _pause_in_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """Halfway through a batch, wait until the brokers have answered what was sent before."""
    paused: list[int] = []

    def point(name: str, batch: int) -> None:
        if name == "in_send" and batch not in paused:
            paused.append(batch)
            time.sleep(2)

    monkeypatch.setattr("jobs.pipeline.sinks.kafka.producer.faults.point", point)


def test_a_job_that_is_fenced_while_it_still_sends_is_told_so(
    kafka: KafkaBroker, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = output.sink(kafka.bootstrap), output.sink(kafka.bootstrap)
    batch = output.batches[0]
    assert first.committed(batch) is None and second.committed(batch) is None
    _pause_in_send(monkeypatch)
    with pytest.raises(ServiceUnavailable, match="fenced by a newer instance"):
        first.write(batch)
    assert first._fenced == 1 and first._producer is None


def test_a_topic_that_takes_less_is_found_out_while_the_batch_is_still_sent(
    kafka: KafkaBroker, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = output.settings.topic("ztf", "all")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.create_topics([NewTopic(topic, 2, 1, config={"max.message.bytes": "1000"})]).values():
        future.result(20)
    _pause_in_send(monkeypatch)
    sink = output.sink(kafka.bootstrap)
    told = sink.write(output.batches[0])
    assert sink._alone and told["messages"] == len(read_topics(kafka.bootstrap, output.topics)) > 0


def test_a_topic_that_was_deleted_is_made_again(kafka: KafkaBroker, output: Output) -> None:
    sink = output.sink(kafka.bootstrap)
    sink.write(output.batches[0])
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_topics([output.settings.topic("ztf", "all")]).values():
        future.result(20)
    deadline = time.monotonic() + 60
    while True:
        try:
            if sink.committed(output.batches[1]) is None:
                sink.write(output.batches[1])
            break
        except ServiceUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    found = matches(read_topics(kafka.bootstrap, output.settings.topic("ztf", "all")))
    wanted = {id_ for topic, id_ in output.matched() if topic == output.settings.topic("ztf", "all")}
    assert {id_ for _, id_ in found} < wanted and set(found.values()) == {1}


def test_a_broker_that_is_away_stops_the_batch_and_nothing_is_lost(output: Output, tmp_path_factory) -> None:
    broker = start_kafka(tmp_path_factory.mktemp("own_kafka"))
    try:
        sink = output.sink(broker.bootstrap, timeout_s=4.0)
        sink.write(output.batches[0])
        broker.stop()
        with pytest.raises(ServiceUnavailable, match=broker.bootstrap):
            sink.write(output.batches[1])
        broker = broker.start_again()
        assert sink.committed(output.batches[1]) is None
        sink.write(output.batches[1])
        read = read_topics(broker.bootstrap, output.topics)
        assert set(matches(read)) == output.matched() and len(read) == len(output.matched())
    finally:
        broker.stop()


def test_a_message_that_is_too_large_goes_without_what_is_large(kafka: KafkaBroker, output: Output) -> None:
    small = dataclasses.replace(output, settings=dataclasses.replace(output.settings, max_message_bytes=12_000))
    small.sink(kafka.bootstrap).write(small.batches[0])
    read = read_topics(kafka.bootstrap, small.topics)
    stamps = [each.record for each in read if each.topic.endswith(".stamps")]
    assert stamps and all(each["cutouts"] is None and "cutouts" in each["left_out"] for each in stamps)
    assert all(len(each.value) <= 12_000 for each in read)


def test_a_match_that_no_topic_takes_is_noted_and_the_others_are_sent(kafka: KafkaBroker, output: Output) -> None:
    """Whatever is left out of it; the ledger's check adds up, the quarantine lists it, and it cannot be replayed."""
    batch = output.batches[0]
    sizes = sorted(output.sizes_without_curve(batch))
    limit = sizes[len(sizes) // 2]
    small = dataclasses.replace(output, settings=dataclasses.replace(output.settings, max_message_bytes=limit))
    told = small.sink(kafka.bootstrap).write(batch)
    over = sum(size > limit for size in sizes)
    assert 0 < over < len(sizes)
    assert sum(told["too_large"].values()) == over
    assert told["messages"] == len(sizes) - over == len(read_topics(kafka.bootstrap, small.topics))
    assert small.sink(kafka.bootstrap).committed(batch) == told
    ledger = StreamLedger(small.layout, batch.stream)
    closed = dataclasses.replace(batch, state="closed", sinks={"filters": small.counts(batch), "kafka": told})
    ledger.write(closed)
    listed = [each for each in entries(small.layout) if each.reason == "match_too_large"]
    assert len(listed) == len({each.id for each in listed}) == over
    assert all(each.size > limit and f"takes {limit:,}" in each.message for each in listed)
    assert all(each.origin["file"] and each.night.isdigit() for each in listed)
    assert content_of(small.layout, listed[0]) == (b"", None)
    assert list(audit_sinks(ledger.layout, closed)) == []
    without = {key: value for key, value in told.items() if key != "too_large"}
    tampered = dataclasses.replace(closed, sinks={**closed.sinks, "kafka": without})
    assert any("too_large is {} in the ledger" in gap for gap in audit_sinks(ledger.layout, tampered))


def test_a_batch_of_which_no_match_can_be_sent_is_closed(kafka: KafkaBroker, output: Output) -> None:
    batch = output.batches[0]
    tiny = dataclasses.replace(output, settings=dataclasses.replace(output.settings, max_message_bytes=100))
    told = tiny.sink(kafka.bootstrap).write(batch)
    assert told["messages"] == 0 and sum(told["too_large"].values()) > 40
    assert tiny.sink(kafka.bootstrap).committed(batch) == told


def test_a_topic_that_takes_less_than_configured_is_found_out(kafka: KafkaBroker, output: Output) -> None:
    """Made by somebody else, with a limit of its own: what it takes is sent, without what makes it too large."""
    batch = output.batches[0]
    topic = output.settings.topic("ztf", "stamps")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    config = {"max.message.bytes": "3000", "compression.type": "producer"}
    for future in admin.create_topics([NewTopic(topic, 2, 1, config=config)]).values():
        future.result(20)
    told = output.sink(kafka.bootstrap).write(batch)
    read = read_topics(kafka.bootstrap, output.topics)
    assert told["messages"] == len(read)
    all_ = [each for each in read if each.topic.endswith(".all")]
    assert len(all_) == told["topics"][output.settings.topic("ztf", "all")] > 20
    assert not any(each.record["left_out"] for each in all_)
    short = [each for each in read if each.topic == topic]
    assert all("cutouts" in each.record["left_out"] for each in short)
    wanted = sum(1 for name, _ in output.matched_in(batch) if name == topic)
    assert len(short) + told.get("too_large", {}).get("stamps", 0) == wanted > 0


def test_topics_are_made_as_configured(kafka: KafkaBroker, output: Output) -> None:
    from confluent_kafka.admin import ConfigResource, ResourceType

    made = dataclasses.replace(output.settings, partitions=3, retention_days=2.5)
    topic = made.topic("ztf", "quiet")
    dataclasses.replace(output, settings=made).sink(kafka.bootstrap, topics=[topic]).write(output.batches[0])
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    assert len(admin.list_topics(timeout=20).topics[topic].partitions) == 3
    resource = ConfigResource(ResourceType.TOPIC, topic)
    config = admin.describe_configs([resource])[resource].result(20)
    assert config["retention.ms"].value == str(216_000_000)


def test_json_topics_hold_the_same(kafka: KafkaBroker, output: Output) -> None:
    output.sink(kafka.bootstrap, format="json").write(output.batches[0])
    read = read_topics(kafka.bootstrap, output.topics)
    assert {(each.topic, int(each.record["alert_id"])) for each in read} < output.matched()
    assert all(each.value[:1] == b"{" and isinstance(each.record["alert_id"], str) for each in read)
    assert order_problems(read) == []


def test_a_password_is_read_where_it_is_named_and_a_wrong_one_is_refused(
    kafka: KafkaBroker, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka.add_user("sender", "correct horse")
    own = {"protocol": "SASL_PLAINTEXT", "mechanism": "SCRAM-SHA-512", "username": "sender", "password_env": "SINK_PW"}
    monkeypatch.setenv("SINK_PW", "correct horse")
    sink = output.sink(kafka.scram, kafka=own)
    assert "correct horse" not in repr(sink)
    assert sink.write(output.batches[0])["messages"] > 0
    monkeypatch.setenv("SINK_PW", "wrong")
    with pytest.raises(AccessDenied, match="uthenti"):
        output.sink(kafka.scram, kafka=own).write(output.batches[1])


def test_the_schema_stands_in_its_topic(kafka: KafkaBroker, output: Output) -> None:
    from jobs.listen.message_schemas import read_schemas
    from jobs.pipeline.sinks.kafka.message import SCHEMA_ID, schema_json

    output.sink(kafka.bootstrap).write(output.batches[0])
    held = read_schemas(Connection.of({"bootstrap": kafka.bootstrap}), output.settings.schemas)
    assert held == {SCHEMA_ID: schema_json()}
