"""Listening to topics of matches, from Python: decoded without knowing the schema, taken up where it stopped.

from jobs import listen
for match in listen("strix.ztf.bright", bootstrap="localhost:9092"):
    print(match["object_id"], match["annotations"])
"""

import getpass
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from jobs.corridor.decode.registry import Registry
from jobs.kafka.connection import SILENT, Connection
from jobs.kafka.message_schemas import MessageReader, Undecodable
from jobs.kafka.record_time import record_time
from jobs.services.jars import cache

STARTS = "resume, earliest, latest, a time (2026-01-31T12:00) or a span back from now (90min, 12h, 7d)"
PATIENCE_S = 15.0
_POLL_S = 0.25
_COMMIT_S = 1.0
# New topics of a pattern and new partitions are looked for this often.
_LOOK_S = 10.0
_SPANS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LOG = logging.getLogger("strix.listen")


@dataclass(frozen=True)
class Heard:
    """A message: where it stood, when it was sent, and its record.

    Attributes
    ----------
    sent_at : datetime or None
        When the sink or the broker took it, UTC; not part of the message's bytes.
    record : dict
        The match; `heard["object_id"]` is `heard.record["object_id"]`.
    schema_id : int or None
        None for JSON.
    """

    topic: str
    partition: int
    offset: int
    sent_at: datetime | None
    record: dict[str, Any]
    schema_id: int | None = None

    def __getitem__(self, name: str) -> Any:
        return self.record[name]


def listen(
    topics: str | Sequence[str],
    bootstrap: str = "localhost:9092",
    start: str = "resume",
    to_end: bool = False,
    kafka: Mapping[str, str] | None = None,
    group: str | None = None,
    registry: Mapping[str, str] | None = None,
) -> Iterator[Heard]:
    """The matches of topics as they come; a match counts as heard when the next one is asked for.

    Parameters
    ----------
    topics : str or sequence of str
        Names, or patterns that begin with `^`.
    bootstrap : str
        A broker, host:port.
    start : str
        resume (where this group stopped; the earliest if it never listened), earliest, latest, a time (ISO, UTC) or a
        span back from now: 90min, 12h, 7d.
    to_end : bool
        Stop where the topics end now, instead of waiting for more.
    kafka : mapping, optional
        Further settings of the connection, as a job's `kafka` has them; secrets are named, not given.
    group : str, optional
        Who listens; default `strix-listen-<user>`. Brokers keep the place of a group.

    registry : mapping, optional
        A schema registry, as a job's `registry` has it: for messages whose schema is not in the topic of schemas.

    Raises
    ------
    ValueError
        For a start or a connection that cannot be, or a topic that is not there.
    """
    connection = Connection.of({"bootstrap": bootstrap, **(kafka or {})})
    names = [topics] if isinstance(topics, str) else list(topics)
    listener = Listener(connection, names, start, group, Registry.of(registry or {}, cache() / "schemas"))
    return _all_of(listener.__enter__(), to_end)


def _all_of(listener: "Listener", to_end: bool) -> Iterator[Heard]:
    try:
        yield from listener.messages(to_end)
    finally:
        listener.__exit__()


Places = Callable[[list[TopicPartition]], list[TopicPartition]]


