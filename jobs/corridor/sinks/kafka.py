"""Matches to Kafka, once each: a batch is one transaction over all topics."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from confluent_kafka import KafkaError, KafkaException

from jobs.corridor import faults
from jobs.corridor.layout import Layout
from jobs.corridor.ledger import LedgerError, Record
from jobs.corridor.public_points import public_points
from jobs.corridor.sinks.kafka_producer import (
    GREATEST_TIMEOUT_S,
    LEAST_TIMEOUT_S,
    BatchProducer,
    Marker,
    Outgoing,
    hash_of_ranges,
)
from jobs.corridor.sinks.kafka_topics import RegistryAway, TopicSettings, make_topics, publish_schema
from jobs.corridor.sinks.message import CUTOUT_NAMES
from jobs.corridor.sinks.message_encoding import Batch, Encoder, Match, encoder, without_light_curve
from jobs.corridor.sinks.sent_file import Sent, read_sent, sent_path
from jobs.corridor.sources.ranges import ServiceAway, ServiceRefused
from jobs.kafka.connection import Connection

CHUNK = 1024  # alerts encoded at a time: a call costs some 30 ms whatever their number; a thousand are some 10 MB
# A later try will not help.
_LASTING = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.INVALID_PARTITIONS,
        KafkaError.INVALID_CONFIG,
        KafkaError.POLICY_VIOLATION,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError._INVALID_ARG,
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
    }
)
_TAKEN = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH})
# One late commit is fenced, too; who is fenced this often without a success between is fenced by another job.
_FENCED_TOO_OFTEN = 4


class SentElsewhere(LedgerError):
    """The topics and the ledger do not fit together, or another job sends under the same name."""


@dataclass
class KafkaSink:
    """Sends what the filters of a batch matched.

    Parameters
    ----------
    topics : sequence of str
        Topics of filters that are made at the start, so that listeners find them.
    format : str
        avro or json.

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
    _producer: BatchProducer | None = None
    _fenced: int = 0
    _said: KafkaError | None = None
    _made: set[str] = field(default_factory=set)

    def write(self, layout: Layout, batch: Record) -> dict[str, Any]:
        """Send the batch; the messages that each topic acknowledged.

        Raises
        ------
        ServiceAway
            If the brokers or the registry do not answer; nothing of the batch can be read then.
        SentElsewhere, ServiceRefused
            If waiting will not help.
        """
        sent = read_sent(sent_path(layout, batch.stream, batch.batch))
        if sent is None:
            raise LedgerError(f"batch {batch.batch} has no {sent_path(layout, batch.stream, batch.batch).name}")
        if not sent.matches.num_rows:
            return _counts({})
        with _Answering(self):
            producer = self._open(self._topics_of(sent))
            messages = list(self._messages(batch, sent))
            marker = Marker(
                batch.stream, batch.batch, hash_of_ranges(batch.plan.ranges), dict(Counter(m.topic for m in messages))
            )
            acknowledged = producer.send(marker, messages)
            self._fenced = 0
        faults.point("after_commit", batch.batch)
        return _counts(acknowledged)

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """What the marker of this batch says was sent, or None if it was not.

        Raises
        ------
        SentElsewhere
            If the topics hold a later batch, or this one with other packets.
        """
        sent = read_sent(sent_path(self.layout, batch.stream, batch.batch))
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
        return _counts(marker.sent)

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
            )
        return self._producer

    def _client(self) -> dict[str, Any]:
        """Settings of a client that leaves word of what it is told in the background."""
        self._said = None

        def note(error: KafkaError) -> None:
            # That all brokers are down is said, too, where one of them refused us.
            if self._said is None or self._said.code() not in _LASTING:
                self._said = error

        return {**self.connection.client(), "error_cb": note}

    def forget(self, error: KafkaException) -> None:
        """Throw the producer away after a failure, and say what it means.

        Raises
        ------
        ServiceAway, ServiceRefused, SentElsewhere
        """
        if self._producer is not None:
            self._producer.close()
        self._producer = None
        self._made.clear()
        code = error.args[0].code()
        said = f"Kafka at {self.connection.bootstrap}: {error.args[0].str()}"
        # A client that is not let in is told so in the background; what it asked for only times out.
        if self._said and self._said.code() in _LASTING:
            raise ServiceRefused(f"{said}: {self._said.str()}") from error
        if code in _LASTING:
            raise ServiceRefused(said) from error
        if code in _TAKEN:
            self._count_fenced()
        raise ServiceAway(said) from error

    def _count_fenced(self) -> None:
        # Brokers end a transaction that takes too long, and fence its producer.
        self.timeout_s = min(2 * self.timeout_s, GREATEST_TIMEOUT_S)
        self._fenced += 1
        if self._fenced >= _FENCED_TOO_OFTEN:
            raise SentElsewhere(
                f"this job was fenced {self._fenced} times: another one sends as {self.settings.prefix}-{self.stream};"
                " two outputs with a copied checkpoint cannot both send"
            )

    def _messages(self, batch: Record, sent: Sent) -> Iterator[Outgoing]:
        """The messages of a batch in the order of the sent file; an alert is encoded once for all its filters."""
        modules = tuple(batch.hashes.get("modules", {}))
        common = Batch(batch.stream, batch.batch, batch.plan.planned_at, modules)
        making = _Making(encoder(self.format, self.schema_id or 0), common, self.settings.max_message_bytes)
        alerts = Alerts.of(self.layout, batch, sent)
        rows = sent.matches.to_pylist()
        for first, part in _chunks(rows):
            yield from self._chunk(making, alerts, sent, part, first)

    def _chunk(
        self, making: "_Making", alerts: "Alerts", sent: Sent, rows: list[dict[str, Any]], first: int
    ) -> Iterator[Outgoing]:
        table, at = alerts.rows(first, len(rows))
        asking = {bool(sent.filters[row["filter"]].get("with_private")) for row in rows}
        tables = {private: table if private else public_points(table) for private in asking}
        shared = {private: making.encoder.alerts(own, making.batch) for private, own in tables.items()}
        for row, place in zip(rows, at.tolist(), strict=True):
            about = sent.filters[row["filter"]]
            stamps = alerts.stamps(row["survey"], row["alert_id"]) if about["cutouts"] else None
            match = Match(
                row["filter"], about["version"], (row.get("annotations") or {}).get(row["filter"]) or {}, stamps
            )
            private = bool(about.get("with_private"))
            value = making.message(tables[private], shared[private], place, match)
            yield Outgoing(self.settings.topic(row["survey"], row["filter"]), row["object_id"].encode(), value)


