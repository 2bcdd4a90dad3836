"""Bombs: a few bytes that claim a lot, as datums and as schemas."""

import json
from typing import Any

import pyarrow as pa
import pytest
from avro_random import number

from jobs.pipeline.decode.compiled import DatumDecoder, UnsupportedSchema


def record(*types: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(types)]}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


EMPTY = {"type": "record", "name": "empty", "fields": [{"name": "nothing", "type": "null"}]}


@pytest.mark.parametrize(
    "items", ["null", EMPTY, {"type": "fixed", "name": "none", "size": 0}], ids=["null", "empty", "fixed"]
)
def test_arrays_of_items_of_no_bytes_are_refused(items: Any) -> None:
    """Count 2^40 of them is seven bytes; fastavro then runs into MemoryError."""
    with pytest.raises(UnsupportedSchema, match="no bytes"):
        DatumDecoder(record("int", {"type": "map", "values": ["null", array(items)]}))


def test_a_million_items_are_read_and_one_more_is_too_large() -> None:
    decoder = DatumDecoder(record(array("boolean")))
    half = number(500_000) + bytes(500_000)
    million = half + half
    values, refusals = decoder.decode([million + b"\x00", million + number(1) + b"\x01\x00"])
    assert len(values[0]["f0"]) == 1_000_000
    assert [(r.row, r.reason, r.byte, r.path) for r in refusals] == [(1, "too_large", len(million), "f0")]


def test_items_that_are_a_byte_here_and_eight_kilobytes_in_columns_are_too_large() -> None:
    wide = {"type": "record", "name": "wide", "fields": [{"name": f"x{i}", "type": "double"} for i in range(1000)]}
    decoder = DatumDecoder(record(array(["null", wide])))
    # 64 times the bytes, and 1 MiB: 131 rows of 8,000 bytes; 1,000 of them are 8 MB.
    block = number(100) + bytes(100)
    values, refusals = decoder.decode([block + b"\x00", block + block + b"\x00", number(1000) + bytes(1000) + b"\x00"])
    assert values.to_pylist() == [{"f0": [None] * 100}, None, None]
    assert [(r.row, r.reason, r.byte) for r in refusals] == [(1, "too_large", len(block)), (2, "too_large", 0)]


def test_a_type_inside_itself_is_walked_to_a_depth_of_64() -> None:
    decoder = DatumDecoder(record("int", ["null", "r"]), pa.struct([("f0", pa.int32())]))
    deep = [b"\x02\x02" * depth + b"\x02\x00" for depth in (0, 64, 65, 100_000)]
    values, refusals = decoder.decode(deep)
    assert values.to_pylist() == [{"f0": 1}, {"f0": 1}, None, None]
    assert [(r.row, r.reason) for r in refusals] == [(2, "too_large"), (3, "too_large")]


def test_schemas_that_unfold_without_end_are_refused() -> None:
    doubling: Any = "int"
    for level in range(40):
        fields = [{"name": "a", "type": doubling}, {"name": "b", "type": f"n{level - 1}" if level else "int"}]
        doubling = {"type": "record", "name": f"n{level}", "fields": fields}
    with pytest.raises(UnsupportedSchema, match="unfolds"):
        DatumDecoder(doubling)


def test_schemas_nested_too_deeply_are_refused() -> None:
    for depth in (100, 100_000):
        with pytest.raises(UnsupportedSchema):
            DatumDecoder('{"type": "array", "items": ' * depth + '"int"' + "}" * depth)


def test_rows_of_gigabytes_are_refused() -> None:
    with pytest.raises(UnsupportedSchema, match="row"):
        DatumDecoder(record(["null", {"type": "fixed", "name": "huge", "size": 2**30}]))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "nonsense",
        "{",
        "3",
        {},
        {"type": "record", "name": "r"},
        {"type": "record", "fields": []},
        record("unknown"),
        record({"type": "array"}),
        record({"type": "fixed", "name": "f", "size": -1}),
        record({"type": "fixed", "name": "f", "size": "8"}),
        record([["null", "int"], "string"]),
        record({"type": "enum", "name": "r", "symbols": []}),
        {"type": "record", "name": "r", "fields": [{"name": "x", "type": "int"}, {"name": "x", "type": "int"}]},
        {"type": "record", "name": "r", "fields": 3},
        {"type": "record", "name": "r", "fields": [3]},
        record({"type": "enum", "name": "e", "symbols": 3}),
        {"type": 3},
        "int",
        array("int"),
        record("null"),
        record(["int", "string"]),
        record(["null"]),
        record([]),
        record("int", ["null", "r"]),
    ],
    ids=str,
)
def test_schemas_that_cannot_be_decoded_are_refused(broken: Any) -> None:
    with pytest.raises(UnsupportedSchema):
        DatumDecoder(broken)
    if not isinstance(broken, str):
        with pytest.raises(UnsupportedSchema):
            DatumDecoder(json.dumps(broken))
