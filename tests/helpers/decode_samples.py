"""Small surveys, packets and containers for the tests of the decoder, made by hand from the Avro specification."""

import io
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro
import pyarrow as pa

from jobs.packets.messages import Message
from jobs.pipeline.decode.messages import Decoded
from jobs.pipeline.surveys.survey import NightRule, PublishedNames, Read, Survey

SYNC = bytes(range(100, 116))

CANDIDATE = {
    "type": "record",
    "name": "candidate",
    "fields": [
        {"name": "jd", "type": "double"},
        {"name": "magpsf", "type": ["float", "null"]},
        {"name": "isdiffpos", "type": "string"},
        {"name": "fid", "type": "int"},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "namespace": "ztf",
    "version": "3.3",
    "fields": [
        {"name": "objectId", "type": "string"},
        {"name": "candid", "type": "long"},
        {"name": "candidate", "type": CANDIDATE},
        {"name": "prv_candidates", "type": ["null", {"type": "array", "items": "candidate"}]},
    ],
}
TEXT = json.dumps(SCHEMA)

HISTORY = pa.struct([("jd", pa.float64()), ("magpsf", pa.float32()), ("isdiffpos", pa.string())])
PACKET = pa.struct(
    [
        ("objectId", pa.string()),
        ("candid", pa.int64()),
        ("candidate", HISTORY),
        ("prv_candidates", pa.list_(HISTORY)),
        ("ndethist", pa.int32()),
    ]
)


def not_read(packets: pa.StructArray) -> Read:
    raise AssertionError("the decoder does not read packets")


def is_ztf(schema: Mapping[str, Any]) -> bool:
    """The record ztf.alert with a candidate that has magpsf and isdiffpos."""
    if (schema["namespace"], schema["name"]) != ("ztf", "alert"):
        return False
    types = {field["name"]: field["type"] for field in schema["fields"]}
    candidate = types.get("candidate")
    return isinstance(candidate, dict) and {"magpsf", "isdiffpos"} <= {f["name"] for f in candidate["fields"]}


def is_lsst(schema: Mapping[str, Any]) -> bool:
    return str(schema["namespace"]).startswith("lsst.v") and schema["name"] == "alert"


def survey(packet: pa.StructType = PACKET, name: str = "ztf", matches: Any = is_ztf) -> Survey:
    names = PublishedNames(ids="ids", time="time")
    return Survey(name, name.upper(), ("g", "r"), packet, packet, matches, not_read, NightRule(), names)


def alert(candid: int, previous: int = 1) -> dict[str, Any]:
    """A packet of SCHEMA."""
    candidate = {"jd": 2459000.5 + candid, "magpsf": 18.5, "isdiffpos": "t", "fid": 1}
    history = [{**candidate, "jd": candidate["jd"] - 1 - number, "magpsf": None} for number in range(previous)]
    return {"objectId": f"ZTF{candid}", "candid": candid, "candidate": candidate, "prv_candidates": history or None}


def datum(record: Any, schema: Any = SCHEMA) -> bytes:
    """A bare datum, by fastavro's writer."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema, named_schemas={}), record)
    return stream.getvalue()


def zigzag(number: int) -> bytes:
    """An Avro long."""
    left = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def chunk(content: bytes) -> bytes:
    """Avro bytes: length and content."""
    return zigzag(len(content)) + content


def header(text: str = TEXT, codec: bytes = b"null") -> bytes:
    """A container's header."""
    entries = chunk(b"avro.schema") + chunk(text.encode()) + chunk(b"avro.codec") + chunk(codec)
    return b"Obj\x01" + zigzag(2) + entries + b"\x00" + SYNC


def block(payload: bytes, count: int, sync: bytes = SYNC) -> bytes:
    """A container's block."""
    return zigzag(count) + zigzag(len(payload)) + payload + sync


def deflated(payload: bytes) -> bytes:
    """Raw deflate, as Java writes it."""
    deflater = zlib.compressobj(1, zlib.DEFLATED, -15)
    return deflater.compress(payload) + deflater.flush()


def outcome(decoded: Decoded) -> list[tuple[int, int, str]]:
    """Every entry as (message, index, reason), reason "" for a datum; in order."""
    taken = [(int(m), int(i), "") for m, i in zip(decoded.message, decoded.index, strict=True)]
    return sorted(taken + [(each.message, each.index, each.refusal.reason) for each in decoded.refused])


def messages(*values: bytes) -> list[Message]:
    return [Message(value) for value in values]


def project(value: Any, target: pa.DataType) -> Any:
    """What a value that fastavro read must be in Arrow, field by field; a slow, obvious loop."""
    if value is None:
        return None
    if pa.types.is_struct(target):
        return {each.name: project(value.get(each.name), each.type) for each in target}
    if pa.types.is_list(target):
        return [project(item, target.value_type) for item in value]
    return str(value) if pa.types.is_string(target) else value


def same(left: Any, right: Any) -> bool:
    """Equality with NaN equal to NaN, types included."""
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and bool(left == right)


def wire(schema_id: int, datums: bytes) -> bytes:
    """A Confluent wire message."""
    return b"\x00" + schema_id.to_bytes(4, "big") + datums


def arrow_type(schema: Any, named: dict[str, Any]) -> pa.DataType:
    """The Arrow type with every field of an Avro type that fastavro parsed; isdiffpos as string, as adapters ask it."""
    if isinstance(schema, list):
        (schema,) = [branch for branch in schema if branch != "null"]
    if isinstance(schema, str):
        return _PRIMITIVES[schema] if schema in _PRIMITIVES else arrow_type(named[schema], named)
    if schema["type"] == "record":
        named[schema["name"]] = schema
        return pa.struct([(f["name"], _field_type(f, named)) for f in schema["fields"]])
    if schema["type"] == "array":
        return pa.list_(arrow_type(schema["items"], named))
    return arrow_type(schema["type"], named)


def _field_type(field: dict[str, Any], named: dict[str, Any]) -> pa.DataType:
    return pa.string() if field["name"] == "isdiffpos" else arrow_type(field["type"], named)


_PRIMITIVES = {
    "boolean": pa.bool_(), "int": pa.int32(), "long": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "string": pa.string(), "bytes": pa.binary(),
}  # fmt: skip


def merged(types: Sequence[pa.DataType]) -> pa.DataType:
    """The fields of all types, by name, nested."""
    if pa.types.is_list(types[0]):
        return pa.list_(merged([each.value_type for each in types]))
    if not pa.types.is_struct(types[0]):
        return types[0]
    found: dict[str, list[pa.DataType]] = {}
    for each in types:
        for field in each:
            found.setdefault(field.name, []).append(field.type)
    return pa.struct([(name, merged(each)) for name, each in found.items()])
