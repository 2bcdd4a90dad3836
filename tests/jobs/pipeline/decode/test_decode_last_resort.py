"""What nobody foresaw in some bytes refuses these bytes; everything beside them is decoded as if they were not there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from decode_samples import SCHEMA, TEXT, alert, block, datum, header, is_ztf, messages, outcome, survey, wire
from source_reading import source

from jobs.packets.messages import Message
from jobs.packets.ranges import total
from jobs.packets.rejections import MESSAGE_LENGTH, Refusal
from jobs.pipeline.decode.container import announced
from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.splitting import Splitter
from jobs.pipeline.decode.unreadable import bisected, only_faults

ONE, TWO, THREE = (datum(alert(number)) for number in (1, 2, 3))


@pytest.mark.parametrize("error", [KeyError("k"), RecursionError("deep"), MemoryError(), OverflowError("year 58534")])
def test_an_exception_becomes_a_fault_with_its_name(error: Exception) -> None:
    with pytest.raises(Fault) as raised, only_faults():
        raise error
    assert raised.value.reason == "unreadable"
    assert raised.value.message.startswith(f"unreadable: {type(error).__name__}: {error}")
    assert "test_decode_last_resort.py:" in raised.value.message


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_what_ends_a_process_passes(error: BaseException) -> None:
    with pytest.raises(type(error)), only_faults():
        raise error


def test_a_fault_keeps_its_own_reason() -> None:
    with pytest.raises(Fault, match="wants this") as raised, only_faults():
        raise Fault("bad_datum", "wants this")
    assert raised.value.reason == "bad_datum"


@pytest.mark.parametrize("bad", [set(), {0}, {99}, {3, 4, 77}, set(range(100))])
def test_halving_blames_the_rows_that_raise_and_no_other(bad: set[int]) -> None:
    calls = []

    def work(rows: range) -> list[int]:
        calls.append(rows)
        if bad & set(rows):
            raise ValueError(rows)
        return list(rows)

    parts = list(bisected(work, range(100)))
    assert [row for rows, _ in parts for row in rows] == list(range(100))
    assert [row for rows, made in parts if isinstance(made, Fault) for row in rows] == sorted(bad)
    assert all(made == list(rows) for rows, made in parts if not isinstance(made, Fault))
    assert len(calls) == 1 if not bad else len(calls) <= 2 * len(bad) * 8


@pytest.mark.parametrize("logical", [[1], {"a": []}, 7, None, True, [[["timestamp-millis"]]]])
def test_a_logical_type_of_any_shape_is_passed_over(logical: Any, tmp_path: Path) -> None:
    odd = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "c", "type": {"type": "long", "logicalType": logical}}]}
    value = header(json.dumps(odd)) + block(ONE + b"\x02", 1)
    assert outcome(Decoder([survey()], None).decode(messages(value))) == [(0, 0, "")]


def raising(at: bytes) -> Any:
    real = Datums.decode

    def decode(self: Datums, datums: Any, target: Any) -> Any:
        if at in datums:
            raise MemoryError("too much")
        return real(self, datums, target)

    return decode


def test_a_datum_at_which_decoding_raises_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Datums, "decode", raising(TWO))
    values = [header() + block(ONE + TWO + THREE, 3), header() + block(THREE, 1)]
    decoded = Decoder([survey()], None, fast=False).decode(messages(*values))
    assert outcome(decoded) == [(0, 0, ""), (0, 1, "unreadable"), (0, 2, ""), (1, 0, "")]
    assert decoded.values == [ONE, THREE, THREE]
    assert [row["candid"] for row in decoded.groups[0].packets.to_pylist()] == [1, 3, 3]
    (refused,) = decoded.refused
    assert (refused.value, refused.schema) == (TWO, TEXT)
    assert refused.refusal.message.startswith("unreadable: MemoryError: too much")


def test_a_message_whose_splitting_raises_gives_as_many_entries_as_it_announces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bounds(self: Splitter, content: bytes, *_: Any) -> Any:
        raise RecursionError("deep")

    monkeypatch.setattr(Splitter, "_bounds", bounds)
    value = header() + block(ONE + TWO + THREE, 3)
    decoded = Decoder([survey()], None).decode([Message(ONE, TEXT), Message(value), Message(TWO, TEXT)])
    assert outcome(decoded) == [(0, 0, ""), *((1, index, "unreadable") for index in range(3)), (2, 0, "")]
    assert announced(value) == 3
    assert [each.value for each in decoded.refused] == [value, b"", b""]


def test_a_survey_that_raises_over_a_schema_refuses_its_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    def matches(schema: Mapping[str, Any]) -> bool:
        if schema["namespace"] == "bad":
            raise TypeError("unhashable")
        return is_ztf(schema)

    bad = header(json.dumps({**SCHEMA, "namespace": "bad"})) + block(ONE + TWO, 2)
    decoded = Decoder([survey(matches=matches)], None).decode(messages(bad, header() + block(THREE, 1)))
    assert outcome(decoded) == [(0, 0, "unreadable"), (0, 1, "unreadable"), (1, 0, "")]
    assert [each.value for each in decoded.refused] == [ONE, TWO]


def test_a_schema_that_raises_while_it_is_parsed_is_one_packet_for_planning_and_for_reading(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def parse(*_: Any) -> Any:
        raise ZeroDivisionError("of a schema")

    monkeypatch.setattr("jobs.pipeline.decode.writer_schema.parse", parse)
    value = header(json.dumps({**SCHEMA, "doc": "not parsed before"})) + block(ONE + TWO, 2)
    (tmp_path / "a.avro").write_bytes(value)
    assert total(source(tmp_path / "_spool", tmp_path / "a.avro").plan(1000)) == announced(value) == 1
    assert outcome(Decoder([survey()], None).decode(messages(value))) == [(0, 0, "unreadable")]


def test_a_wire_message_whose_schema_file_raises_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "7.avsc").write_text('{"type": "record", "name": "a", "fields": {"type": 7}}')
    (tmp_path / "8.avsc").write_text("[" * 100_000)
    (tmp_path / "9.avsc").write_bytes(b"\xff\xfe")
    (tmp_path / "10.avsc").write_text(TEXT)
    values = [wire(number, ONE) for number in (7, 8, 9, 10)]
    decoded = Decoder([survey()], tmp_path).decode(messages(*values))
    assert [reason for *_, reason in outcome(decoded)] == ["unknown_schema"] * 3 + [""]


def test_a_message_is_as_long_as_a_row_should_be_and_every_table_takes_it() -> None:
    refusal = Refusal("unreadable", "\ud800" + "x" * 100_000, "decode")
    assert refusal.message.startswith("\\ud800xxx")
    assert len(refusal.message.encode()) < 2 * MESSAGE_LENGTH
