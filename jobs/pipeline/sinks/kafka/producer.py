"""A batch in one Kafka transaction, with a marker inside it that says which batch it was.

Readers with `isolation.level=read_committed` see all of a transaction or nothing. After a crash the marker says whether
the batch was committed; a producer that opens under the same transactional id first ends what its predecessor left.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from jobs.common import faults
from jobs.kafka.connection import SILENT
from jobs.pipeline.sinks.kafka.marker import MARKER_TIMEOUT_S, Marker, last_marker
from jobs.pipeline.sinks.kafka.transaction import abort, commit, hides_why

# An orphan transaction holds up its topics' readers for this long, unless its owner comes back sooner.
LEAST_TIMEOUT_S = 15.0
# The brokers' own default limit.
GREATEST_TIMEOUT_S = 900.0
_KEY = b"batch"
# Between two looks at whether a message was refused, while others are waited for.
_LOOK_S = 0.2


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


class BatchProducer:
    """One opened producer: after any failure it is discarded, and a new one reads the marker.

    Parameters
    ----------
    client : mapping
        Settings of a client.
    name : str
        The transactional id.
    marker_topic : str
        One partition, made before.
    timeout_s : float
        What brokers allow a transaction [s].
    max_message_bytes : int
        The largest message that is sent [bytes].
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
            self.marker = last_marker(client, marker_topic)
        except KafkaException:
            self.close()
            raise

    def send(self, marker: Marker, messages: Sequence[Outgoing]) -> dict[str, int]:
        """All messages in one transaction.

        Parameters
        ----------
        marker : Marker
            Sent first, within the transaction; its counts are those of the messages.
        messages : sequence of Outgoing
            Of one batch.

        Returns
        -------
        dict of str to int
            Messages that each topic acknowledged.

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
            self._produce_all(note, marker, messages, refused)
            if not refused:
                faults.point("before_commit", marker.batch)
                commit(self._producer, self._timeout_s)
        except (KafkaException, SystemError) as problem:
            if not hides_why(problem):
                raise
            abort(self._producer)
            if not refused:
                raise
            raise BrokerTakesLess(refused) from problem
        if refused:
            abort(self._producer)
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

    def _produce_all(self, note: Any, marker: Marker, messages: Sequence[Outgoing], refused: Mapping[str, int]) -> None:
        self._produce(note, Outgoing(self._marker_topic, _KEY, marker.to_bytes()), partition=0)
        for at, message in enumerate(messages):
            if 2 * at >= len(messages):
                faults.point("in_send", marker.batch)
            self._produce(note, message)
        self._flush(refused)

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

    def _flush(self, refused: Mapping[str, int]) -> None:
        """Wait until all is taken or one message is refused: then nothing is committed, and those behind it may hang."""
        deadline = time.monotonic() + self._timeout_s
        while left := self._producer.flush(_LOOK_S):
            if refused:
                return
            if time.monotonic() > deadline:
                raise KafkaException(
                    KafkaError(KafkaError._TIMED_OUT, f"{left} messages not taken in {self._timeout_s:g} s")
                )
