"""Topics as any consumer reads them: confluent's client, fastavro, the schema from `conf/schemas`; nothing of `jobs`."""

import io
import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_ID = 1_000_101
SCHEMA = fastavro.parse_schema(json.loads((ROOT / "conf" / "schemas" / f"{SCHEMA_ID}.avsc").read_text()))


class Read(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes

    @property
    def record(self) -> dict[str, Any]:
        if self.value[:1] == b"{":
            return json.loads(self.value)
        assert self.value[:5] == b"\x00" + SCHEMA_ID.to_bytes(4, "big")
        rest = io.BytesIO(self.value[5:])
        record = fastavro.schemaless_reader(rest, SCHEMA, None)
        assert rest.read() == b""
        return record


Part = tuple[str, int]


def read_topics(bootstrap: str, prefix: str, isolation: str = "read_committed", timeout: float = 60.0) -> list[Read]:
    """Everything that topics with a prefix hold now, partition by partition, in order of offset.

    A commit is answered before the brokers have written its marks into every partition: so it is read up to the end
    that a reader of uncommitted data sees, and an open transaction makes it fail.
    """
    ends = _ends(bootstrap, prefix)
    consumer = Consumer(_settings(bootstrap, isolation))
    try:
        return sorted(_read_all(consumer, ends, timeout)) if ends else []
    finally:
        consumer.close()


def _settings(bootstrap: str, isolation: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "topic-reader",
        "isolation.level": isolation,
        "enable.partition.eof": True,
        "enable.auto.commit": False,
    }


def _ends(bootstrap: str, prefix: str) -> dict[Part, int]:
    consumer = Consumer(_settings(bootstrap, "read_uncommitted"))
    try:
        topics = consumer.list_topics(timeout=20).topics
        parts = [(name, number) for name in topics if name.startswith(prefix) for number in topics[name].partitions]
        return {part: _end(consumer, part) for part in parts}
    finally:
        consumer.close()


def _end(consumer: Consumer, part: Part) -> int:
    for _ in range(100):
        try:
            return consumer.get_watermark_offsets(TopicPartition(*part), timeout=20)[1]
        except KafkaException as error:
            # A topic that was just made has no leader for a moment.
            assert error.args[0].code() == KafkaError.NOT_LEADER_FOR_PARTITION, error
            time.sleep(0.1)
    raise AssertionError(f"{part} has no leader")


def _read_all(consumer: Consumer, ends: dict[Part, int], timeout: float) -> Iterable[Read]:
    consumer.assign([TopicPartition(name, number, 0) for name, number in ends])
    left = {part for part, end in ends.items() if end}
    deadline = time.monotonic() + timeout
    while left:
        assert time.monotonic() < deadline, f"not at the end of {sorted(left)}"
        message = consumer.poll(0.5)
        if message is None:
            continue
        part = (message.topic(), message.partition())
        if message.error() is None:
            yield Read(*part, message.offset(), message.key(), message.value())
        else:
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            if message.offset() >= ends[part]:
                left.discard(part)


def matches(read: Iterable[Read]) -> Counter[tuple[str, int]]:
    """How often each alert stands in each topic."""
    return Counter((each.topic, int(each.record["alert_id"])) for each in read)


def order_problems(read: Iterable[Read]) -> list[str]:
    """Where an object's messages are not in the order of batch, mjd, alert; or not all in one partition."""
    seen: dict[tuple[str, str], tuple[int, tuple[int, float, int]]] = {}
    problems = []
    for each in read:
        record = each.record
        place = (record["batch"], record["mjd"], int(record["alert_id"]))
        key = (each.topic, record["object_id"])
        partition, before = seen.get(key, (each.partition, (-1, 0.0, 0)))
        if partition != each.partition or before >= place:
            problems.append(f"{key}: {place} in {each.partition} behind {before} in {partition}")
        if each.key != record["object_id"].encode():
            problems.append(f"{key}: key {each.key!r}")
        seen[key] = (each.partition, place)
    return problems