@dataclass
class _Answering:
    """Turns what Kafka says when it fails into what the job should do."""

    sink: KafkaSink

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        if isinstance(problem, KafkaException):
            self.sink.forget(problem)
        if isinstance(problem, RegistryAway):
            raise ServiceAway(str(problem)) from problem


@dataclass(frozen=True)
class _Making:
    encoder: Encoder
    batch: Batch
    limit: int

    def message(self, table: pa.Table, shared: list[bytes], place: int, match: Match) -> bytes:
        """A message that its topic takes: what would make it too large is left out, and named."""
        value = self.encoder.message(shared[place], match)
        if len(value) > self.limit and match.cutouts:
            value = self.encoder.message(shared[place], match, ["cutouts"])
        if len(value) > self.limit:
            short = self.encoder.alerts(without_light_curve(table.slice(place, 1)), self.batch)[0]
            value = self.encoder.message(short, match, [*(["cutouts"] if match.cutouts else []), "light_curve"])
        return value


@dataclass(frozen=True)
class Alerts:
    """The alerts that a batch sends, from its sealed files.

    Attributes
    ----------
    table : pyarrow.Table
        Rows of the science table, each alert once, in the order in which they are first sent.
    which : numpy.ndarray of int64
        Per match, its alert's row.
    """

    table: pa.Table
    which: np.ndarray[Any, np.dtype[np.int64]]
    cutouts: dict[tuple[str, int], dict[str, bytes | None]]

    @classmethod
    def of(cls, layout: Layout, batch: Record, sent: Sent) -> "Alerts":
        """Read what is sent, a file at a time."""
        places = list(zip(sent.matches["file"].to_pylist(), sent.matches["row"].to_pylist(), strict=True))
        unique = list(dict.fromkeys(places))
        number = {place: at for at, place in enumerate(unique)}
        table = _gather(layout, unique)
        asking = [name for name, about in sent.filters.items() if about["cutouts"]]
        wanted = sent.matches.filter(pc.is_in(sent.matches["filter"], pa.array(asking, pa.string())))
        return cls(table, np.array([number[place] for place in places]), _stamps(layout, batch, wanted))

    def rows(self, first: int, count: int) -> tuple[pa.Table, np.ndarray[Any, np.dtype[np.int64]]]:
        """The alerts of some matches, and which of them each match is."""
        which = self.which[first : first + count]
        unique, at = np.unique(which, return_inverse=True)
        return self.table.take(pa.array(unique)), at

    def stamps(self, survey: str, alert_id: int) -> dict[str, bytes | None] | None:
        """The stamps of an alert, if they were kept."""
        return self.cutouts.get((survey, alert_id))


def _gather(layout: Layout, places: list[tuple[str, int]]) -> pa.Table:
    """Rows of several files, in the given order."""
    by_file: dict[str, list[int]] = {}
    for at, (file, _) in enumerate(places):
        by_file.setdefault(file, []).append(at)
    tables, order = [], []
    for file, wanted in by_file.items():
        table = pq.ParquetFile(layout.root / file).read()
        tables.append(table.take(pa.array([places[at][1] for at in wanted], pa.int64())))
        order += wanted
    back = np.argsort(np.array(order, np.int64))
    return pa.concat_tables(tables).take(pa.array(back)).combine_chunks()


def _stamps(layout: Layout, batch: Record, wanted: pa.Table) -> dict[tuple[str, int], dict[str, bytes | None]]:
    found: dict[tuple[str, int], dict[str, bytes | None]] = {}
    files = [file.name for file in batch.files if file.table == "cutouts"] if wanted.num_rows else []
    for file in files:
        ids = pc.field("alert_id").isin(pa.array(wanted["alert_id"].unique()))
        for row in pq.read_table(layout.root / file, filters=ids, partitioning=None).to_pylist():
            stamps = {name: row[f"cutout_{name}"] for name in CUTOUT_NAMES}
            found[(row["survey"], row["alert_id"])] = stamps
    return found


def _chunks(rows: list[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for first in range(0, len(rows), CHUNK):
        yield first, rows[first : first + CHUNK]


def _counts(topics: dict[str, int]) -> dict[str, Any]:
    return {"topics": dict(sorted(topics.items())), "messages": sum(topics.values())}
