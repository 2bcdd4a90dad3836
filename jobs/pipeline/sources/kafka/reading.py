"""Reading planned offsets on the executors: no consumer group, no commits; every offset is told of.

The ledger is the offset store. An offset that gives no record is a transaction's (a marker, an aborted record) as long
as the broker passes over it by itself; offsets below the log's start, of a deleted topic or of one that was made again
under the same name are gaps.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import TopicPartition as Assignment

from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import SILENT, Connection
from jobs.kafka.record_time import record_time
from jobs.kafka.topic_partition import TopicPartition
from jobs.packets.messages import Message
from jobs.packets.problems import AccessDenied, ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.packets.reading import OffsetCounts, ReaderEvent, SourceMessage, Unavailable
from jobs.packets.rejections import Refusal
from jobs.pipeline.sources.files.units import count_in

# After this long without a record we ask the broker whether it is there.
SILENCE_S = 5.0
# A broker that answers and gives no records for this long is as good as unavailable.
READ_TIMEOUT_S = 120.0
# A topic that a broker does not know is looked for again before it is called deleted: it may have just started.
SURE_S = 2.0
_GONE = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
_SETTINGS = {
    "group.id": "strix",  # asked for by the client, never joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    # An offset that is not there must be seen, not skipped.
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    # What is fetched beyond the planned end is thrown away: little of it, and no second of rest when the queue is full.
    "queued.max.messages.kbytes": 32768,
    "fetch.message.max.bytes": 4194304,
    "fetch.queue.backoff.ms": 20,
    "fetch.wait.max.ms": 100,
}


@dataclass(frozen=True)
class KafkaReader:
    """Reads the ranges of a task, as a task does."""

    connection: Connection

    def __call__(self, ranges: Sequence[Range]) -> Iterator[ReaderEvent]:
        """The records of the ranges in order, then counts; `Unavailable` if the broker fails or denies access.

        Parameters
        ----------
        ranges : sequence of Range
            Of one task, as planned.

        Yields
        ------
        ReaderEvent
            Of each partition the messages, then its OffsetCounts; nothing follows `Unavailable`.
        """
        try:
            clients = _clients(self.connection)
            for each in joined(ranges):
                yield from _Partition(clients, each).read()
        except (ServiceUnavailable, AccessDenied, KafkaException) as problem:
            _CLIENTS.pop(self.connection, None)
            yield Unavailable(str(problem))


def joined(ranges: Sequence[Range]) -> list[Range]:
    """Ranges that follow one another in a partition, joined to one.

    Parameters
    ----------
    ranges : sequence of Range
        Of Kafka, in order.
    """
    done: list[Range] = []
    for each in ranges:
        last = done[-1] if done else None
        if last and (last.path, last.topic_id, last.partition, last.stop) == (
            each.path,
            each.topic_id,
            each.partition,
            each.start,
        ):
            done[-1] = replace(last, stop=each.stop)
        else:
            done.append(each)
    return done


@dataclass
class _Clients:
    """What a worker process keeps between tasks: connections cost 40 ms."""

    cluster: Cluster
    consumer: Consumer
    compacted: dict[str, bool] = field(default_factory=dict)

    def is_compacted(self, part: TopicPartition) -> bool:
        key = f"{part.topic} {part.topic_id}"
        if key not in self.compacted:
            self.compacted[key] = self.cluster.is_compacted(part.topic)
        return self.compacted[key]


_CLIENTS: dict[Connection, _Clients] = {}


def _clients(connection: Connection) -> _Clients:
    if connection not in _CLIENTS:
        consumer = Consumer({**connection.client(), **_SETTINGS}, logger=SILENT)
        _CLIENTS[connection] = _Clients(Cluster(connection), consumer)
    return _CLIENTS[connection]


class _Partition:
    """Reads start:stop of one partition."""

    def __init__(self, clients: _Clients, planned: Range) -> None:
        self.clients = clients
        self.part = TopicPartition(planned.path, planned.topic_id, planned.partition)
        self.stop = planned.stop
        self.position = planned.start
        self.records = self.packets = self.control = 0
        self.gaps: list[tuple[int, int]] = []
        self.why = ""
        self._moved = self._heard = time.monotonic()

    def read(self) -> Iterator[ReaderEvent]:
        """The records, and at the end the counts.

        Raises
        ------
        ServiceUnavailable
            If the broker does not answer, or the topic was made again while it was read.
        """
        consumer = self.clients.consumer
        if self._there():
            self._assign(consumer)
            try:
                while self.position < self.stop:
                    yield from self._next(consumer)
            finally:
                consumer.unassign()
            if self.records and self._replaced():
                raise ServiceUnavailable(
                    f"{self.part} was made again while it was read; its offsets are looked at again"
                )
        else:
            self._lose(self.stop, "the topic is deleted, or another one has its name")
        counts = (self.records, self.packets, self.control)
        yield OffsetCounts(self.part.topic, self.part.partition, *counts, tuple(self.gaps), self.why)

    def _assign(self, consumer: Consumer) -> None:
        consumer.assign([Assignment(self.part.topic, self.part.partition, self.position)])

    def _next(self, consumer: Consumer) -> Iterator[SourceMessage]:
        records: list[Any] = consumer.consume(num_messages=500, timeout=0.5)
        for record in records:
            error = record.error()
            if error is not None:
                self._trouble(consumer, error, record.offset())
            elif self.position <= record.offset() and self.position < self.stop:
                self._pass_over(min(record.offset(), self.stop))
                if record.offset() < self.stop:
                    yield self._taken(record)
        if not records and time.monotonic() - max(self._moved, self._heard) > SILENCE_S:
            self._ask(consumer)

    def _taken(self, record: Any) -> SourceMessage:
        value = record.value() or b""
        self._advance(record.offset() + 1)
        self.records += 1
        packets = count_in(value)
        self.packets += max(packets, 1)
        refusal = None if packets else Refusal("truncated", "a container without a packet in it", "container")
        return SourceMessage(Message(value), self._origin(record), refusal)

    def _origin(self, record: Any) -> dict[str, Any]:
        origin = {"topic": self.part.topic, "partition": self.part.partition, "offset": record.offset()}
        return {**origin, "timestamp": record_time(*record.timestamp()), "index": 0}

    def _advance(self, position: int) -> None:
        self.position = position
        self._moved = time.monotonic()

    def _pass_over(self, to: int) -> None:
        """The broker itself went on to a later offset: transactions, unless it compacts the topic."""
        if to > self.position and self.clients.is_compacted(self.part):
            self._lose(to, "the topic is compacted")
        else:
            self.control += to - self.position
            self._advance(to)

    def _lose(self, to: int, why: str) -> None:
        if to > self.position:
            self.gaps.append((self.position, to))
            self.why = why
            self._advance(to)

    def _trouble(self, consumer: Consumer, error: KafkaError, offset: int) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            if offset > self.position:
                self._pass_over(min(offset, self.stop))
        elif error.code() == KafkaError._AUTO_OFFSET_RESET or error.code() in _GONE:
            self._ask(consumer)
        elif not error.retriable():
            raise ServiceUnavailable(f"{self.part}: {error.str()}")

    def _ask(self, consumer: Consumer) -> None:
        """Nothing comes, or our offset is not there: what the broker says of the partition."""
        if not self._there():
            self._lose(self.stop, "the topic is deleted, or another one has its name")
            return
        low, end = consumer.get_watermark_offsets(
            Assignment(self.part.topic, self.part.partition), timeout=SILENCE_S, cached=False
        )
        self._heard = time.monotonic()
        if self.position < low:
            self._lose(min(low, self.stop), "the broker's log begins later (retention, or records deleted)")
        elif end < self.position or (end < self.stop and self._heard - self._moved > READ_TIMEOUT_S / 4):
            self._lose(self.stop, f"the broker's log ends at offset {end}")
        elif self._heard - self._moved > READ_TIMEOUT_S:
            raise ServiceUnavailable(
                f"{self.part} has offset {self.position} and does not give it in {READ_TIMEOUT_S:g} s"
            )
        if self.position < self.stop:
            self._assign(consumer)

    def _there(self) -> bool:
        """Whether the topic that was planned is still there; a no is asked for twice."""
        if self._named():
            return True
        time.sleep(SURE_S)
        return self._named()

    def _named(self) -> bool:
        found = self.clients.cluster.parts([self.part.topic])
        return self.part in found or (not self.part.topic_id and any(each.topic == self.part.topic for each in found))

    def _replaced(self) -> bool:
        """Whether another topic has the name now; one that is only gone has given what was read."""
        found = self.clients.cluster.parts([self.part.topic])
        return bool(self.part.topic_id and found and self.part not in found)
