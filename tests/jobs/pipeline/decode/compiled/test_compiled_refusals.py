"""Broken datums by hand: reason, byte and field path; and that their neighbours do not notice."""

import numpy as np
import pyarrow as pa
import pytest
from avro_oracle import decoder_of
from avro_random import number

from jobs.pipeline.decode.compiled import DatumDecoder

SCHEMA = {
    "type": "record",
    "name": "alert",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": "string"},
        {"name": "mag", "type": ["null", "float"]},
        {
            "name": "history",
            "type": [
                "null",
                {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "point",
                        "fields": [
                            {"name": "good", "type": "boolean"},
                            {"name": "a", "type": ["float", "null"]},
                            {"name": "b", "type": ["float", "null"]},
                            {"name": "n", "type": "int"},
                        ],
                    },
                },
            ],
        },
        {"name": "band", "type": {"type": "enum", "name": "band", "symbols": ["g", "r"]}},
    ],
}
# id 3 | "ab" | mag null | history: one item: good, a null, b null, n -1; end | band r
GOOD = b"\x06" + b"\x04ab" + b"\x00" + b"\x02" + b"\x02" + b"\x01\x02\x02\x01" + b"\x00" + b"\x02"
VALUE = {"id": 3, "name": "ab", "mag": None, "history": [{"good": True, "a": None, "b": None, "n": -1}], "band": "r"}


@pytest.fixture(scope="module")
def decoder() -> DatumDecoder:
    return decoder_of(SCHEMA)


def changed(at: int, to: bytes) -> bytes:
    return GOOD[:at] + to + GOOD[at + 1 :]


BROKEN = [
    ("cut in a string", GOOD[:3], "truncated", 2, "name"),
    ("cut in the history: 2 bytes are left for an item of 4 at least", GOOD[:9], "truncated", 7, "history"),
    (
        "cut in the history's last item",
        GOOD[:6] + b"\x04" + b"\x01\x00abcd\x00abcd\x01",
        "truncated",
        19,
        "history[1].good",
    ),
    ("cut before the last field", GOOD[:12], "truncated", 12, "band"),
    ("empty", b"", "truncated", 0, "id"),
    ("a string longer than the datum", changed(1, b"\x7e"), "truncated", 2, "name"),
    ("a string of negative length", changed(1, b"\x03"), "bad_datum", 1, "name"),
    ("a string that is not UTF-8", changed(2, b"\xff"), "bad_datum", 2, "name"),
    ("union branch 2 of 2", changed(4, b"\x04"), "bad_datum", 4, "mag"),
    ("union branch -1", changed(4, b"\x01"), "bad_datum", 4, "mag"),
    ("a third branch for an array", changed(5, b"\x04"), "bad_datum", 5, "history"),
    ("a boolean of 2", changed(7, b"\x02"), "bad_datum", 7, "history[0].good"),
    ("branch 3 in the second leaf of a run", changed(9, b"\x06"), "bad_datum", 9, "history[0].b"),
    ("an int of 2^31", changed(10, number(2**31)), "bad_datum", 10, "history[0].n"),
    ("an int of -2^31 - 1", changed(10, number(-(2**31) - 1)), "bad_datum", 10, "history[0].n"),
    ("an enum symbol that is not there", changed(12, b"\x04"), "bad_datum", 12, "band"),
    ("a long of 11 bytes", changed(0, b"\x80" * 10 + b"\x00"), "bad_datum", 0, "id"),
    ("a long over 64 bits", changed(0, b"\xff" * 9 + b"\x02"), "bad_datum", 0, "id"),
    ("more items than a datum may have", changed(6, number(2**40)), "too_large", 6, "history"),
    ("more items than bytes", changed(6, number(2**10)), "truncated", 8, "history"),
    ("a block of 5 bytes that takes 4", changed(6, b"\x01\x0a"), "bad_datum", 12, "history"),
    ("a block of 3 bytes that takes 4", changed(6, b"\x01\x06"), "bad_datum", 12, "history"),
    ("a block of negative size", changed(6, b"\x01\x01"), "bad_datum", 6, "history"),
    ("a block of the least int64", changed(6, number(-(2**63)) + b"\x02"), "too_large", 6, "history"),
    ("a byte too many", GOOD + b"\x00", "trailing_bytes", 13, ""),
    ("a second record", GOOD + GOOD, "trailing_bytes", 13, ""),
]


