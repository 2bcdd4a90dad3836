"""Which writer types are taken for which asked types."""

import json
from typing import Any

import pyarrow as pa
import pytest
from decode_samples import datum

from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.writer_schema import writer_schema


def convert(writer: Any, values: list[Any], target: pa.DataType, fast: bool) -> tuple[list[Any], list[str]]:
    """Values written as a field x of type `writer`, read as `target`; and the messages of what was refused."""
    schema = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}, {"name": "x", "type": writer}]}
    datums = [datum({"n": 0, "x": value}, schema) for value in values]
    decoder = Datums(writer_schema(json.dumps(schema), 1 << 19), DEFAULT, fast)
    packets, faults = decoder.decode(datums, pa.struct([("x", target)]))
    return [packet["x"] if packet else "refused" for packet in packets.to_pylist()], [f.fault.message for f in faults]


ENUM = {"type": "enum", "name": "e", "symbols": ["t", "f"]}
POINT = {"type": "record", "name": "p", "fields": [{"name": "sign", "type": "int"}, {"name": "jd", "type": "double"}]}
SIGN = pa.struct([("sign", pa.string())])


def stamp(kind: str) -> dict[str, str]:
    return {"type": "long", "logicalType": f"timestamp-{kind}"}


@pytest.mark.parametrize(
    ("writer", "values", "target", "expected"),
    [
        ("int", [1, -1], pa.string(), ["1", "-1"]),
        (["null", "int"], [None, 0], pa.string(), [None, "0"]),
        ("long", [(1 << 53) + 1], pa.float64(), [9007199254740992.0]),  # the nearest double
        ("int", [(1 << 24) + 1], pa.float32(), [16777216.0]),  # the nearest float
        ("int", [7], pa.int64(), [7]),
        ("long", [7], pa.int32(), [7]),
        ("float", [0.5], pa.float64(), [0.5]),
        ("double", [0.1], pa.float32(), [0.10000000149011612]),  # 0x3dcccccd
        (ENUM, ["t", "f"], pa.string(), ["t", "f"]),
        ("string", ["é"], pa.binary(), [b"\xc3\xa9"]),
        ({"type": "fixed", "name": "f", "size": 2}, [b"ab"], pa.binary(), [b"ab"]),
        (stamp("micros"), [1_500_000], pa.int64(), [1_500_000]),
        (["null", stamp("millis")], [None, 5], pa.int64(), [None, 5]),
        ({"type": "array", "items": POINT}, [[{"sign": 1, "jd": 2.0}], []], pa.list_(SIGN), [[{"sign": "1"}], []]),
        ({"type": "array", "items": ["null", POINT]}, [[None]], pa.list_(SIGN), [[None]]),
        ({"type": "map", "values": "int"}, [{"a": 1}], pa.map_(pa.string(), pa.string()), [[("a", "1")]]),
        (["int", "string"], [1, "t"], pa.string(), ["1", "t"]),
        ("null", [None], pa.float64(), [None]),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_harmless_conversions(
    writer: Any, values: list[Any], target: pa.DataType, expected: list[Any], fast: bool
) -> None:
    assert convert(writer, values, target, fast) == (expected, [])


@pytest.mark.parametrize(("kind", "unit", "stored", "counted"), [
    ("micros", "us", 1_700_000_000_123_456, 1_700_000_000_123_456),
    ("millis", "us", 1_700_000_000_123, 1_700_000_000_123_000),
    ("micros", "ms", 1_700_000_000_123_456, 1_700_000_000_123),
    ("micros", "ms", -1, -1),  # a microsecond before 1970 is in the millisecond before it
])  # fmt: skip
def test_timestamps_keep_their_instant_in_another_unit(kind: str, unit: str, stored: int, counted: int) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": stamp(kind)}]}
    decoder = Datums(writer_schema(json.dumps(schema), 1 << 19), DEFAULT)
    bare = {"type": "record", "name": "r", "fields": [{"name": "x", "type": "long"}]}
    packets, faults = decoder.decode([datum({"x": stored}, bare)], pa.struct([("x", pa.timestamp(unit, "UTC"))]))
    assert packets.field("x").cast(pa.int64()).to_pylist() == [counted] and not faults


@pytest.mark.parametrize(
    ("writer", "value", "target"),
    [
        ("double", 1.5, pa.int64()),  # pyarrow would cut it to 1
        ("double", 1.0, pa.string()),
        ("string", "1", pa.int64()),
        ("string", "ab", pa.list_(pa.string())),  # pyarrow would make ["a", "b"] of it
        ("bytes", b"ab", pa.string()),
        ("boolean", True, pa.string()),
        ("int", 1, pa.bool_()),
        ("int", 1, pa.timestamp("us")),
        (POINT, {"sign": 1, "jd": 2.0}, pa.float64()),
        ("double", 1.0, SIGN),
        ({"type": "array", "items": "double"}, [1.0], pa.float64()),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_other_conversions_refuse_the_row_and_only_where_there_is_a_value(
    writer: Any, value: Any, target: pa.DataType, fast: bool
) -> None:
    read, messages = convert(["null", writer], [None, value, None], target, fast)
    assert read == [None, "refused", None]
    assert len(messages) == 1 and "x: wants" in messages[0] and str(target) in messages[0]
