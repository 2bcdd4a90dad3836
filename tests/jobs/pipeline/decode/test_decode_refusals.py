"""Every reason for a refusal, in all three formats, and the count of a file equal to the entries decoded from it."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from decode_samples import (
    SCHEMA,
    SYNC,
    TEXT,
    alert,
    block,
    chunk,
    datum,
    deflated,
    header,
    messages,
    outcome,
    survey,
    wire,
    zigzag,
)

from jobs.packets.messages import Message
from jobs.pipeline.decode.container import count_datums
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.decode.messages import Decoded

ONE, TWO, THREE = (datum(alert(number)) for number in (1, 2, 3))
GOOD = block(ONE, 1)
PAIR = block(ONE + TWO, 2)


def decode(*values: bytes, limits: Limits = DEFAULT) -> Decoded:
    return Decoder([survey()], None, limits).decode(messages(*values))


def reasons(value: bytes, limits: Limits = DEFAULT) -> list[str]:
    """The outcome of one message: a reason per entry, "" for a datum; the entries are numbered without a gap."""
    entries = outcome(decode(value, limits=limits))
    assert [index for _, index, _ in entries] == list(range(len(entries)))
    return [reason for _, _, reason in entries]


HOSTILE: dict[str, tuple[bytes, list[str]]] = {
    "sound": (header() + GOOD + PAIR, ["", "", ""]),
    "no blocks": (header(), []),
    "deflated": (header(codec=b"deflate") + block(deflated(ONE + TWO), 2), ["", ""]),
    "deflated by Python, checksum left behind": (header(codec=b"deflate") + block(zlib.compress(ONE)[2:-1], 1), [""]),
    "cut in a block's datum": (header() + GOOD + PAIR[:-40], ["", "truncated"]),
    "cut in a sync marker": (header() + GOOD + PAIR[:-1], ["", "truncated"]),
    "cut in a block's size": (header() + GOOD + PAIR[:2], ["", "truncated"]),
    "cut in the header's schema": (header()[:90], ["truncated"]),
    "cut in the header's sync marker": (header()[:-1], ["truncated"]),
    "cut in the magic": (b"Obj", ["truncated"]),
    "empty": (b"", ["not_avro"]),
    "JSON": (b'{"objectId": "ZTF1"}', ["not_avro"]),
    "garbage behind the last block": (header() + GOOD + b"garbage" * 9, ["", "trailing_bytes"]),
    "a newline behind the last block": (header() + GOOD + b"\n", ["", "truncated"]),  # a count of 5, no size
    "another sync marker": (header() + GOOD + block(ONE, 1, SYNC[::-1]) + GOOD, ["", "not_avro"]),
    "a byte behind the datum": (header() + block(ONE + b"\x00", 1) + GOOD, ["trailing_bytes", ""]),
    "a byte behind the second datum": (header() + block(ONE + TWO + b"\x00", 2) + GOOD, ["", "trailing_bytes", ""]),
    "two records where one is announced": (header() + block(ONE + TWO, 1) + GOOD, ["trailing_bytes", ""]),
    "one record where two are announced": (header() + block(ONE, 2) + GOOD, ["", "truncated", ""]),
    "a cut record among three": (
        header() + block(ONE + TWO[:-1] + THREE, 3) + GOOD,
        ["", "truncated", "truncated", ""],  # the length of the third's objectId reads as a count of 4 items
    ),
    "bytes behind the deflate stream": (
        header(codec=b"deflate") + block(deflated(ONE) + b"abc", 1),
        ["trailing_bytes"],
    ),
    "a deflate stream without an end": (
        header(codec=b"deflate") + block(deflated(ONE + TWO)[:-3], 2) + block(deflated(ONE), 1),
        ["truncated", "truncated", ""],
    ),
    "a block that is not deflated": (header(codec=b"deflate") + block(b"\xff" * 40, 1), ["bad_datum"]),
    "a block that inflates to a gigabyte": (
        header(codec=b"deflate") + block(deflated(bytes(1 << 27)), 1) + block(deflated(ONE), 1),
        ["too_large", ""],
    ),
    "a block of 2 GiB": (header() + GOOD + zigzag(1) + zigzag(1 << 31) + ONE, ["", "truncated"]),
    "a block of negative size": (header() + GOOD + zigzag(1) + zigzag(-1) + ONE, ["", "trailing_bytes"]),
    "a block of 2^40 records": (header() + GOOD + block(ONE, 1 << 40), ["", "too_large"]),
    "a block of more records than it has bytes": (header() + block(ONE, len(ONE)), ["bad_datum"]),
    "an empty block": (header() + block(b"", 0) + GOOD, [""]),
    "an empty deflated block": (header(codec=b"deflate") + block(deflated(b""), 0) + block(deflated(ONE), 1), [""]),
    "bytes in a block of no records": (header() + block(ONE, 0) + GOOD, ["trailing_bytes"]),
    "deflated bytes in a block of no records": (header(codec=b"deflate") + block(deflated(ONE), 0), ["trailing_bytes"]),
    "lz4, which Avro does not name": (header(codec=b"lz4") + PAIR, ["wrong_codec"]),
    "a codec that is no text": (header(codec=b"\xff\x00") + PAIR, ["wrong_codec"]),
    "no schema in the header": (b"Obj\x01\x00" + SYNC + GOOD, ["unknown_schema"]),
    "a header of 2 GiB": (b"Obj\x01" + zigzag(2) + zigzag(1 << 31) + b"avro.schema", ["too_large"]),
    "a header of 2^50 entries": (b"Obj\x01" + zigzag(1 << 50) + b"\x02a\x02b", ["truncated"]),
    "a schema that is no JSON": (header("{") + GOOD, ["unknown_schema"]),
    "a schema that is no schema": (header('{"type": "record", "name": "alert"}') + GOOD, ["unknown_schema"]),
    "a schema of a million brackets": (header("[" * 400_000) + GOOD, ["unknown_schema"]),
    "a schema of a megabyte": (header(TEXT + " " * (1 << 20)) + GOOD, ["too_large"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_damage_has_its_reason_and_the_neighbours_go_on(name: str) -> None:
    value, expected = HOSTILE[name]
    assert reasons(value) == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_the_count_of_a_file_is_what_the_decoder_makes_of_it(name: str, tmp_path: Path) -> None:
    value, expected = HOSTILE[name]
    (tmp_path / "hostile.avro").write_bytes(value)
    assert count_datums(tmp_path / "hostile.avro") == len(expected)


def test_the_count_is_right_wherever_a_file_is_cut_and_whatever_byte_is_changed(tmp_path: Path) -> None:
    sound = header(json.dumps({**SCHEMA, "doc": ""})) + GOOD + PAIR
    cut = [sound[:at] for at in range(0, len(sound), 7)]
    changed = [sound[:at] + bytes([sound[at] ^ 0x55]) + sound[at + 1 :] for at in range(0, len(sound), 3)]
    for value in cut + changed:
        (tmp_path / "file.avro").write_bytes(value)
        assert count_datums(tmp_path / "file.avro") == len(reasons(value))


def test_a_refused_datum_keeps_its_bytes_and_its_schema() -> None:
    behind = block(ONE + TWO[:-1] + THREE, 3)
    decoded = decode(header() + behind + GOOD + b"garbage")
    bad, lost, rest = decoded.refused
    assert (bad.index, bad.value, bad.schema) == (1, TWO[:-1] + THREE, TEXT)
    assert (lost.index, lost.value) == (2, b"") and "behind a bad record in the same block" in lost.refusal.message
    assert (rest.index, rest.value, rest.refusal.where) == (4, b"garbage", "container")
    assert decoded.values == [ONE, ONE]


def test_bytes_behind_a_datum_are_kept_with_it() -> None:
    (refused,) = decode(header(codec=b"deflate") + block(deflated(ONE + TWO) + b"abc", 2)).refused
    assert refused.value == TWO + b"abc"
    assert refused.refusal.message == f"wants the datum to end, found 3 bytes more; at byte {len(TWO)}"


def test_a_bad_datum_is_told_by_byte_and_field() -> None:
    # objectId "ZTF1" takes 5 bytes, candid 1: the length of isdiffpos stands behind jd (8) and magpsf (1 + 4)
    at = 5 + 1 + 8 + 5
    assert ONE[at : at + 2] == b"\x02t"
    (refused,) = decode(header() + block(ONE[:at] + b"\x02\xff" + ONE[at + 2 :], 1)).refused
    assert refused.refusal.reason == "bad_datum" and refused.refusal.where == "decode"
    assert refused.refusal.message == f"wants UTF-8, found invalid start byte; at byte {at + 1} (candidate.isdiffpos)"


def test_a_length_of_two_gigabytes_is_told_by_the_bytes_left() -> None:
    (refused,) = decode(header() + block(zigzag(1 << 31) + ONE, 1)).refused
    assert refused.refusal.message == f"wants 2147483648 bytes, {len(ONE)} are left; at byte 5 (objectId)"


def test_an_array_of_two_to_the_forty_items_is_too_large() -> None:
    start = datum(alert(1, previous=0))[:-1]  # the last byte is the union branch of prv_candidates: null
    assert reasons(header() + block(start + b"\x02" + zigzag(1 << 40) + b"\x00" * 99, 1)) == ["too_large"]
    assert reasons(header() + block(start + b"\x02" + zigzag(-(1 << 40)) + b"\x00" * 99, 1)) == ["too_large"]


def test_a_packet_over_the_limit_is_too_large() -> None:
    limits = Limits(max_packet_bytes=len(ONE))
    larger = datum(alert(12345, previous=3))
    assert reasons(header() + block(larger, 1) + GOOD, limits) == ["too_large", ""]
    assert reasons(header() + block(larger + ONE, 2) + GOOD, limits) == ["too_large", "", ""]


def test_blocks_that_inflate_to_too_much_together_are_too_large() -> None:
    large = {**alert(1), "objectId": "x" * 5000}
    value = header(codec=b"deflate") + block(deflated(datum(large)), 1) * 5
    room = 2 * len(datum(large)) + 10
    assert reasons(value, Limits(max_container_bytes=room)) == ["", "", "too_large", "too_large", "too_large"]
    assert 4 * len(value) < room  # otherwise the container's own size would be the limit


def test_blocks_that_inflate_too_far_use_up_the_room_of_those_behind_them() -> None:
    bomb = block(deflated(bytes(4000)), 1)
    value = header(codec=b"deflate") + bomb * 3 + block(deflated(ONE), 1)
    limits = Limits(max_inflated_bytes=3000, max_container_bytes=9000)
    assert 4 * len(value) < 9000
    assert reasons(value, limits) == ["too_large"] * 4
    assert reasons(value, Limits(max_inflated_bytes=3000, max_container_bytes=9100)) == ["too_large"] * 3 + [""]


def test_more_records_than_the_limit_are_too_large(tmp_path: Path) -> None:
    limits = Limits(max_records=3)
    (tmp_path / "file.avro").write_bytes(header() + PAIR + PAIR + PAIR)
    assert reasons(header() + PAIR + PAIR + PAIR, limits) == ["", "", "too_large"]
    assert count_datums(tmp_path / "file.avro", limits) == 3


OTHERS = {
    "winter": {**SCHEMA, "namespace": "winter"},
    "zuds": {**SCHEMA, "fields": SCHEMA["fields"][:2]},
    "string": "string",
    "enum": {"type": "enum", "name": "alert", "namespace": "ztf", "symbols": ["a"]},
    "union": ["null", SCHEMA],
}
OTHER_DATUMS = {
    "winter": ONE,
    "zuds": datum({"objectId": "a", "candid": 1}, OTHERS["zuds"]),
    "string": b"\x02a",
    "enum": b"\x00",
    "union": b"\x02" + ONE,
}


@pytest.mark.parametrize("name", OTHERS)
def test_packets_of_other_surveys_are_unknown_and_kept_one_by_one(name: str) -> None:
    text, one = json.dumps(OTHERS[name]), OTHER_DATUMS[name]
    decoded = decode(header(text) + block(one * 2, 2) + block(one, 1))
    assert [(each.index, each.value, each.schema) for each in decoded.refused] == [(i, one, text) for i in range(3)]
    assert {(each.refusal.reason, each.refusal.where) for each in decoded.refused} == {("unknown_survey", "decode")}


def test_an_unknown_survey_is_told_by_its_name() -> None:
    (refused,) = decode(header(json.dumps(OTHERS["winter"])) + GOOD).refused
    assert refused.refusal.message == "wants a packet of ztf, found writer schema winter.alert 3.3"


def wired(directory: Path, *values: bytes) -> list[str]:
    (directory / "303.avsc").write_text(TEXT)
    (directory / "304.avsc").write_text(json.dumps(OTHERS["winter"]))
    decoded = Decoder([survey()], directory).decode(messages(*values))
    assert all(each.value == values[each.message] and each.schema is None for each in decoded.refused)
    assert [
        each.refusal.where for each in decoded.refused if each.refusal.reason in ("not_avro", "unknown_schema")
    ] in ([], ["wire"])
    return [reason for _, _, reason in outcome(decoded)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (wire(303, ONE), ""),
        (wire(303, ONE + b"\x00"), "trailing_bytes"),
        (wire(303, ONE + TWO), "trailing_bytes"),
        (wire(303, ONE[:-1]), "truncated"),
        (wire(303, b""), "truncated"),
        (wire(303, b"")[:4], "truncated"),
        (wire(303, b"\x01" + ONE), "bad_datum"),
        (wire(305, ONE), "unknown_schema"),
        (wire(2**32 - 1, ONE), "unknown_schema"),
        (b"\x00" + (303).to_bytes(4, "little") + ONE, "unknown_schema"),
        (wire(304, ONE), "unknown_survey"),
        (b"\x01" + wire(303, ONE)[1:], "not_avro"),
    ],
)
def test_each_damage_of_a_wire_message_has_its_reason(value: bytes, reason: str, tmp_path: Path) -> None:
    assert wired(tmp_path, value) == [reason]
    assert wired(tmp_path, wire(303, ONE), value, wire(303, TWO)) == ["", reason, ""]


@pytest.mark.parametrize(
    ("value", "schema", "reason"),
    [
        (ONE, TEXT, ""),
        (ONE + b"\x00", TEXT, "trailing_bytes"),
        (ONE[:-1], TEXT, "truncated"),
        (b"", TEXT, "truncated"),
        (ONE, "{", "unknown_schema"),
        (header() + GOOD, TEXT, "bad_datum"),
    ],
)
def test_each_damage_of_a_bare_datum_has_its_reason(value: bytes, schema: str, reason: str) -> None:
    decoded = Decoder([survey()], None).decode([Message(value, schema)])
    assert outcome(decoded) == [(0, 0, reason)]
    assert [(each.value, each.schema) for each in decoded.refused] == ([(value, schema)] if reason else [])


def test_a_wire_message_without_a_schema_directory_is_unknown() -> None:
    (refused,) = decode(wire(303, ONE)).refused
    assert "no schema directory is configured" in refused.refusal.message


UNSAFE: dict[str, Any] = {
    "items of no bytes": {"name": "x", "type": {"type": "array", "items": "null"}},
    "items of a record of no bytes": {
        "name": "x",
        "type": {"type": "array", "items": {"type": "record", "name": "r", "fields": []}},
    },
    "items of a fixed of no bytes": {
        "name": "x",
        "type": {"type": "array", "items": {"type": "fixed", "name": "f", "size": 0}},
    },
    "items of no bytes in a map": {"name": "x", "type": {"type": "map", "values": {"type": "array", "items": "null"}}},
    "a record that holds itself": {
        "name": "x",
        "type": {"type": "record", "name": "r", "fields": [{"name": "next", "type": ["null", "r"]}]},
    },
    "an undefined name": {"name": "x", "type": "nobody"},
    "an empty union": {"name": "x", "type": []},
    "a negative fixed": {"name": "x", "type": {"type": "fixed", "name": "f", "size": -1}},
    "symbols that are none": {"name": "x", "type": {"type": "enum", "name": "e", "symbols": 3}},
    "a field twice": {"name": "candid", "type": "long"},
    "a name that is no name": {"name": 3, "type": "long"},
    "a type that is a number": {"name": "x", "type": 3},
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_writer_schema_that_could_cost_without_bound_or_is_none_is_unknown(name: str) -> None:
    text = json.dumps({**SCHEMA, "fields": [*SCHEMA["fields"], UNSAFE[name]]})
    assert reasons(header(text) + block(ONE + b"\x00", 1)) == ["unknown_schema"]


def test_a_value_that_does_not_fit_the_packet_type_refuses_only_its_row() -> None:
    fields = [*SCHEMA["fields"], {"name": "ndethist", "type": "long"}]  # asked as int32
    schema = {**SCHEMA, "fields": fields}
    rows = [datum({**alert(number), "ndethist": count}, schema) for number, count in enumerate((7, 1 << 40, 9, 10))]
    decoded = decode(header(json.dumps(schema)) + block(b"".join(rows), 4))
    (group,) = decoded.groups
    assert group.packets.field("ndethist").to_pylist() == [7, 9, 10]
    assert (list(group.rows), list(decoded.index), group.versions) == ([0, 1, 2], [0, 2, 3], ["3.3"] * 3)
    (refused,) = decoded.refused
    assert (refused.index, refused.value, refused.refusal.reason) == (1, rows[1], "bad_datum")
    assert "1099511627776" in refused.refusal.message


def test_fields_that_the_writer_lacks_are_null_and_those_not_asked_are_left_out() -> None:
    (group,) = decode(header() + GOOD).groups
    (packet,) = group.packets.to_pylist()
    candidate = {"jd": 2459001.5, "magpsf": 18.5, "isdiffpos": "t"}
    history = [{"jd": 2459000.5, "magpsf": None, "isdiffpos": "t"}]
    expected = {"objectId": "ZTF1", "candid": 1, "candidate": candidate, "prv_candidates": history, "ndethist": None}
    assert packet == expected


def test_header_entries_may_come_in_any_order_and_number() -> None:
    entries = chunk(b"avro.codec") + chunk(b"null") + chunk(b"origin") + chunk(b"\xff") + chunk(b"avro.schema")
    value = b"Obj\x01" + zigzag(3) + entries + chunk(TEXT.encode()) + b"\x00" + SYNC + PAIR
    assert reasons(value) == ["", ""]
    no_codec = b"Obj\x01" + zigzag(-1) + zigzag(999) + chunk(b"avro.schema") + chunk(TEXT.encode()) + b"\x00" + SYNC
    assert reasons(no_codec + GOOD) == [""]


def test_nothing_in_gives_nothing_out() -> None:
    decoded = decode()
    assert (decoded.values, decoded.groups, decoded.refused, len(decoded.message)) == ([], [], [], 0)
