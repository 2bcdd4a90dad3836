"""Hostile messages made from sound ones: odd headers, schemas, values and bytes, from a seed."""

import copy
import io
import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import fastavro

from jobs.packets.messages import Message
from jobs.packets.reading import SourceMessage
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions
from jobs.simulation.packets import packet
from jobs.simulation.schema import SCHEMA

NOW = 70_000.0  # MJD
SYNC = bytes(range(16))
# What stands where something else is expected.
ODD: Sequence[Any] = (
    None, True, 0, -1, 7, 1 << 63, 1 << 70, 10**300, 1.5, math.inf, math.nan, "", "int", "null", "ztf.alert", "\ud800",
    "\x00", "x" * 5000, [], [1], [[]], ["null"], ["null", "null"], ["int", "long"], {}, {"type": None}, {"type": "int"},
    {"type": []}, {"type": {"type": {"type": "int"}}}, {"type": "array"}, {"type": "array", "items": "null"},
    {"type": "map", "values": "alert"}, {"type": "fixed", "name": "f", "size": 1 << 62},
    {"type": "fixed", "name": "f", "size": 10**400}, {"type": "enum", "name": "e", "symbols": [[]]},
    {"type": "record", "name": "alert", "fields": []}, {"type": "long", "logicalType": [1]},
    {"type": "bytes", "logicalType": "decimal", "precision": "a", "scale": -3}, {"type": "int", "logicalType": "date"},
)  # fmt: skip
NUMBERS = (
    0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -1.0, 1.7e308, -1.7e308, 1e300, 2.4e6, 2299160.5, 5373484.5,
    1e18, -2400000.5, 99999.0,
)  # fmt: skip
INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), -999, 10**12)
TEXTS = ("", "\x00", "null", "x" * 10_000, "2001-99-99", "\U0010ffff", "ZTF", "[/b]", "=1+1", "-1", "a\nb")


def one_pass(modules: tuple[str, ...] = (), schemas: Any = None) -> OnePass:
    """A pass over both surveys."""
    return OnePass(PassOptions(("ztf", "lsst"), schemas, modules, NOW), {}, Watchdog(Limits()))


def origin(name: str = "a.avro") -> dict[str, Any]:
    return {"file": name, "index": 0}


def kafka_origin(offset: int, timestamp: datetime | None) -> dict[str, Any]:
    return {"topic": "ztf_20240101", "partition": 0, "offset": offset, "timestamp": timestamp, "index": 0}


def sourced(schema: Any, records: Sequence[Any], name: str = "a.avro") -> SourceMessage:
    """Records in a container, from a file."""
    return SourceMessage(Message(container(schema, records)), origin(name))


def container(schema: Any, records: Sequence[Any], codec: str = "null") -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records, codec=codec, sync_marker=SYNC, sync_interval=30_000)
    return buffer.getvalue()


def zigzag(number: int) -> bytes:
    left = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def chunk(content: bytes) -> bytes:
    return zigzag(len(content)) + content


def raw_container(
    schema: str | bytes, payload: bytes, count: int, codec: bytes, more: bytes = b"", blocks: int = 1
) -> bytes:
    """A container of any schema text, codec and counts; `more` is put into the header as it stands."""
    text = schema if isinstance(schema, bytes) else schema.encode("utf-8", "surrogatepass")
    entries = chunk(b"avro.schema") + chunk(text) + chunk(b"avro.codec") + chunk(codec) + more
    block = zigzag(count) + chunk(payload) + SYNC
    return b"Obj\x01" + zigzag(2) + entries + b"\x00" + SYNC + block * blocks


def datum(record: Mapping[str, Any], schema: Any = SCHEMA) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(copy.deepcopy(schema), named_schemas={}), record)
    return stream.getvalue()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every key of every mapping and index of every list in some JSON, as (container, key)."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += [(value, key), *places(inner)]
    return found


def odd_schema(chance: random.Random) -> str:
    """The survey's schema with some of its parts replaced, taken out, doubled, or nested."""
    schema = copy.deepcopy(SCHEMA)
    for _ in range(chance.randint(1, 3)):
        where, key = chance.choice(places(schema))
        how = chance.randrange(5)
        if how == 0 and isinstance(where, dict):
            del where[key]
        elif how == 1 and isinstance(where, list):
            where.append(copy.deepcopy(where[key]))
        elif how == 2:
            for _ in range(chance.choice((1, 70, 200))):
                where[key] = {"type": "array", "items": where[key]}
        elif how == 3 and isinstance(where, dict):
            where[chance.choice(("logicalType", "default", "namespace", "version", "aliases"))] = chance.choice(ODD)
        else:
            where[key] = chance.choice(ODD)
        if not places(schema):
            break
    return json.dumps(schema)


