"""What is heard, in files: each message once, however often the listener is killed.

`DIR/<topic>/<partition>-<first offset>-<last offset>.<format>`: a file is renamed into place when it is whole, and the
names say how far each partition is heard, so a listener goes on exactly behind them.
"""

import base64
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from jobs.corridor.sinks.message import ID_NAMES, schema_json
from jobs.corridor.sinks.message_encoding import to_json
from jobs.listening import Heard, Places

FORMATS = ("json", "avro", "parquet")
MOST_MESSAGES = 1000
MOST_S = 10.0
_NAME = re.compile(r"(\d+)-(\d+)-(\d+)\.\w+")
_ARROW = {
    "double": pa.float64(),
    "float": pa.float32(),
    "long": pa.int64(),
    "int": pa.int32(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "bytes": pa.binary(),
}


@dataclass
class Saver:
    """Writes messages to files.

    Parameters
    ----------
    schema_text : callable
        Gives the schema of a topic's id.
    most_messages : int
        In one file.
    """

    directory: Path
    format: str
    schema_text: Callable[[str, int], str]
    most_messages: int = MOST_MESSAGES
    _held: dict[tuple[str, int], list[Heard]] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def add(self, heard: Heard) -> None:
        """Take a message; it is safe once `write` has come back."""
        held = self._held.setdefault((heard.topic, heard.partition), [])
        if held and held[-1].schema_id != heard.schema_id:
            self.write()
            held = self._held.setdefault((heard.topic, heard.partition), [])
        held.append(heard)
        if len(held) >= self.most_messages:
            self.write()

    def tend(self) -> None:
        """Write what has waited long enough."""
        if time.monotonic() - self._since > MOST_S:
            self.write()

    def write(self) -> None:
        """Write all that is held, a file per partition."""
        for (topic, partition), held in self._held.items():
            name = f"{partition}-{held[0].offset:020d}-{held[-1].offset:020d}.{self.format}"
            path = self.directory / topic / name
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{name}.{os.getpid()}.tmp")
            self._write(temporary, topic, held)
            os.replace(temporary, path)
        self._held.clear()
        self._since = time.monotonic()

    def _write(self, path: Path, topic: str, held: list[Heard]) -> None:
        if self.format == "json":
            path.write_text("".join(f"{to_json(each.record)}\n" for each in held), encoding="utf-8")
            return
        schema = json.loads(self._schema(topic, held[0].schema_id))
        records = [restored(each.record) if each.schema_id is None else each.record for each in held]
        if self.format == "avro":
            with open(path, "wb") as out:
                fastavro.writer(out, fastavro.parse_schema(schema), records, codec="deflate")
            return
        pq.write_table(as_table(records, schema), path, compression="zstd")

    def _schema(self, topic: str, schema_id: int | None) -> str:
        return schema_json() if schema_id is None else self.schema_text(topic, schema_id)


def saved_places(directory: Path) -> Places:
    """Gives the place behind what a directory holds of each partition; the earliest where it holds nothing."""

    def places(parts: list[TopicPartition]) -> list[TopicPartition]:
        return [
            TopicPartition(each.topic, each.partition, _behind(directory / each.topic, each.partition))
            for each in parts
        ]

    return places


def _behind(directory: Path, partition: int) -> int:
    names = [_NAME.fullmatch(path.name) for path in directory.glob(f"{partition}-*")]
    return max((int(name.group(3)) + 1 for name in names if name), default=OFFSET_BEGINNING)


def restored(record: dict[str, Any]) -> dict[str, Any]:
    """A record that came as JSON, with ids as numbers again, as the schema has them."""
    candidate = {
        name: int(value) if name in ID_NAMES and value else value for name, value in record["candidate"].items()
    }
    offset, cutouts = record["provenance"]["offset"], record["cutouts"]
    return {
        **record,
        "alert_id": int(record["alert_id"]),
        "candidate": candidate,
        "provenance": {**record["provenance"], "offset": None if offset is None else int(offset)},
        "cutouts": cutouts and {name: stamp and base64.b64decode(stamp) for name, stamp in cutouts.items()},
    }


def as_table(records: list[dict[str, Any]], schema: dict[str, Any]) -> pa.Table:
    """Records as a table with a column per field; maps are JSON, as their names differ from message to message."""
    fields = [pa.field(each["name"], _arrow(each["type"])) for each in schema["fields"]]
    columns = [
        pa.array([_cell(record[each["name"]], each["type"]) for record in records], column.type)
        for each, column in zip(schema["fields"], fields, strict=True)
    ]
    return pa.table(columns, schema=pa.schema(fields))


def _arrow(kind: Any) -> pa.DataType:
    kind = _known(kind)
    if isinstance(kind, str):
        return _ARROW.get(kind, pa.string())
    if kind["type"] == "array":
        return pa.list_(_arrow(kind["items"]))
    if kind["type"] == "record":
        return pa.struct([pa.field(each["name"], _arrow(each["type"])) for each in kind["fields"]])
    return pa.string()


def _known(kind: Any) -> Any:
    """The branch of a union that is not null; a map, for which JSON stands, for anything wider."""
    if not isinstance(kind, list):
        return kind
    others = [each for each in kind if each != "null"]
    return others[0] if len(others) == 1 else {"type": "map"}


def _cell(value: Any, kind: Any) -> Any:
    kind = _known(kind)
    if value is None or isinstance(kind, str):
        return value
    if kind["type"] == "array":
        return [_cell(each, kind["items"]) for each in value]
    if kind["type"] == "record":
        return {each["name"]: _cell(value[each["name"]], each["type"]) for each in kind["fields"]}
    return to_json(value) if isinstance(value, dict) else json.dumps(value)
