"""What a configuration's `publish` says: where matches go, and in which form."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from jobs.common.typed_names import did_you_mean
from jobs.kafka.connection import INSECURE, PLAIN_KEYS, SECRET_KEYS, Connection
from jobs.kafka.secrets import SettingsError
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.sinks.kafka.message_encoding import FORMATS
from jobs.pipeline.sinks.kafka.topics import TopicSettings

MIB = 1_048_576
KEYS = {
    "prefix": "first word of every topic",
    "partitions": "of topics that are made",
    "replication": "copies of topics that are made",
    "retention_days": "d; how long topics that are made keep a match",
    "max_message_mb": "MiB; the largest message",
    "registry": "true: the schema is registered with the job's `registry`",
    "format": " or ".join(FORMATS),
}


@dataclass(frozen=True)
class Publishing:
    """Where matches go, and in which form."""

    connection: Connection
    settings: TopicSettings
    format: str = "avro"

    @classmethod
    def of(cls, publish: Mapping[str, str], kafka: Mapping[str, str], registry: Registry | None = None) -> "Publishing":
        """What a configuration says.

        Parameters
        ----------
        publish : mapping
            KEYS, and those of a connection if matches go to other brokers than `kafka` names.
        kafka : mapping
            The connection that the job reads from.
        registry : Registry, optional
            The job's.

        Raises
        ------
        SettingsError
            For an unknown key (names the nearest) or a value that cannot be.
        """
        own = {key: value for key, value in publish.items() if key in KEYS}
        reaching = {key: value for key, value in publish.items() if key not in KEYS}
        _check_keys(reaching)
        connection = Connection.of(reaching if "bootstrap" in reaching else {**kafka, **reaching})
        format_ = own.pop("format", "avro")
        if format_ not in FORMATS:
            raise SettingsError(f"publish format is {format_!r}, it can be {', '.join(FORMATS)}")
        wanted = own.pop("registry", "false").lower()
        if wanted not in ("true", "false") or (wanted == "true" and registry is None):
            raise SettingsError(
                f"publish registry is {wanted}, it can be false, or true where the job names a registry"
            )
        settings = replace(_topic_settings(own), registry=registry if wanted == "true" else None)
        return cls(connection, settings, format_)


def _check_keys(reaching: Mapping[str, str]) -> None:
    known = [*KEYS, *PLAIN_KEYS, INSECURE, *(f"{name}_{where}" for name in SECRET_KEYS for where in ("env", "file"))]
    for key in reaching:
        if key not in known and key not in SECRET_KEYS and not key.startswith("librdkafka."):
            hint = did_you_mean(key, known)
            raise SettingsError(f"unknown key publish {key!r}{hint}; known keys: {', '.join(known)}")


def _topic_settings(own: Mapping[str, str]) -> TopicSettings:
    given: dict[str, Any] = dict(own)
    if "max_message_mb" in given:
        given["max_message_bytes"] = int(_number("max_message_mb", given.pop("max_message_mb")) * MIB)
    for field in fields(TopicSettings):
        if field.name in given and field.type in (int, float):
            kind = int if field.type is int else float
            given[field.name] = kind(_number(field.name, given[field.name]))
    return TopicSettings(**given)


def _number(key: str, value: Any) -> float:
    try:
        number = float(value)
    except ValueError:
        raise SettingsError(f"publish {key} is {value!r}, it should be a number") from None
    if not number > 0:
        raise SettingsError(f"publish {key} is {value}, it should be over 0")
    return number
