"""Matches to Kafka, once each: a batch is one transaction over all topics.

On the driver: a transaction belongs to one producer, and a batch is in all of its topics or in none only while it is
one transaction. What is sent is what filters matched, a small part of a batch.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from jobs.common import faults
from jobs.kafka.connection import Connection
from jobs.ledger.records import LedgerError, Record
from jobs.ledger.sent_file import Sent, read_sent, sent_path
from jobs.ledger.too_large import TooLarge, by_filter, note_too_large, read_too_large, too_large_path
from jobs.packets.problems import AccessDenied, ServiceUnavailable
from jobs.pipeline.sinks.kafka.failures import FENCED, LASTING, SentElsewhere
from jobs.pipeline.sinks.kafka.marker import Marker, hash_of_ranges
from jobs.pipeline.sinks.kafka.message_encoding import encoder
from jobs.pipeline.sinks.kafka.outgoing import Making
from jobs.pipeline.sinks.kafka.producer import (
    GREATEST_TIMEOUT_S,
    LEAST_TIMEOUT_S,
    BatchProducer,
    BrokerTakesLess,
    Outgoing,
)
from jobs.pipeline.sinks.kafka.sent_alerts import Alerts
from jobs.pipeline.sinks.kafka.topics import RegistryUnavailable, TopicSettings, make_topics, publish_schema
from jobs.storage.layout import Layout

# One late commit is fenced, too; who is fenced this often without a success between is fenced by another job.
_FENCED_TOO_OFTEN = 4
_TRIES = 8  # at finding out what topics take


@dataclass
class KafkaSink:
    """Sends what the filters of a batch matched.

    Parameters
    ----------
    topics : sequence of str
        Topics of filters that are made at the start, so that listeners find them.
    format : str
        `avro` or `json`.
    timeout_s : float
        What the broker allows a transaction [s]; doubled each time that a batch is fenced.

    Attributes
    ----------
    schema_id : int or None
        Of the messages; known once the topics are made.
    """

    layout: Layout
    stream: str
    connection: Connection
    settings: TopicSettings
    topics: Sequence[str] = ()
    format: str = "avro"
    name: str = "kafka"
    timeout_s: float = LEAST_TIMEOUT_S
    schema_id: int | None = None
    durable: bool = False
    _producer: BatchProducer | None = None
    _fenced: int = 0
    _background: KafkaError | None = None
    _made: set[str] = field(default_factory=set)
    _limits: dict[str, int] = field(default_factory=dict)
    _alone: bool = False

    def write(self, batch: Record) -> dict[str, Any]:
        """Send the batch; the messages that each topic acknowledged.

        Parameters
        ----------
        batch : Record
            Its filters have run: what they send is beside the ledger.

        Returns
        -------
        dict
            `topics`, messages by topic; `messages`, their sum; `too_large` by filter, if there are any.

        Raises
        ------
        ServiceUnavailable
            If the brokers or the registry do not answer; nothing of the batch can be read then.
        SentElsewhere, AccessDenied
            If waiting will not help.
        LedgerError
            If the file of what is sent is gone.
        """
        path = sent_path(self.layout, batch.stream, batch.batch)
        sent = read_sent(self.layout, batch.stream, batch.batch)
        if sent is None:
            raise LedgerError(f"batch {batch.batch} has no {path.name}")
        if not sent.matches.num_rows:
            return _counts({}, [])
        with _Answering(self):
            counts = self._send(batch, sent)
            self._fenced = 0
        faults.point("after_commit", batch.batch)
        return counts

    def _send(self, batch: Record, sent: Sent) -> dict[str, Any]:
        """Send what the topics take; what they do not is noted first."""
        for _ in range(_TRIES):
            producer = self._open(self._topics_of(sent))
            messages, too_large = self._messages(batch, sent)
            note_too_large(too_large_path(self.layout, batch.stream, batch.batch), too_large, self.durable)
            counts = dict(Counter(message.topic for message in messages))
            marker = Marker(batch.stream, batch.batch, hash_of_ranges(batch.plan.ranges), counts)
            try:
                return _counts(producer.send(marker, messages), too_large)
            except BrokerTakesLess as problem:
                self._take_less(problem)
        raise AccessDenied(f"Kafka at {self.connection.bootstrap} refuses messages as too large, {_TRIES} times")

    def _take_less(self, problem: BrokerTakesLess) -> None:
        """Find out what the topics take: they were not made by this job, or are changed."""
        if self._alone:
            for topic, size in problem.smallest.items():
                self._limits[topic] = size - 1
        # Brokers refuse a whole batch of messages: sent one by one, those that are too large are refused alone.
        self._alone = True
        if self._producer is not None:
            self._producer.close()
        self._producer = None

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """What the marker of this batch says was sent, or None if it was not.

        Parameters
        ----------
        batch : Record
            Its filters have run.

        Returns
        -------
        dict or None
            As `write` gives it.

        Raises
        ------
        SentElsewhere
            If the topics hold a later batch, or this one with other packets.
        ServiceUnavailable, AccessDenied
            As for `write`.
        """
        sent = read_sent(self.layout, batch.stream, batch.batch)
        if sent is None or not sent.matches.num_rows:
            return None
        with _Answering(self):
            marker = self._open(self._topics_of(sent)).marker
        return None if marker is None else self._fits(marker, batch)

    def _fits(self, marker: Marker, batch: Record) -> dict[str, Any] | None:
        topic = self.settings.marker(self.stream)
        if marker.batch > batch.batch:
            raise SentElsewhere(
                f"{topic} says that batch {marker.batch} was sent, the ledger is at {batch.batch};"
                " the topics belong to a later state of this output"
            )
        if marker.batch < batch.batch:
            return None
        ranges = hash_of_ranges(batch.plan.ranges)
        if marker.ranges != ranges:
            raise SentElsewhere(
                f"batch {batch.batch} was sent from packets {marker.ranges} ({topic}), the ledger's are {ranges};"
                " another output uses the same stream"
            )
        return _counts(marker.sent, list(read_too_large(self.layout, batch)))

    def _topics_of(self, sent: Sent) -> set[str]:
        pairs = sent.matches.group_by(["survey", "filter"]).aggregate([]).to_pylist()
        return {self.settings.topic(pair["survey"], pair["filter"]) for pair in pairs}

    def _open(self, topics: set[str]) -> BatchProducer:
        """The producer, with the topics that it needs."""
        wanted = topics | set(self.topics)
        if self.schema_id is None or not wanted <= self._made:
            client = self._client()
            make_topics(client, self.settings, sorted(wanted - self._made), self.stream)
            self.schema_id = publish_schema(client, self.settings, sorted(wanted))
            self._made |= wanted
        if self._producer is None:
            self._producer = BatchProducer(
                self._client(),
                f"{self.settings.prefix}-{self.stream}",
                self.settings.marker(self.stream),
                self.timeout_s,
                self.settings.max_message_bytes,
                self._alone,
            )
        return self._producer

    def _client(self) -> dict[str, Any]:
        """Settings of a client whose errors in the background are kept, the lasting ones before others."""
        self._background = None

        def note(error: KafkaError) -> None:
            # That all brokers are down is reported as well where one of them refused this client.
            if self._background is None or self._background.code() not in LASTING:
                self._background = error

        return {**self.connection.client(), "error_cb": note}

    def forget(self, error: KafkaException) -> None:
        """Discard the producer after a failure, and raise what the failure means.

        Parameters
        ----------
        error : KafkaException
            What a client raised.

        Raises
        ------
        ServiceUnavailable
            If a later attempt may help.
        AccessDenied
            If authentication failed, access is denied, or the settings are refused.
        SentElsewhere
            If this job was fenced too often.
        """
        if self._producer is not None:
            self._producer.close()
        self._producer = None
        self._made.clear()
        code = error.args[0].code()
        message = f"Kafka at {self.connection.bootstrap}: {error.args[0].str()}"
        # That authentication failed a client learns in the background; its request only times out.
        if self._background and self._background.code() in LASTING:
            raise AccessDenied(f"{message}: {self._background.str()}") from error
        if code in LASTING:
            raise AccessDenied(message) from error
        if code in FENCED:
            self._count_fenced()
        raise ServiceUnavailable(message) from error

    def _count_fenced(self) -> None:
        # Brokers end a transaction that takes too long, and fence its producer.
        self.timeout_s = min(2 * self.timeout_s, GREATEST_TIMEOUT_S)
        self._fenced += 1
        if self._fenced >= _FENCED_TOO_OFTEN:
            raise SentElsewhere(
                f"this job was fenced {self._fenced} times: another one sends as {self.settings.prefix}-{self.stream};"
                " two outputs with a copied checkpoint cannot both send"
            )

    def _messages(self, batch: Record, sent: Sent) -> tuple[list[Outgoing], list[TooLarge]]:
        """The messages of a batch, and its matches that are too large for one."""
        making = Making.of(batch, encoder(self.format, self.schema_id or 0), self.settings, self._limits)
        made = list(making.messages(Alerts.of(self.layout, batch, sent), sent))
        return [each for each in made if isinstance(each, Outgoing)], [
            each for each in made if isinstance(each, TooLarge)
        ]


@dataclass
class _Answering:
    """Turns what Kafka says when it fails into what the job should do."""

    sink: KafkaSink

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        if isinstance(problem, KafkaException):
            self.sink.forget(problem)
        if isinstance(problem, RegistryUnavailable):
            raise ServiceUnavailable(str(problem)) from problem


def _counts(topics: dict[str, int], too_large: Sequence[TooLarge]) -> dict[str, Any]:
    counts = {"topics": dict(sorted(topics.items())), "messages": sum(topics.values())}
    return {**counts, "too_large": by_filter(too_large)} if too_large else counts
