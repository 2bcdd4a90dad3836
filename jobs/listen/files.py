"""What is received, in files: each message once, however often the listener is killed or its options are repeated.

A file is renamed into place when it is whole; its name says which offsets are in it (`listening_folder`). Messages that
are no match, or do not fit the schema of matches, stand beside it under the same name, as lines of `.foreign.jsonl`.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.listen.folder import READY, SaveFolder
from jobs.listen.messages import ReceivedMessage, foreign_line
from jobs.pipeline.sinks.kafka.message import ID_NAMES, schema_json
from jobs.pipeline.sinks.kafka.message_encoding import to_json
from jobs.storage.checksums import CHECKED
from jobs.storage.writing import replace_file

FORMATS = ("json", "avro", "parquet")
MOST_MESSAGES = 1000
MOST_BYTES = 64 * 1024 * 1024
MOST_S = 10.0
# What a record that claims to be a match can do to a writer that believes it.
_UNFIT = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, pa.ArrowException)
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
    folder : SaveFolder
        Entered already.
    format : str
        One of FORMATS.
    schema_text : callable
        Gives the schema of a topic's id.
    most_messages : int
        In one file.
    again : bool
        Pass over what the folder holds; otherwise a message that it holds is one too many.

    Attributes
    ----------
    held_before : int
        Messages that were passed over, as the folder holds them.
    unfit : int
        Matches that their schema does not hold; they are among the foreign messages.
    """

    folder: SaveFolder
    format: str
    schema_text: Callable[[str, int], str]
    most_messages: int = MOST_MESSAGES
    again: bool = False
    held_before: int = 0
    unfit: int = 0
    _held: dict[tuple[str, int], list[ReceivedMessage]] = field(default_factory=dict)
    _bytes: int = 0
    _since: float = field(default_factory=time.monotonic)

    def add(self, received: ReceivedMessage) -> bool:
        """Take a message; it is safe once `write` has come back. False for one that the folder holds.

        Parameters
        ----------
        received : ReceivedMessage
            A match or a foreign message; those of a partition in the order of their offsets.

        Raises
        ------
        ValueError
            If a topic gives an offset a second time: it was made again while it was received.
        """
        if self.folder.holds(received.topic, received.partition, received.offset):
            self._pass_over(received)
            return False
        held = self._held.setdefault((received.topic, received.partition), [])
        if held and held[-1].schema_id != received.schema_id:
            self.write()
            held = self._held.setdefault((received.topic, received.partition), [])
        held.append(received)
        self._bytes += len(received.value or b"")
        if len(held) >= self.most_messages or self._bytes >= MOST_BYTES:
            self.write()
        return True

    def poll(self) -> None:
        """Write what has waited long enough."""
        if time.monotonic() - self._since > MOST_S:
            self.write()

    def write(self) -> None:
        """Write all that is held, a file per partition, and one more for what is foreign."""
        for (topic, partition), held in self._held.items():
            first, last = held[0].offset, held[-1].offset
            base = self.folder.directory / topic / f"{partition}-{first:020d}-{last:020d}"
            base.parent.mkdir(parents=True, exist_ok=True)
            self._write_partition(base, topic, held)
            self.folder.note(topic, partition, first, last)
        self._held.clear()
        self._bytes = 0
        self._since = time.monotonic()

    def _pass_over(self, received: ReceivedMessage) -> None:
        place = f"{received.topic} partition {received.partition} offset {received.offset}"
        if not self.again:
            raise ValueError(
                f"{place} came and {self.folder.directory} holds it: the topic was made again; save to another folder"
            )
        if (received.topic, received.partition) in self._held:
            self.write()  # a name must not speak for offsets that are in another file
        self.held_before += 1

    def _write_partition(self, base: Path, topic: str, held: Sequence[ReceivedMessage]) -> None:
        """Matches and foreign messages; the names speak for all offsets, so what is foreign waits, whole, for the other."""
        matches = [each for each in held if not each.foreign]
        lines = {each.offset: foreign_line(each, each.foreign) for each in held if each.foreign}
        temporary = _hidden(base, f".{self.format}.{os.getpid()}.tmp")
        unfit = self._write_matches(temporary, topic, matches)
        self.unfit += len(unfit)
        text = "".join(f"{line}\n" for _, line in sorted({**lines, **unfit}.items()))
        ready, foreign = _hidden(base, f".foreign.jsonl{READY}"), base.with_name(f"{base.name}.foreign.jsonl")
        if text:
            replace_file(ready, text)
        if temporary.exists():
            os.replace(temporary, base.with_name(f"{base.name}.{self.format}"))
        if text:
            os.replace(ready, foreign)

    def _write_matches(self, path: Path, topic: str, matches: Sequence[ReceivedMessage]) -> dict[int, str]:
        """Write those that fit their schema, if there are any; the others as lines, by offset."""
        try:
            if matches:
                self._write(path, topic, matches)
            return {}
        except _UNFIT as problem:
            path.unlink(missing_ok=True)
            if len(matches) == 1:
                why = f"does not fit the schema of matches: {type(problem).__name__}: {problem}"
                return {matches[0].offset: foreign_line(matches[0], why)}
        alone = {each.offset: self._write_matches(path, topic, [each]) for each in matches}
        fitting = [each for each in matches if not alone[each.offset]]
        if fitting:
            self._write(path, topic, fitting)
        else:
            path.unlink(missing_ok=True)
        return {offset: line for told in alone.values() for offset, line in told.items()}

    def _write(self, path: Path, topic: str, held: Sequence[ReceivedMessage]) -> None:
        if self.format == "json":
            path.write_text("".join(f"{to_json(each.record)}\n" for each in held), encoding="utf-8")
            return
        schema = json.loads(self._schema(topic, held[0].schema_id))
        records = [restored(each.record) if each.schema_id is None else each.record for each in held]
        if self.format == "avro":
            with open(path, "wb") as out:
                fastavro.writer(out, fastavro.parse_schema(schema), records, codec="deflate")
            return
        pq.write_table(as_table(records, schema), path, compression="zstd", **CHECKED)

    def _schema(self, topic: str, schema_id: int | None) -> str:
        return schema_json() if schema_id is None else self.schema_text(topic, schema_id)


def _hidden(base: Path, ending: str) -> Path:
    return base.with_name(f".{base.name}{ending}")


def restored(record: dict[str, Any]) -> dict[str, Any]:
    """A record that came as JSON, with ids as numbers again and cutouts as bytes, as the schema has them.

    Parameters
    ----------
    record : dict
        As JSON gives it, with 64-bit ids as text and cutouts in Base64; not changed.
    """
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
    """Records as a table with a column per field; maps are JSON, as their names differ from message to message.

    Parameters
    ----------
    records : list of dict
        That fit the schema.
    schema : dict
        An Avro record schema, parsed from JSON.
    """
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
