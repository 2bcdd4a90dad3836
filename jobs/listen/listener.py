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

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from jobs.kafka.cluster import is_wanted
from jobs.kafka.connection import SILENT, Connection
from jobs.kafka.record_time import record_time
from jobs.listen.message_schemas import MessageReader, Record, Undecodable
from jobs.listen.messages import ReceivedMessage, why_foreign
from jobs.listen.starts import METADATA_TIMEOUT_S, Places, beginnings, place_finder
from jobs.pipeline.decode.registry import Registry
from jobs.services.jars import cache

_POLL_S = 0.25
_COMMIT_S = 1.0
# New topics of a pattern and new partitions are looked for this often.
_LOOK_S = 10.0
# And this often as long as one is missing that was named.
_WAIT_S = 1.0
_LOG = logging.getLogger("strix.listen")


def listen(
    topics: str | Sequence[str],
    bootstrap: str = "localhost:9092",
    start: str = "resume",
    to_end: bool = False,
    kafka: Mapping[str, str] | None = None,
    group: str | None = None,
    registry: Mapping[str, str] | None = None,
    foreign: bool = False,
) -> Iterator[ReceivedMessage]:
    """The matches of topics as they come; a match counts as received when the next one is asked for.

    Topics that are not there yet are waited for, unless `to_end`.

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
    foreign : bool
        Give messages that are no match, too, with the reason in `foreign`; otherwise they are passed over, and said in
        the log `strix.listen`.

    Raises
    ------
    ValueError
        For a start, a pattern or a connection that cannot be; with `to_end` if none of the topics is there.
    """
    connection = Connection.of({"bootstrap": bootstrap, **(kafka or {})})
    names = [topics] if isinstance(topics, str) else list(topics)
    asked = Registry.of(registry or {}, cache() / "schemas")
    listener = Listener(connection, names, start, group, asked, wait=not to_end).__enter__()
    if listener.missing:
        _LOG.warning("%s", listener.told_missing())
    return _all_of(listener, to_end, foreign)


def _all_of(listener: "Listener", to_end: bool, foreign: bool) -> Iterator[ReceivedMessage]:
    try:
        for received in listener.messages(to_end):
            if foreign or not received.foreign:
                yield received
            else:
                _LOG.warning(
                    "%s partition %s offset %s is passed over: %s",
                    received.topic,
                    received.partition,
                    received.offset,
                    received.foreign,
                )
    finally:
        listener.__exit__()


Behind = Callable[[str, int], int | None]