@pytest.mark.parametrize(("datum", "reason", "byte", "path"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_broken_datum_is_refused_with_reason_byte_and_path(
    datum: bytes, reason: str, byte: int, path: str, decoder: DatumDecoder
) -> None:
    array, refusals = decoder.decode([GOOD, datum, GOOD])
    array.validate(full=True)
    assert array.to_pylist() == [VALUE, None, VALUE]
    assert [(r.row, r.fault.reason, r.fault.byte, r.fault.path) for r in refusals] == [(1, reason, byte, path)]
    assert f"at byte {byte}" in refusals[0].fault.told
    assert path in refusals[0].fault.told


def test_a_block_with_its_size_in_bytes_is_read(decoder: DatumDecoder) -> None:
    array, refusals = decoder.decode([changed(6, b"\x01\x08")])  # -1 item, 4 bytes
    assert not refusals
    assert array.to_pylist() == [VALUE]


def test_the_ends_of_int_and_long_are_read(decoder: DatumDecoder) -> None:
    ints = [changed(10, number(value)) for value in (2**31 - 1, -(2**31))]
    assert [row["history"][0]["n"] for row in decoder.decode(ints)[0].to_pylist()] == [2**31 - 1, -(2**31)]
    longs = [changed(0, number(value)) for value in (2**63 - 1, -(2**63))]
    assert [row["id"] for row in decoder.decode(longs)[0].to_pylist()] == [2**63 - 1, -(2**63)]


def test_a_union_without_null_has_no_branch_of_minus_one() -> None:
    decoder = decoder_of({"type": "record", "name": "r", "fields": [{"name": "x", "type": ["int"]}]})
    array, refusals = decoder.decode([b"\x00\x06", b"\x01"])
    assert array.to_pylist() == [{"x": 3}, None]
    assert [(r.row, r.fault.reason, r.fault.byte) for r in refusals] == [(1, "bad_datum", 0)]


def test_every_cell_of_a_refused_datum_is_null(decoder: DatumDecoder) -> None:
    array, _ = decoder.decode([GOOD[:-1], GOOD])
    for field in range(array.type.num_fields):
        assert array.field(field)[0].as_py() is None
        assert array.field(field)[1].as_py() == list(VALUE.values())[field]


def test_only_refused_datums_and_none_at_all_give_arrays_of_the_right_type(decoder: DatumDecoder) -> None:
    for datums in ([], [b""], [b"", b"\x00"]):
        array, refusals = decoder.decode(datums)
        array.validate(full=True)
        assert array.type == decoder.wanted
        assert array.to_pylist() == [None] * len(datums)
        assert len(refusals) == len(datums)


# Every class of Unicode's table 3-7, and what it leaves out.
@pytest.mark.parametrize(
    "first", [0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5]
)
def test_text_is_taken_if_and_only_if_python_decodes_it(first: int) -> None:
    decoder = decoder_of({"type": "record", "name": "r", "fields": [{"name": "s", "type": "string"}]})
    seconds = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
    tails = (b"", b"\x80", b"\x80\x80", b"\xbf\xbf", b"\x80a", b"\x80\xc0")
    texts = [b"x" * 9 + bytes([first, second]) + tail for second in seconds for tail in tails]
    array, _ = decoder.decode([number(len(text)) + text for text in texts])
    assert array.to_pylist() == [_as_python_has_it(text) for text in texts]


def _as_python_has_it(text: bytes) -> dict[str, str] | None:
    try:
        return {"s": text.decode()}
    except UnicodeDecodeError:
        return None


def test_a_block_is_split_where_its_records_end(decoder: DatumDecoder) -> None:
    other = changed(1, b"\x06c")  # "cab": one byte more
    boundaries, refusal = decoder.split(GOOD + other + GOOD, 3)
    assert refusal is None
    assert boundaries.dtype == np.int64
    assert boundaries.tolist() == [0, 13, 27, 40]


def test_a_block_of_many_records_is_split(decoder: DatumDecoder) -> None:
    boundaries, refusal = decoder.split(GOOD * 10_000, 10_000)
    assert refusal is None
    assert (boundaries == 13 * np.arange(10_001)).all()


@pytest.mark.parametrize(
    ("block", "count", "ends", "reason", "byte"),
    [
        (GOOD + GOOD[:5], 2, [0, 13], "truncated", 5),
        (GOOD + changed(7, b"\x05") + GOOD, 3, [0, 13], "bad_datum", 7),
        (GOOD * 5000, 2**60, list(range(0, 13 * 5001, 13)), "truncated", 0),
    ],
)
def test_a_block_that_cannot_be_split_gives_the_records_before(
    block: bytes, count: int, ends: list[int], reason: str, byte: int, decoder: DatumDecoder
) -> None:
    boundaries, fault = decoder.split(block, count)
    assert boundaries.tolist() == ends
    assert fault is not None and (fault.reason, fault.byte) == (reason, byte)


def test_what_is_left_over_behind_the_last_record_is_left_alone(decoder: DatumDecoder) -> None:
    assert [decoder.split(GOOD * 2, count)[0].tolist() for count in (0, 1, 2)] == [[0], [0, 13], [0, 13, 26]]


def test_more_than_arrow_can_count_is_an_error(decoder: DatumDecoder) -> None:
    large = pa.py_buffer(bytes(2**26))
    with pytest.raises(ValueError, match="2147483647"):
        decoder.decode([large] * 32)