class Listener:
    """A consumer of topics; a context manager.

    Parameters
    ----------
    start : str or callable
        As `listen` takes it, or what gives the place in each partition.

    Attributes
    ----------
    undecodable : int
        Messages that were passed over.
    """

    def __init__(
        self,
        connection: Connection,
        topics: Sequence[str],
        start: str | Places,
        group: str | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self.group = group or f"strix-listen-{getpass.getuser()}"
        own = {
            "group.id": self.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
        self._consumer = Consumer({**connection.client(), **own}, logger=SILENT)
        self._reader = MessageReader(connection, registry)
        self._places = start if callable(start) else place_finder(start, self._consumer)
        self._assigned: dict[tuple[str, int], TopicPartition] = {}
        self._heard: dict[tuple[str, int], int] = {}
        self._ended: set[tuple[str, int]] = set()
        self._looked = self._committed = time.monotonic()
        self.undecodable = 0

    def __enter__(self) -> "Listener":
        self._look(self._places)
        if not self._assigned:
            there = ", ".join(self._names()) or "none"
            self._consumer.close()
            raise ValueError(f"no topic {', '.join(self.topics)}; there are {there}")
        return self

    def __exit__(self, *_: object) -> None:
        self.keep_place()
        self._consumer.close()

    def messages(self, to_end: bool = False) -> Iterator[Heard]:
        """Messages as they come; where there is none now, it waits."""
        return (heard for heard in self.messages_or_none(to_end) if heard is not None)

    def messages_or_none(self, to_end: bool = False) -> Iterator[Heard | None]:
        """Messages as they come, None where there was none for a moment."""
        while True:
            message = self._consumer.poll(_POLL_S)
            if message is None:
                yield None
            elif (error := message.error()) is not None:
                self._note(error, message)
                yield None
            else:
                self._ended.discard(_place(message)[:2])
                yield self._decoded(message)
                self._hear(message)
            self._tend()
            if to_end and self._ended >= set(self._assigned):
                return

    def heard(self, heard: Heard | None) -> None:
        """A message counts as heard though the next one is not asked for."""
        if heard is not None:
            self._heard[(heard.topic, heard.partition)] = heard.offset + 1

    def _hear(self, message: Message) -> None:
        topic, partition, offset = _place(message)
        self._heard[(topic, partition)] = offset + 1

    def schema_text(self, topic: str, schema_id: int) -> str:
        """The schema of an id that a topic's messages name."""
        return self._reader.schema_text(topic, schema_id)

    def keep_place(self) -> None:
        """Tell the broker how far this group has heard."""
        if self._heard:
            places = [TopicPartition(topic, number, offset) for (topic, number), offset in self._heard.items()]
            self._consumer.commit(offsets=places, asynchronous=False)
            self._heard.clear()
        self._committed = time.monotonic()

    def _decoded(self, message: Message) -> Heard | None:
        topic, partition, offset = _place(message)
        try:
            schema_id, record = self._reader.read(topic, message.value() or b"")
        except Undecodable as problem:
            self.undecodable += 1
            _LOG.warning("%s partition %s offset %s is passed over: %s", topic, partition, offset, problem)
            return None
        sent_at = record_time(*message.timestamp())
        return Heard(topic, partition, offset, sent_at, record, schema_id)

    def _note(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self._ended.add(_place(message)[:2])
        elif not error.retriable() and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise KafkaException(error)

    def _tend(self) -> None:
        now = time.monotonic()
        if now - self._committed > _COMMIT_S:
            self.keep_place()
        if now - self._looked > _LOOK_S:
            # What appears later is heard from its beginning.
            self._look(lambda parts: [TopicPartition(each.topic, each.partition, OFFSET_BEGINNING) for each in parts])

    def _names(self) -> list[str]:
        return sorted(name for name in self._consumer.list_topics(timeout=PATIENCE_S).topics if name[:2] != "__")

    def _look(self, places: Places) -> None:
        self._looked = time.monotonic()
        known = self._consumer.list_topics(timeout=PATIENCE_S).topics
        wanted = [name for name in sorted(known) if any(matches(each, name) for each in self.topics)]
        found = [TopicPartition(name, number) for name in wanted for number in known[name].partitions]
        new = [each for each in found if (each.topic, each.partition) not in self._assigned]
        if new:
            at = places(new)
            self._consumer.incremental_assign(at)
            self._assigned |= {(each.topic, each.partition): each for each in at}


def _place(message: Message) -> tuple[str, int, int]:
    return str(message.topic()), message.partition() or 0, message.offset() or 0


def matches(wanted: str, name: str) -> bool:
    """Whether a topic is the one that is wanted; our own topics of schemas and markers match no pattern."""
    if not wanted.startswith("^"):
        return wanted == name
    return re.search(wanted, name) is not None and name.split(".")[1:2] not in (["schemas"], ["marker"])


def place_finder(start: str, consumer: Consumer) -> Places:
    """What gives the place in each partition that a start stands for.

    Raises
    ------
    ValueError
        For a start that cannot be; names what can.
    """
    fixed = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}
    if start in fixed:
        return lambda parts: [TopicPartition(each.topic, each.partition, fixed[start]) for each in parts]
    if start == "resume":
        return lambda parts: [_resumed(each) for each in consumer.committed(parts, timeout=PATIENCE_S)]
    moment = int(parse_time(start).timestamp() * 1000)
    return lambda parts: consumer.offsets_for_times(
        [TopicPartition(each.topic, each.partition, moment) for each in parts], timeout=PATIENCE_S
    )


def _resumed(place: TopicPartition) -> TopicPartition:
    at = place.offset if place.offset >= 0 else OFFSET_BEGINNING
    return TopicPartition(place.topic, place.partition, at)


def parse_time(text: str, now: datetime | None = None) -> datetime:
    """A moment: ISO (UTC where it says nothing), or a span back from now."""
    for unit, span in _SPANS.items():
        number = text.removesuffix(unit)
        if number != text and number.replace(".", "", 1).isdigit():
            return (now or datetime.now(UTC)) - float(number) * span
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--from is {text!r}, it can be {STARTS}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
