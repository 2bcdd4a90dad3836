"""The safety walk against fastavro: what it accepts, fastavro reads to the same byte; and it is never fooled."""

import io
import struct
from typing import Any

import fastavro
import pytest
from decode_samples import SCHEMA, alert, chunk, datum, zigzag
from fastavro.schema import parse_schema
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobs.pipeline.decode.compiled import DatumDecoder, parse
from jobs.pipeline.decode.compiled.varint import read_long
from jobs.pipeline.decode.fault import Fault

LONGS = st.integers(-(1 << 63), (1 << 63) - 1)


def walk(schema: Any, data: bytes, max_values: int = 1_000_000) -> int:
    """Where the datum ends that begins with the data."""
    (_, *ends), wrong = DatumDecoder(parse(schema), None, max_values).split(data, 1)
    if wrong is not None:
        raise wrong
    return int(ends[0])


def fault(schema: Any, data: bytes, max_values: int = 1_000_000) -> tuple[str, int | None, str]:
    with pytest.raises(Fault) as caught:
        walk(schema, data, max_values)
    return caught.value.reason, caught.value.byte, caught.value.path


@given(LONGS, st.binary(max_size=3))
def test_longs_are_read_as_the_specification_writes_them(number: int, behind: bytes) -> None:
    assert read_long(zigzag(number) + behind, 0) == (number, len(zigzag(number)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"\x80", "truncated"),
        (b"\xff" * 9, "truncated"),
        (b"\xff" * 10, "bad_datum"),
        (b"\xff" * 10 + b"\x00", "bad_datum"),
        (b"\xff" * 9 + b"\x02", "bad_datum"),
    ],
)
def test_longs_that_end_early_or_have_more_than_64_bits_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Fault) as caught:
        read_long(data, 0)
    assert caught.value.reason == reason


RECORD = {
    "type": "record",
    "name": "r",
    "fields": [{"name": "a", "type": "long"}, {"name": "b", "type": {"type": "array", "items": "boolean"}}],
}
ENUM = {"type": "enum", "name": "e", "symbols": ["x", "y"]}
FIXED = {"type": "fixed", "name": "f", "size": 4}
BOOLEANS = {"type": "array", "items": "boolean"}
INTS = {"type": "map", "values": "int"}


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        ("boolean", b"\x02", ("bad_datum", 0, "")),  # fastavro: True
        ("int", zigzag(1 << 31), ("bad_datum", 0, "")),  # fastavro: 2147483648
        ("int", zigzag(-(1 << 31) - 1), ("bad_datum", 0, "")),
        ("double", b"1234567", ("truncated", 0, "")),
        ("string", zigzag(2) + b"\xff\xfe", ("bad_datum", 1, "")),
        ("string", zigzag(-1) + b"abc", ("bad_datum", 0, "")),
        ("bytes", zigzag(-1) + b"abc", ("bad_datum", 0, "")),
        ("bytes", zigzag(1 << 62) + b"abc", ("truncated", 10, "")),
        (FIXED, b"abc", ("truncated", 0, "")),
        (ENUM, zigzag(2), ("bad_datum", 0, "")),
        (ENUM, zigzag(-1), ("bad_datum", 0, "")),  # fastavro: "y"
        (["null", "int"], zigzag(2), ("bad_datum", 0, "")),
        (["null", "int"], zigzag(-1) + b"\x02", ("bad_datum", 0, "")),  # fastavro: 1
        (BOOLEANS, zigzag(2) + b"\x01\x07\x00", ("bad_datum", 2, "[1]")),
        (BOOLEANS, zigzag(1) + b"\x01" + zigzag(1) + b"\x07\x00", ("bad_datum", 3, "[1]")),
        (BOOLEANS, zigzag(9) + b"\x01\x00", ("truncated", 1, "")),
        (BOOLEANS, zigzag(1) + b"\x01", ("truncated", 2, "")),
        (BOOLEANS, zigzag(-2) + zigzag(3) + b"\x01\x01\x00\x00", ("bad_datum", 4, "")),  # fastavro: two booleans
        (BOOLEANS, zigzag(-2) + zigzag(-3) + b"\x01\x01\x00", ("bad_datum", 0, "")),
        (BOOLEANS, zigzag(-2) + zigzag(1 << 40) + b"\x01\x01\x00", ("truncated", 7, "")),
        (BOOLEANS, zigzag(-(1 << 63)) + zigzag(2) + b"\x01\x01\x00", ("too_large", 0, "")),
        (INTS, zigzag(1) + chunk(b"\xff") + b"\x02\x00", ("bad_datum", 2, "[0]")),
        (RECORD, zigzag(5) + zigzag(1) + b"\x05\x00", ("bad_datum", 2, "b[0]")),
        (RECORD, zigzag(5) + b"\x80", ("truncated", 1, "b")),
    ],
)
def test_what_fastavro_swallows_or_stumbles_over_is_told_by_byte_and_field(
    schema: Any, data: bytes, expected: tuple[str, int | None, str]
) -> None:
    assert fault(schema, data) == expected


