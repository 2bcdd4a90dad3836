"""A batch in one Kafka transaction, with a marker inside it that says which batch it was.

Readers with `isolation.level=read_committed` see all of a transaction or nothing. After a crash the marker says whether
the batch was committed; a producer that opens under the same transactional id first ends what its predecessor left.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from jobs.common import faults
from jobs.kafka.connection import SILENT
from jobs.packets.ranges import Range

MARKER_TIMEOUT_S = 10.0
# An orphan transaction holds up its topics' readers for this long, unless its owner comes back sooner.
LEAST_TIMEOUT_S = 15.0
# The brokers' own default limit.
GREATEST_TIMEOUT_S = 900.0
_LEADERLESS = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
)
# What a client says that has ended, or whose transaction cannot be committed any more: not why.
_NOT_WHY = (KafkaError._FATAL, KafkaError._STATE)
_KEY = b"batch"
_FIRST_WINDOW = 16


class Outgoing(NamedTuple):
    """A message for a topic."""

    topic: str
    key: bytes
    value: bytes


class BrokerTakesLess(RuntimeError):
    """Brokers refused messages of a batch as too large; nothing of it is committed.

    Attributes
    ----------
    smallest : dict of str to int
        By topic, bytes of the smallest message that was refused.
    """

    def __init__(self, smallest: Mapping[str, int]) -> None:
        self.smallest = dict(smallest)
        super().__init__(f"messages are refused as too large: {self.smallest}")


@dataclass(frozen=True)
class Marker:
    """What a transaction says of itself.

    Attributes
    ----------
    ranges : str
        Hash of what the batch was planned to read.
    sent : dict
        Messages by topic.
    """

    stream: str
    batch: int
    ranges: str
    sent: dict[str, int] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As its topic holds it."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Marker":
        """The marker that `to_bytes` wrote."""
        return cls(**json.loads(content))


def hash_of_ranges(ranges: Sequence[Range]) -> str:
    """A short name for what a batch reads."""
    content = json.dumps([each.to_json() for each in ranges], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class BatchProducer:
    """One opened producer: after any failure it is thrown away, and a new one looks at the marker.

    Parameters
    ----------
    client : mapping
        Settings of a client.
    name : str
        The transactional id.
    marker_topic : str
        One partition, made before.
    alone : bool
        Whether each message goes to the brokers by itself.

    Attributes
    ----------
    marker : Marker or None
        Of the last batch that was committed under this name.

    Raises
    ------
    KafkaException
        If the brokers do not answer, or refuse.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        name: str,
        marker_topic: str,
        timeout_s: float,
        max_message_bytes: int,
        alone: bool = False,
    ) -> None:
        self._marker_topic = marker_topic
        self._timeout_s = timeout_s
        own = {
            "transactional.id": name,
            "transaction.timeout.ms": int(timeout_s * 1000),
            "message.max.bytes": max_message_bytes + 100_000,
            "compression.type": "zstd",
            # The partition that Java clients choose for the same key.
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            **({"batch.num.messages": 1} if alone else {}),
        }
        self._producer = Producer({**client, **own}, logger=SILENT)
        try:
            # Ends a transaction that a predecessor left open: only then is the marker's topic readable to its end.
            self._producer.init_transactions(MARKER_TIMEOUT_S)
            self.marker = _last_marker(client, marker_topic)
        except KafkaException:
            self.close()
            raise

    def send(self, marker: Marker, messages: Sequence[Outgoing]) -> dict[str, int]:
        """All messages in one transaction; how many each topic acknowledged.

        Raises
        ------
        KafkaException
            If it is not known that all is committed; this producer must then be closed.
        BrokerTakesLess
            If brokers refused messages as too large; nothing is committed.
        """
        delivered: Counter[str] = Counter()
        refused: dict[str, int] = {}

        def note(error: KafkaError | None, message: Message) -> None:
            if error is None:
                delivered[str(message.topic())] += 1
            elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                topic, size = str(message.topic()), len(message.value() or b"")
                refused[topic] = min(size, refused.get(topic, size))

        self._producer.begin_transaction()
        try:
            self._produce_all(note, marker, messages)
            if not refused:
                self._commit(marker.batch)
        except (KafkaException, SystemError) as problem:
            if not _hides_why(problem):
                raise
            self._abort()
            if not refused:
                raise
            raise BrokerTakesLess(refused) from problem
        if refused:
            self._abort()
            raise BrokerTakesLess(refused)
        del delivered[self._marker_topic]
        if dict(delivered) != marker.sent:
            raise KafkaException(KafkaError(KafkaError._FAIL, f"{marker.sent} sent, {dict(delivered)} acknowledged"))
        self.marker = marker
        return dict(delivered)

    def close(self) -> None:
        """Forget everything that was not committed."""
        self._producer.purge()
        # What ended a client may be told once more here; whoever closes it knows.
        with suppress(KafkaException, SystemError):
            self._producer.poll(0)

    def _produce_all(self, note: Any, marker: Marker, messages: Sequence[Outgoing]) -> None:
        self._produce(note, Outgoing(self._marker_topic, _KEY, marker.to_bytes()), partition=0)
        for at, message in enumerate(messages):
            if 2 * at >= len(messages):
                faults.point("in_send", marker.batch)
            self._produce(note, message)
        self._flush()

    def _produce(self, note: Any, message: Outgoing, **more: Any) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                self._producer.produce(message.topic, key=message.key, value=message.value, on_delivery=note, **more)
                self._producer.poll(0)
                return
            except BufferError:
                # The queue is full: wait until the brokers have taken some.
                self._producer.poll(0.1)
                if time.monotonic() > deadline:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "queue stays full")) from None

    def _flush(self) -> None:
        if left := self._producer.flush(self._timeout_s):
            raise KafkaException(
                KafkaError(KafkaError._TIMED_OUT, f"{left} messages not taken in {self._timeout_s:g} s")
            )

    def _abort(self) -> None:
        """End the transaction; a client that has ended raises why, as often as it is asked."""
        try:
            self._producer.abort_transaction(MARKER_TIMEOUT_S)
        except SystemError:
            # It ended in this very call: see `_hides_why`.
            self._producer.abort_transaction(MARKER_TIMEOUT_S)

    def _commit(self, batch: int) -> None:
        faults.point("before_commit", batch)
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                self._producer.commit_transaction(MARKER_TIMEOUT_S)
                return
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise


def _hides_why(problem: KafkaException | SystemError) -> bool:
    """Whether the client must be asked for what happened.

    That it is fenced confluent_kafka raises while it still calls back for the messages that are thrown away. Any line of
    Python that is run then can clear or replace the exception (looking up an attribute of a class does): what comes out
    of poll or flush is a SystemError.
    """
    return isinstance(problem, SystemError) or problem.args[0].code() in _NOT_WHY


def _last_marker(client: Mapping[str, Any], topic: str) -> Marker | None:
    """The last marker in its topic, looked for from the end: markers and the brokers' own records stand in turn."""
    own = {
        "group.id": topic,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
    consumer = Consumer({**client, **own}, logger=SILENT)
    try:
        low, high = _ends(consumer, topic)
        window, found = _FIRST_WINDOW, None
        while found is None and high > low:
            first = max(low, high - window)
            found = _read_last(consumer, topic, first)
            if first == low:
                break
            window *= 16
        return found
    finally:
        consumer.close()


def _ends(consumer: Consumer, topic: str) -> tuple[int, int]:
    """First offset and the one behind the last; a topic that was just made may have no leader for a moment."""
    deadline = time.monotonic() + MARKER_TIMEOUT_S
    while True:
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=MARKER_TIMEOUT_S, cached=False)
            return low, high
        except KafkaException as error:
            if error.args[0].code() not in _LEADERLESS or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _read_last(consumer: Consumer, topic: str, first: int) -> Marker | None:
    found = None
    consumer.assign([TopicPartition(topic, 0, first)])
    deadline = time.monotonic() + MARKER_TIMEOUT_S
    while time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            found = Marker.from_bytes(message.value() or b"")
        elif error.code() == KafkaError._PARTITION_EOF:
            return found
        else:
            raise KafkaException(error)
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{topic} could not be read to its end"))
