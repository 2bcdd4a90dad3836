"""The topics that a job writes: what they are called, how they are made, and where a listener finds the schema."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from jobs.kafka.connection import SILENT
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.sinks.kafka.message import SCHEMA_ID, schema_json

ADMIN_TIMEOUT_S = 10.0
_MS_PER_DAY = 86_400_000


class RegistryUnavailable(RuntimeError):
    """The schema registry does not answer, or refuses the schema."""


@dataclass(frozen=True)
class TopicSettings:
    """How topics are made; those that exist stay as they are.

    Attributes
    ----------
    prefix : str
        First word of every topic's name.
    partitions, replication : int
        More partitions later would break the order of an object's messages, so they are never added.
    retention_days : float
        How long a match can be read.
    max_message_bytes : int
        The largest message that a topic takes.
    registry : Registry or None
        A schema registry, where messages' schemas are registered.
    """

    prefix: str = "strix"
    partitions: int = 2
    replication: int = 1
    retention_days: float = 7.0
    max_message_bytes: int = 4_000_000
    registry: Registry | None = None

    def topic(self, survey: str, name: str) -> str:
        """The topic of a filter's matches among a survey's alerts.

        Parameters
        ----------
        survey : str
            Its name.
        name : str
            Of the filter.
        """
        return f"{self.prefix}.{survey}.{name}"

    def marker(self, stream: str) -> str:
        """The topic that says which batches of a stream were sent; nobody else writes it.

        Parameters
        ----------
        stream : str
            Its id.
        """
        return f"{self.prefix}.marker.{stream}"

    @property
    def schemas(self) -> str:
        """The topic that holds the schemas of messages by id."""
        return f"{self.prefix}.schemas"


def make_topics(client: Mapping[str, Any], settings: TopicSettings, filters: Iterable[str], stream: str) -> list[str]:
    """Make the topics that are not there yet.

    Parameters
    ----------
    client : mapping
        Settings of a client.
    settings : TopicSettings
        For those that are made.
    filters : iterable of str
        Topics of filters.
    stream : str
        Whose marker topic is made, too.

    Returns
    -------
    list of str
        Names of those that were made.

    Raises
    ------
    KafkaException
        If the brokers do not answer, or refuse.
    """
    admin = AdminClient(dict(client), logger=SILENT)
    try:
        there = set(admin.list_topics(timeout=ADMIN_TIMEOUT_S).topics)
    except KafkaException:
        # What a client is told in the background, a refused password above all, is handed over by polls.
        for _ in range(10):
            admin.poll(0.1)
        raise
    wanted = [*(_filter_topic(settings, name) for name in filters), _kept(settings, settings.schemas)]
    wanted.append(_kept(settings, settings.marker(stream)))
    missing = [topic for topic in wanted if topic.topic not in there]
    answers = admin.create_topics(missing, operation_timeout=ADMIN_TIMEOUT_S) if missing else {}
    for future in answers.values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return [topic.topic for topic in missing]


def _filter_topic(settings: TopicSettings, name: str) -> NewTopic:
    config = {
        "retention.ms": str(int(settings.retention_days * _MS_PER_DAY)),
        # The limit is one of a producer's batches of messages; a batch is 1 MB, or one message that is larger.
        "max.message.bytes": str(max(settings.max_message_bytes, 1_000_000) + 50_000),
    }
    return NewTopic(name, settings.partitions, settings.replication, config=config)


def _kept(settings: TopicSettings, name: str) -> NewTopic:
    """A topic of which the last message of each key is kept for ever; in one partition, so in one order."""
    config = {"cleanup.policy": "compact", "segment.ms": str(_MS_PER_DAY), "retention.ms": "-1"}
    return NewTopic(name, 1, settings.replication, config=config)


def publish_schema(client: Mapping[str, Any], settings: TopicSettings, topics: Iterable[str]) -> int:
    """Put the message schema where listeners look for it.

    Parameters
    ----------
    client : mapping
        Settings of a client.
    settings : TopicSettings
        Names the topic of schemas, and the registry if there is one.
    topics : iterable of str
        Topics of filters, under whose names a registry keeps it.

    Returns
    -------
    int
        The id that messages carry.

    Raises
    ------
    KafkaException, RegistryUnavailable
        If it could not be put there.
    """
    schema_id = SCHEMA_ID
    if settings.registry is not None:
        ids = [register(settings.registry, f"{topic}-value", schema_json()) for topic in topics]
        schema_id = ids[0] if ids else SCHEMA_ID
    failed: list[KafkaError] = []
    producer = Producer({**client, "acks": "all"}, logger=SILENT)
    producer.produce(
        settings.schemas,
        key=str(schema_id).encode(),
        value=schema_json().encode(),
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    if producer.flush(ADMIN_TIMEOUT_S) or failed:
        producer.purge()
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._TIMED_OUT, "topic of schemas"))
    return schema_id


def register(registry: Registry, subject: str, schema: str) -> int:
    """Register a schema; the registry gives the same id to the same schema.

    Parameters
    ----------
    registry : Registry
        Asked by a POST.
    subject : str
        Under which the registry keeps it.
    schema : str
        As JSON.

    Returns
    -------
    int
        The schema's id.

    Raises
    ------
    RegistryUnavailable
        If it does not answer, or refuses the schema.
    """
    content = json.dumps({"schema": schema}).encode()
    try:
        status, body = registry.ask(f"/subjects/{subject}/versions", content)
        if status != HTTPStatus.OK:
            raise RegistryUnavailable(f"{registry.url} did not register the schema of {subject}: it answers {status}")
        return int(json.loads(body)["id"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise RegistryUnavailable(f"{registry.url} did not register the schema of {subject}: {error}") from None