def test_values_are_counted_over_all_arrays_of_a_datum_nulls_included() -> None:
    item = {"type": "record", "name": "i", "fields": [{"name": c, "type": ["null", "long"]} for c in "abc"]}
    schema = {"type": "array", "items": item}
    data = zigzag(2) + b"\x00" * 6 + zigzag(-1) + zigzag(3) + b"\x00" * 3 + b"\x00"
    assert walk(schema, data, max_values=12) == len(data)  # 3 items of a record and three values each
    assert fault(schema, data, max_values=11) == ("too_large", 7, "")


LEAVES = {
    "null": (st.none(), "null"),
    "boolean": (st.booleans(), "boolean"),
    "int": (st.integers(-(1 << 31), (1 << 31) - 1), "int"),
    "long": (LONGS, "long"),
    "float": (st.floats(width=32, allow_nan=False), "float"),
    "double": (st.floats(allow_nan=False), "double"),
    "string": (st.text(max_size=5), "string"),
    "bytes": (st.binary(max_size=5), "bytes"),
}


@st.composite
def schemas_and_values(draw: st.DrawFn) -> tuple[Any, Any]:
    """A random writer schema with a value of it."""
    names = iter(range(10_000))

    def make(depth: int) -> tuple[Any, st.SearchStrategy[Any]]:
        kind = draw(
            st.sampled_from([*LEAVES, "enum", "fixed", *(["array", "map", "record", "nullable"] * 3 * (depth > 0))])
        )
        if kind in LEAVES:
            return LEAVES[kind][1], LEAVES[kind][0]
        if kind == "enum":
            return {"type": "enum", "name": f"n{next(names)}", "symbols": ["x", "y"]}, st.sampled_from("xy")
        if kind == "fixed":
            return {"type": "fixed", "name": f"n{next(names)}", "size": 3}, st.binary(min_size=3, max_size=3)
        if kind == "record":
            name = f"n{next(names)}"
            parts = {f"f{number}": make(depth - 1) for number in range(draw(st.integers(0, 3)))}
            fields = [{"name": key, "type": part} for key, (part, _) in parts.items()]
            values = st.fixed_dictionaries({key: value for key, (_, value) in parts.items()})
            return {"type": "record", "name": name, "fields": fields}, values
        inner, value = make(depth - 1)
        if kind == "nullable":
            return (
                (inner, value) if inner == "null" or isinstance(inner, list) else (["null", inner], st.none() | value)
            )
        if kind == "array":
            return {"type": "array", "items": inner}, st.lists(value, max_size=3)
        return {"type": "map", "values": inner}, st.dictionaries(st.text(max_size=3), value, max_size=3)

    schema, values = make(3)
    return schema, draw(values)


@settings(max_examples=200, deadline=None)
@given(schemas_and_values(), st.binary(max_size=3))
def test_a_sound_datum_of_any_schema_ends_where_its_writer_ended(pair: tuple[Any, Any], behind: bytes) -> None:
    schema, value = pair
    written = datum(value, schema)
    try:
        parse(schema)
    except Fault:
        return assume(False)
    assert walk(schema, written + behind) == len(written)


@settings(max_examples=400, deadline=None)
@given(schemas_and_values(), st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=2)), min_size=1, max_size=3))
def test_whatever_is_accepted_of_a_mutated_datum_fastavro_reads_to_the_same_byte(
    pair: tuple[Any, Any], edits: list[tuple[int, bytes]]
) -> None:
    schema, value = pair
    data = datum(value, schema)
    for at, replacement in edits:
        data = data[:at] + replacement + data[at + 1 :]
    try:
        end = walk(schema, data)
    except Fault:
        return
    stream = io.BytesIO(data)
    fastavro.schemaless_reader(stream, parse_schema(schema, named_schemas={}), None)
    assert stream.tell() == end


def test_every_cut_of_a_packet_is_truncated_and_no_cut_is_accepted() -> None:
    whole = datum(alert(1, previous=3))
    assert {fault(SCHEMA, whole[:at])[0] for at in range(len(whole))} == {"truncated"}
    assert walk(SCHEMA, whole) == len(whole)


def test_floats_of_all_bits_are_taken() -> None:
    assert walk("float", struct.pack("<f", float("nan"))) == 4
