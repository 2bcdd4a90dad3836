"""Bombs: a few bytes that claim a lot, as datums and as schemas."""

from typing import Any

import pytest
from avro_oracle import decoder_of
from avro_random import number

from jobs.pipeline.decode.compiled import Fault, UnsupportedSchema


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
    with pytest.raises(Fault, match="array items of at least one byte"):
        decoder_of(record("int", {"type": "map", "values": ["null", array(items)]}))


def test_a_million_items_are_read_and_one_more_is_too_large() -> None:
    decoder = decoder_of(record(array("boolean")))
    half = number(500_000) + bytes(500_000)
    million = half + half
    values, refusals = decoder.decode([million + b"\x00", million + number(1) + b"\x01\x00"])
    assert len(values[0]["f0"]) == 1_000_000
    assert [(r.row, r.fault.reason, r.fault.byte, r.fault.path) for r in refusals] == [
        (1, "too_large", len(million), "f0")
    ]


def test_items_that_are_a_byte_here_and_eight_kilobytes_in_columns_are_too_large() -> None:
    wide = {"type": "record", "name": "wide", "fields": [{"name": f"x{i}", "type": "double"} for i in range(1000)]}
    decoder = decoder_of(record(array(["null", wide])))
    # 64 times the bytes, and 1 MiB: 131 rows of 8,000 bytes; 1,000 of them are 8 MB.
    block = number(100) + bytes(100)
    values, refusals = decoder.decode([block + b"\x00", block + block + b"\x00", number(1000) + bytes(1000) + b"\x00"])
    assert values.to_pylist() == [{"f0": [None] * 100}, None, None]
    assert [(r.row, r.fault.reason, r.fault.byte) for r in refusals] == [
        (1, "too_large", len(block)),
        (2, "too_large", 0),
    ]


def test_schemas_that_unfold_without_end_are_refused() -> None:
    doubling: Any = "int"
    for level in range(40):
        fields = [{"name": "a", "type": doubling}, {"name": "b", "type": f"n{level - 1}" if level else "int"}]
        doubling = {"type": "record", "name": f"n{level}", "fields": fields}
    with pytest.raises(Fault, match="wants at most"):
        decoder_of(doubling)


def test_schemas_nested_too_deeply_are_refused() -> None:
    for depth in (100, 100_000):
        schema: Any = "int"
        for _ in range(depth):
            schema = array(schema)
        with pytest.raises(Fault, match="wants at most 64 levels"):
            decoder_of(schema)


def test_rows_of_gigabytes_are_refused() -> None:
    with pytest.raises(UnsupportedSchema, match="in columns"):
        decoder_of(record(["null", {"type": "fixed", "name": "huge", "size": 2**30}]))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "nonsense",
        3,
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
        record("int", {"type": "array", "items": "r"}),
    ],
    ids=str,
)
def test_schemas_that_cannot_be_decoded_are_refused(broken: Any) -> None:
    with pytest.raises((Fault, UnsupportedSchema)):
        decoder_of(broken)
