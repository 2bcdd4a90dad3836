"""What a listener receives: matches, and messages that are none, as they came."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.pipeline.sinks.kafka.message_encoding import to_json

# What makes a record a match, and the types that Avro and JSON give it in.
_IDENTITY: Mapping[str, type | tuple[type, ...]] = {"survey": str, "alert_id": (int, str), "object_id": str}
_SHOWN = 60


@dataclass(frozen=True)
class ReceivedMessage:
    """A message: where it stood, when it was sent, and its record.

    Attributes
    ----------
    sent_at : datetime or None
        When the sink or the broker took it, UTC; not part of the message's bytes.
    record : dict
        The match; `received["object_id"]` is `received.record["object_id"]`. Of a foreign message what could be read of it.
    schema_id : int or None
        None for JSON.
    foreign : str
        Why it is no match: another's message, a damaged one, one without a value; empty for a match.
    key, value : bytes or None
        As received.
    """

    topic: str
    partition: int
    offset: int
    sent_at: datetime | None
    record: dict[str, Any]
    schema_id: int | None = None
    foreign: str = ""
    key: bytes | None = None
    value: bytes | None = None

    def __getitem__(self, name: str) -> Any:
        return self.record[name]


def why_foreign(record: Mapping[str, Any]) -> str:
    """What a record lacks of a match; empty for a match.

    Parameters
    ----------
    record : mapping of str to object
        As Avro or JSON gave it.
    """
    wrong = [name for name, kinds in _IDENTITY.items() if not isinstance(record.get(name), kinds)]
    if wrong:
        return f"no match: wants {', '.join(_IDENTITY)}, found no such {', '.join(wrong)}"
    digits = str(record["alert_id"])
    return "" if digits.removeprefix("-").isdecimal() else f"no match: alert_id is {digits[:_SHOWN]!r}, no number"


def json_line(received: ReceivedMessage) -> str:
    """A message as a line of JSON: a match as its record, anything else as `foreign_line`.

    Parameters
    ----------
    received : ReceivedMessage
        A match that JSON cannot hold counts as foreign here.
    """
    if received.foreign:
        return foreign_line(received, received.foreign)
    try:
        return to_json(received.record)
    except (TypeError, ValueError, RecursionError) as problem:
        return foreign_line(received, f"cannot be JSON: {type(problem).__name__}: {problem}")


def foreign_line(received: ReceivedMessage, why: str) -> str:
    """A message that is no match as a line of JSON: `foreign` says why, `value` or `value_base64` holds its bytes.

    Parameters
    ----------
    received : ReceivedMessage
    why : str
        Why it is no match.
    """
    content: dict[str, Any] = {
        "foreign": why,
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "sent_at": received.sent_at and received.sent_at.isoformat(),
        "key": None if received.key is None else received.key.decode("utf-8", "backslashreplace"),
    }
    return json.dumps({**content, **_value(received.value)}, separators=(",", ":"))


def _value(value: bytes | None) -> dict[str, str | None]:
    if value is None:
        return {"value": None}
    try:
        return {"value": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"value_base64": base64.b64encode(value).decode("ascii")}


def beginning(value: bytes | None) -> str:
    """The first characters of a message's value, for people; empty for a tombstone.

    Parameters
    ----------
    value : bytes or None
        As received; bytes that are no UTF-8 become escapes.
    """
    return "" if value is None else value[:_SHOWN].decode("utf-8", "backslashreplace")
