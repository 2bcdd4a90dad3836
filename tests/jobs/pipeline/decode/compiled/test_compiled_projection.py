"""What is asked for, by name and type: left out, missing, converted."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from avro_oracle import as_type, decoder_of, plain, same
from avro_packets import records_of
from avro_random import number

from jobs.pipeline.decode.compiled import UnsupportedSchema


def record(**types: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": name, "type": kind} for name, kind in types.items()]}


def decoded(schema: Any, wanted: pa.StructType | None, *datums: bytes) -> list[Any]:
    array, refusals = decoder_of(schema, wanted).decode(datums)
    array.validate(full=True)
    assert not refusals
    return array.to_pylist()


def test_isdiffpos_of_schema_0_an_int_reads_as_text() -> None:
    wanted = pa.struct([("isdiffpos", pa.string())])
    assert decoded(record(isdiffpos="int"), wanted, b"\x02", b"\x00", b"\x01") == [
        {"isdiffpos": "1"},
        {"isdiffpos": "0"},
        {"isdiffpos": "-1"},
    ]
    assert decoded(record(isdiffpos="string"), wanted, b"\x02t") == [{"isdiffpos": "t"}]
    assert decoded(record(isdiffpos=["null", "long"]), wanted, b"\x00", b"\x02\x06") == [
        {"isdiffpos": None},
        {"isdiffpos": "3"},
    ]


@pytest.mark.parametrize(
    ("kind", "wanted", "datum", "value"),
    [
        ("int", pa.int64(), b"\x05", -3),
        ("int", pa.float32(), b"\x05", -3.0),
        ("int", pa.float64(), b"\x05", -3.0),
        ("long", pa.float64(), number(2**62), 2.0**62),
        ("long", pa.float32(), b"\x05", -3.0),
        ("float", pa.float64(), b"\x00\x00\x80\x3f", 1.0),
        ("string", pa.binary(), b"\x02t", b"t"),
        ({"type": "enum", "name": "e", "symbols": ["g", "r"]}, pa.string(), b"\x02", "r"),
    ],
)
@pytest.mark.parametrize("nullable", [False, True])
def test_harmless_conversions_are_made(
    kind: Any, wanted: pa.DataType, datum: bytes, value: Any, nullable: bool
) -> None:
    schema = record(x=["null", kind] if nullable else kind)
    prefix = b"\x02" if nullable else b""
    values = decoded(schema, pa.struct([("x", wanted)]), prefix + datum, *([b"\x00"] if nullable else []))
    assert values == [{"x": value}, {"x": None}][: 1 + nullable]
    assert type(values[0]["x"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("long", pa.int32()),
        ("double", pa.float32()),
        ("float", pa.int32()),
        ("double", pa.string()),
        ("string", pa.int32()),
        ("bytes", pa.string()),
        ("boolean", pa.int32()),
        ("int", pa.struct([("y", pa.int32())])),
        (record(y="int") | {"name": "s"}, pa.int32()),
        ({"type": "array", "items": "int"}, pa.int32()),
        ({"type": "array", "items": "int"}, pa.map_(pa.string(), pa.int32())),
        ({"type": "map", "values": "int"}, pa.list_(pa.int32())),
        ({"type": "fixed", "name": "f", "size": 4}, pa.binary(5)),
        ({"type": "enum", "name": "e", "symbols": ["g"]}, pa.int32()),
        (["int", "string"], pa.int32()),
    ],
)
def test_other_conversions_are_refused_with_the_field(kind: Any, wanted: pa.DataType) -> None:
    schema = record(outer=record(x=kind) | {"name": "inside"})
    with pytest.raises(UnsupportedSchema, match=r"outer\.x"):
        decoder_of(schema, pa.struct([("outer", pa.struct([("x", wanted)]))]))


def test_two_wanted_fields_of_one_name_are_refused() -> None:
    with pytest.raises(UnsupportedSchema, match="one name"):
        decoder_of(record(x="int"), pa.struct([("x", pa.int32()), ("x", pa.int64())]))


def test_what_the_writer_lacks_is_null_and_the_order_is_the_wanted_one() -> None:
    wanted = pa.struct(
        [("b", pa.int32()), ("no", pa.list_(pa.string())), ("a", pa.int32()), ("none", pa.struct([("x", pa.int8())]))]
    )
    rows = decoded(record(a="int", skipped="string", b="int"), wanted, b"\x02\x04xx\x04")
    assert rows == [{"b": 2, "no": None, "a": 1, "none": None}]
    assert list(rows[0]) == ["b", "no", "a", "none"]


def test_an_unwanted_array_is_stepped_over_once_and_what_follows_is_found() -> None:
    history = {"type": "array", "items": record(x="string") | {"name": "point"}}
    schema = record(a="int", history=["null", history], tags={"type": "map", "values": "bytes"}, b="int")
    datum = b"\x02" + b"\x02\x04\x06abc\x02d\x00" + b"\x02\x02k\x04vv\x00" + b"\x08"
    assert decoded(schema, pa.struct([("a", pa.int32()), ("b", pa.int32())]), datum, b"\x02\x00\x00\x0a") == [
        {"a": 1, "b": 4},
        {"a": 1, "b": 5},
    ]


def test_general_unions_are_stepped_over() -> None:
    schema = record(u=["null", "int", "string", {"type": "array", "items": "double"}], last="int")
    datums = [b"\x00\x02", b"\x02\x7e\x04", b"\x04\x06abc\x06", b"\x06\x02" + bytes(8) + b"\x00\x08"]
    assert decoded(schema, pa.struct([("last", pa.int32())]), *datums) == [{"last": n} for n in (1, 2, 3, 4)]


def test_fields_of_a_null_struct_are_null() -> None:
    schema = record(s=["null", record(x="int", t="string", deep=record(y="double") | {"name": "d"}) | {"name": "s"}])
    array, _ = decoder_of(schema).decode([b"\x00", b"\x02\x02\x02t" + bytes(8)])
    inner = array.field("s")
    assert inner.to_pylist() == [None, {"x": 1, "t": "t", "deep": {"y": 0.0}}]
    assert inner.field("x").to_pylist() == [None, 1]
    assert inner.field("t").to_pylist() == [None, "t"]
    assert inner.field("deep").to_pylist() == [None, {"y": 0.0}]
    assert inner.field("deep").field("y").to_pylist() == [None, 0.0]


def test_numbers_with_a_logical_type_are_read_as_they_are_written() -> None:
    def logical(kind: str, name: Any) -> dict[str, Any]:
        return {"type": kind, "logicalType": name}

    day, uuid = logical("int", "date"), logical("string", "uuid")
    schema = record(day=day, us=logical("long", "timestamp-micros"), uuid=uuid, odd=logical("long", ["nobody"]))
    datum = number(1) + number(1_000_000) + b"\x02u\x0e"
    assert decoded(schema, None, datum) == [{"day": 1, "us": 1_000_000, "uuid": "u", "odd": 7}]


@pytest.mark.parametrize("namespace", ["a.b", ""])
def test_names_resolve_in_the_namespace_around_them(namespace: str) -> None:
    inner = {"type": "record", "name": "point", "fields": [{"name": "x", "type": "int"}]}
    full = f"{namespace}.point" if namespace else "point"
    dotted = {"type": "record", "name": "c.d.point", "fields": [{"name": "y", "type": "string"}]}
    schema = record(one=inner, two="point", three=full, four=dotted, five="c.d.point") | {"namespace": namespace}
    datum = b"\x02\x04\x06\x02s\x02t"
    assert decoded(schema, None, datum) == [
        {"one": {"x": 1}, "two": {"x": 2}, "three": {"x": 3}, "four": {"y": "s"}, "five": {"y": "t"}}
    ]


def test_a_projection_of_real_packets_is_part_of_the_whole(real_alerts: Path) -> None:
    point = pa.struct([("jd", pa.float64()), ("magpsf", pa.float64()), ("fid", pa.int64()), ("nothing", pa.bool_())])
    wanted = pa.struct([("prv_candidates", pa.list_(point)), ("objectId", pa.string()), ("candidate", point)])
    schema, records = records_of(min((real_alerts / "ztf_alerts").glob("*.avro")))
    whole, _ = decoder_of(schema).decode(records)
    part, _ = decoder_of(schema, wanted).decode(records)
    for ours, theirs in zip(part.to_pylist(), whole.to_pylist(), strict=True):
        assert same(plain(ours), as_type(theirs, wanted))
