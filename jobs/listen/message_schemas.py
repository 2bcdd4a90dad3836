"""Messages to records: the schema is found by the id in the message, in the topic of schemas or in a registry."""

import io
import json
import struct
import time
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from jobs.kafka.connection import SILENT, Connection
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import writer_schema

TOPIC_TIMEOUT_S = 10.0
# An id that is nowhere is looked for again after this long.
_AGAIN_S = 10.0
_WIRE = struct.Struct(">bI")

Record = dict[str, Any]


class Undecodable(ValueError):
    """A message that cannot be read, and why."""


class MessageReader:
    """Decodes messages in Avro's wire format and in JSON.

    Parameters
    ----------
    connection : Connection
        To the brokers that hold the topics of schemas.
    registry : Registry, optional
        Asked for ids that the topic of schemas lacks.
    """

    def __init__(self, connection: Connection, registry: Registry | None = None) -> None:
        self._connection = connection
        self._registry = registry
        self._texts: dict[tuple[str, int], str] = {}
        self._parsed: dict[tuple[str, int], Any] = {}
        self._missing: dict[tuple[str, int], tuple[float, str]] = {}

    def read(self, topic: str, value: bytes) -> tuple[int | None, Record]:
        """The schema's id (None for JSON) and the record.

        Parameters
        ----------
        topic : str
            Says in which topic the schema is: `<first part of the name>.schemas`.
        value : bytes
            As received.

        Raises
        ------
        Undecodable
            For a schema that is nowhere, and bytes that do not fit it.
        """
        if value.lstrip()[:1] == b"{":
            return None, self._json(value)
        if len(value) < _WIRE.size or value[0] != 0:
            raise Undecodable(
                f"wants JSON or a zero byte and a schema id, begins with {value[:5].hex(' ') or 'nothing'}"
            )
        schema_id = _WIRE.unpack_from(value)[1]
        schema = self._schema(topic, schema_id)
        try:
            record = _record(schema, value)
        except Fault as fault:
            raise Undecodable(f"does not fit schema {schema_id}: {fault.message}") from None
        return schema_id, record if isinstance(record, dict) else {"value": record}

    def schema_text(self, topic: str, schema_id: int) -> str:
        """The schema of an id, as it was published.

        Parameters
        ----------
        topic : str
            The topic of the messages, not that of the schemas.
        schema_id : int
            Of a message that was read; KeyError for any other.
        """
        return self._texts[(_schemas_of(topic), schema_id)]

    def _json(self, value: bytes) -> Record:
        try:
            return dict(json.loads(value))
        except (ValueError, RecursionError) as error:
            raise Undecodable(f"is no JSON: {error}") from None

    def _schema(self, topic: str, schema_id: int) -> Any:
        key = (_schemas_of(topic), schema_id)
        if key not in self._parsed:
            until, problem = self._missing.get(key, (0.0, ""))
            if time.monotonic() < until:
                raise Undecodable(problem)
            self._parsed[key] = self._found(key)
        return self._parsed[key]

    def _found(self, key: tuple[str, int]) -> Any:
        topic, schema_id = key
        self._texts |= {(topic, number): text for number, text in read_schemas(self._connection, topic).items()}
        if key not in self._texts and self._registry is not None:
            try:
                self._texts[key] = self._registry(schema_id).read_text(encoding="utf-8")
            except Fault as fault:
                raise self._give_up(key, fault.message) from None
        if key not in self._texts:
            raise self._give_up(key, f"schema id {schema_id} is not in the topic {topic}; name a registry that has it")
        try:
            return _parsed(self._texts[key])
        except Fault as fault:
            raise self._give_up(key, f"schema id {schema_id} in {topic} is no Avro schema: {fault.message}") from None

    def _give_up(self, key: tuple[str, int], problem: str) -> Undecodable:
        self._missing[key] = (time.monotonic() + _AGAIN_S, problem)
        return Undecodable(problem)


@only_faults()
def _record(schema: Any, value: bytes) -> Any:
    """The record behind a message's head; fastavro tells of a cut one by the address of its buffer."""
    try:
        return fastavro.schemaless_reader(io.BytesIO(value[_WIRE.size :]), schema, None)
    except EOFError:
        raise Fault("truncated", f"its {len(value)} bytes end within the record") from None


@only_faults()
def _parsed(text: str) -> Any:
    """For fastavro, with logical types; a schema by which a few bytes could be any number of records is a Fault."""
    writer_schema(text, DEFAULT.max_schema_bytes)
    return fastavro.parse_schema(json.loads(text))


def _schemas_of(topic: str) -> str:
    return f"{topic.split('.')[0]}.schemas"


def _entry(key: bytes | None, value: bytes | None) -> dict[int, str]:
    """A schema by its id; nothing for a message that somebody else has put into the topic."""
    try:
        return {int(key): value.decode()} if key and value else {}
    except ValueError:
        return {}


def read_schemas(connection: Connection, topic: str) -> dict[int, str]:
    """All schemas that a topic holds, by id; none if there is no such topic.

    Parameters
    ----------
    connection : Connection
    topic : str
        The topic of schemas; its partition 0 is read, for TOPIC_TIMEOUT_S at most.

    Raises
    ------
    KafkaException
        If the brokers do not answer or report an error.
    """
    own = {"group.id": "strix-schemas", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**connection.client(), **own}, logger=SILENT)
    found: dict[int, str] = {}
    deadline = time.monotonic() + TOPIC_TIMEOUT_S
    try:
        if consumer.list_topics(topic, timeout=TOPIC_TIMEOUT_S).topics[topic].error is not None:
            return {}
        consumer.assign([TopicPartition(topic, 0, 0)])
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    return found
                raise KafkaException(error)
            found |= _entry(message.key(), message.value())
        return found
    finally:
        consumer.close()