def odd_text(chance: random.Random) -> str | bytes:
    """A schema that may be no JSON at all."""
    brackets = chance.choice((10, 5000, 100_000))
    return chance.choice(
        [
            json.dumps(chance.choice(ODD)),
            "[" * brackets,
            '{"type":' * brackets,
            '{"type": ' + "9" * brackets + "}",
            json.dumps(SCHEMA)[: chance.randrange(2000)],
            chance.randbytes(50),
            b"\xff\xfe" + json.dumps(SCHEMA).encode("utf-16"),
            b"",
        ]
    )


def odd_record(chance: random.Random) -> dict[str, Any]:
    """A packet that fits the schema, with values that no survey would send."""
    record = copy.deepcopy(chance.choice(RECORDS))
    numbers = [(where, key) for where, key in places(record) if not isinstance(where[key], dict | list | bytes)]
    for _ in range(chance.randint(1, 8)):
        where, key = chance.choice(numbers) if chance.random() < 0.5 else (record["candidate"], chance.choice(KEYS))
        old = where[key]
        where[key] = chance.choice(
            NUMBERS
            if isinstance(old, float)
            else INTEGERS
            if isinstance(old, int)
            else TEXTS
            if isinstance(old, str)
            else (old,)
        )
    return record


RECORDS = [packet(0, number)[0] for number in range(4)]
KEYS = ("jd", "ra", "dec", "magpsf", "sigmapsf", "fid", "candid")


def written(record: dict[str, Any]) -> bytes:
    """The record's datum; where its values do not fit their types, one that does."""
    try:
        return datum(record)
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        return datum(RECORDS[0])


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, cut out or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        how = chance.randrange(4)
        if how == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            del changed[at : at + chance.randint(1, 40)]
        elif how == 2:
            changed[at:at] = zigzag(chance.choice(INTEGERS))
        else:
            changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        changed = changed or bytearray(b"O")
    return bytes(changed)


Makes = Callable[[random.Random], Message]
_CODECS = (b"null", b"deflate", b"snappy", b"zstandard", b"bzip2", b"xz", b"", b"lz4", b"\xff")


def _odd_header(chance: random.Random) -> Message:
    more = chance.choice(
        (b"", zigzag(-2), chunk(b"\xff") + zigzag(-9), chunk(b"avro.codec") + chunk(b"xz"), zigzag(1 << 62))
    )
    count, codec = chance.choice((0, 1, 2, 1000, 1 << 40, -3)), chance.choice(_CODECS)
    payload = chance.choice((datum(RECORDS[0]), bytes(50), chance.randbytes(90), b""))
    return Message(raw_container(json.dumps(SCHEMA), payload, count, codec, more, chance.randint(1, 4)))


def _odd_schema(chance: random.Random) -> Message:
    text = odd_schema(chance) if chance.random() < 0.8 else odd_text(chance)
    payload = chance.choice((datum(RECORDS[0]), bytes(200), b"\x02" * 300))
    if chance.random() < 0.3 and isinstance(text, str):
        return Message(payload, text)
    return Message(raw_container(text, payload, chance.choice((1, 1, 2, 50)), b"null"))


def _odd_values(chance: random.Random) -> Message:
    datums = [written(odd_record(chance)) for _ in range(3)]
    return Message(raw_container(json.dumps(SCHEMA), b"".join(datums), 3, b"null"))


def _flipped(chance: random.Random) -> Message:
    codec = chance.choice(("null", "deflate"))
    return Message(flipped(container(SCHEMA, chance.sample(RECORDS, 2), codec), chance))


def _flipped_datum(chance: random.Random) -> Message:
    return Message(flipped(datum(chance.choice(RECORDS)), chance), json.dumps(SCHEMA))


def _noise(chance: random.Random) -> Message:
    return Message(
        chance.choice((b"", b"\x00", b"Obj\x01", b"\x00" + chance.randbytes(60), chance.randbytes(30), b"{}"))
    )


def _wire(chance: random.Random) -> Message:
    return Message(
        b"\x00" + chance.choice((1, 2, 3, 2**32 - 1)).to_bytes(4, "big") + flipped(datum(RECORDS[0]), chance)
    )


KINDS: Mapping[str, Makes] = {
    "header": _odd_header,
    "schema": _odd_schema,
    "values": _odd_values,
    "flipped": _flipped,
    "datum": _flipped_datum,
    "noise": _noise,
    "wire": _wire,
}


def hostile(seed: int, kind: str) -> Message:
    """The hostile message of a seed."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))


def envelope(seed: int, number: int, message: Message) -> SourceMessage:
    """A message from a file or from Kafka, with any time that the reader lets through."""
    chance = random.Random(f"{seed} {number}")
    times = (
        None,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
    )
    made = chance.choice((partial(origin, f"{number}.avro"), partial(kafka_origin, number, chance.choice(times))))
    return SourceMessage(message, made())