class Listener:
    """A consumer of topics; a context manager.

    Parameters
    ----------
    connection : Connection
    topics : sequence of str
        Names, or patterns that begin with `^`.
    start : str
        As `listen` takes it.
    group : str, optional
        Consumer group; `strix-listen-<user>` if not given.
    registry : Registry, optional
        Asked for schemas that are not in the topic of schemas.
    behind : callable, optional
        Gives, for a topic and a partition, the offset behind what is known already; None where nothing is. It comes
        before the start.
    wait : bool
        Wait for topics that are not there; otherwise at least one must be.

    Attributes
    ----------
    missing : tuple of str
        Names and patterns that are no topic yet.
    known : int
        Partitions that are received from behind what is known.
    """

    def __init__(
        self,
        connection: Connection,
        topics: Sequence[str],
        start: str,
        group: str | None = None,
        registry: Registry | None = None,
        behind: Behind | None = None,
        wait: bool = True,
    ) -> None:
        self.topics = tuple(topics)
        _check_patterns(self.topics)
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
        self._places = place_finder(start, self._consumer)
        self._behind = behind or (lambda *_: None)
        self._wait = wait
        self._assigned: dict[tuple[str, int], TopicPartition] = {}
        self._consumed: dict[tuple[str, int], int] = {}
        self._ended: set[tuple[str, int]] = set()
        self._looked = self._committed = time.monotonic()
        self._there: list[str] = []
        self.missing: tuple[str, ...] = ()
        self.known = 0

    def __enter__(self) -> "Listener":
        try:
            self._look(self._places)
            if not self._assigned and not self._wait:
                raise ValueError(self.told_missing())
        except (ValueError, RuntimeError, KafkaException):
            self._consumer.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.keep_place()
        self._consumer.close()

    def told_missing(self) -> str:
        """Which topics are missing, and which are there."""
        waits = ", waiting for it" if self._wait else ""
        there = f"topics here: {', '.join(self._there)}" if self._there else "there is no topic here"
        return f"topic {', '.join(self.missing)} does not exist{waits} ({there})"

    def messages(self, to_end: bool = False) -> Iterator[ReceivedMessage]:
        """Messages as they come; where there is none now, it waits.

        Parameters
        ----------
        to_end : bool
            Stop where the partitions end, instead of waiting for more.

        Raises
        ------
        KafkaException
            For an error of the brokers that trying again does not mend.
        """
        return (received for received in self.messages_or_none(to_end) if received is not None)

    def messages_or_none(self, to_end: bool = False) -> Iterator[ReceivedMessage | None]:
        """Messages as they come, None where there was none for a moment.

        Parameters
        ----------
        to_end : bool
            Stop where the partitions end, instead of waiting for more.

        Yields
        ------
        ReceivedMessage or None
            A message counts as received when the next one is asked for.

        Raises
        ------
        KafkaException
            For an error of the brokers that trying again does not mend.
        """
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
                self._receive(message)
            self._tend()
            if to_end and self._ended >= set(self._assigned):
                return

    def consumed(self, received: ReceivedMessage | None) -> None:
        """Count a message as received though the next one is not asked for.

        Parameters
        ----------
        received : ReceivedMessage or None
            The last one that was given; nothing happens for None.
        """
        if received is not None:
            self._consumed[(received.topic, received.partition)] = received.offset + 1

    def _receive(self, message: Message) -> None:
        topic, partition, offset = _place(message)
        self._consumed[(topic, partition)] = offset + 1

    def schema_text(self, topic: str, schema_id: int) -> str:
        """The schema of an id that a topic's messages name, as it was published.

        Parameters
        ----------
        topic : str
            Its name.
        schema_id : int
            Of a message that was received; KeyError for any other.
        """
        return self._reader.schema_text(topic, schema_id)

    def keep_place(self) -> None:
        """Tell the broker how far this group has received."""
        if self._consumed:
            places = [TopicPartition(topic, number, offset) for (topic, number), offset in self._consumed.items()]
            self._consumer.commit(offsets=places, asynchronous=False)
            self._consumed.clear()
        self._committed = time.monotonic()

    def _decoded(self, message: Message) -> ReceivedMessage:
        topic, partition, offset = _place(message)
        schema_id, record, foreign = self._read(topic, message.value())
        sent_at = record_time(*message.timestamp())
        return ReceivedMessage(
            topic, partition, offset, sent_at, record, schema_id, foreign, message.key(), message.value()
        )

    def _read(self, topic: str, value: bytes | None) -> tuple[int | None, Record, str]:
        """The schema's id and the record of a match, or why it is none."""
        if value is None:
            return None, {}, "no value (a tombstone)"
        try:
            schema_id, record = self._reader.read(topic, value)
        except Undecodable as problem:
            return None, {}, str(problem)
        except KafkaException:
            raise
        except Exception as problem:  # noqa: BLE001  # the last resort: no message may end a listener
            return None, {}, f"unreadable: {type(problem).__name__}: {problem}"
        return schema_id, record, why_foreign(record)

    def _note(self, error: KafkaError, message: Message) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            self._ended.add(_place(message)[:2])
        elif not error.retriable() and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise KafkaException(error)

    def _tend(self) -> None:
        now = time.monotonic()
        if now - self._committed > _COMMIT_S:
            self.keep_place()
        if now - self._looked > (_WAIT_S if self.missing and self._wait else _LOOK_S):
            # What appears later is received from its beginning.
            self._look(beginnings)

    def _look(self, places: Places) -> None:
        self._looked = time.monotonic()
        known = self._consumer.list_topics(timeout=METADATA_TIMEOUT_S).topics
        self._there = [name for name in sorted(known) if name[:2] != "__"]
        wanted = [name for name in sorted(known) if any(matches(each, name) for each in self.topics)]
        self.missing = tuple(each for each in self.topics if not any(matches(each, name) for name in wanted))
        found = [TopicPartition(name, number) for name in wanted for number in known[name].partitions]
        new = [each for each in found if (each.topic, each.partition) not in self._assigned]
        if new:
            at = self._placed(new, places)
            self._consumer.incremental_assign(at)
            self._assigned |= {(each.topic, each.partition): each for each in at}

    def _placed(self, new: list[TopicPartition], places: Places) -> list[TopicPartition]:
        behind = {(each.topic, each.partition): self._behind(each.topic, each.partition) for each in new}
        known = [TopicPartition(*place, offset) for place, offset in behind.items() if offset is not None]
        others = [each for each in new if behind[(each.topic, each.partition)] is None]
        self.known += len(known)
        return known + (places(others) if others else [])


def _place(message: Message) -> tuple[str, int, int]:
    return str(message.topic()), message.partition() or 0, message.offset() or 0


def matches(wanted: str, name: str) -> bool:
    """Whether a topic is the one that is wanted; our own topics of schemas and markers match no pattern.

    Parameters
    ----------
    wanted : str
        A name, or a pattern that begins with `^`.
    name : str
        The topic's.
    """
    ours = wanted.startswith("^") and name.split(".")[1:2] in (["schemas"], ["marker"])
    return is_wanted(wanted, name) and not ours


def _check_patterns(topics: Sequence[str]) -> None:
    for each in topics:
        try:
            re.compile(each if each.startswith("^") else "")
        except re.error as error:
            raise ValueError(f"topic {each} begins with ^ and is no pattern: {error}") from None
