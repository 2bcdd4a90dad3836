"""The marker inside a batch's transaction: which batch it was, for whoever comes next.

Markers stand in a compacted topic of one partition that nobody else writes.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from jobs.kafka.connection import SILENT
from jobs.packets.ranges import Range

MARKER_TIMEOUT_S = 10.0
_LEADERLESS = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
)
_FIRST_WINDOW = 16


@dataclass(frozen=True)
class Marker:
    """What a transaction tells of itself.

    Attributes
    ----------
    batch : int
        The last that was sent.
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
        """The marker that `to_bytes` wrote.

        Parameters
        ----------
        content : bytes
            Value of the topic's message.

        Raises
        ------
        ValueError, TypeError
            If it is no marker.
        """
        return cls(**json.loads(content))


def hash_of_ranges(ranges: Sequence[Range]) -> str:
    """A short name for what a batch reads.

    Parameters
    ----------
    ranges : sequence of Range
        Of the plan.

    Returns
    -------
    str
        16 hex digits.
    """
    content = json.dumps([each.to_json() for each in ranges], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def last_marker(client: Mapping[str, Any], topic: str) -> Marker | None:
    """The last marker in its topic, searched from the end: markers and the brokers' own records stand in turn.

    Parameters
    ----------
    client : mapping of str to any
        Settings of a client.
    topic : str
        The stream's, see `TopicSettings.marker`.

    Returns
    -------
    Marker or None
        None if nothing was sent yet.

    Raises
    ------
    KafkaException
        If the brokers do not answer, or refuse.
    """
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
