"""What a container announces costs no more than it weighs: a number that cannot be true is one entry."""

import bz2
import json
import lzma
import random
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from decode_samples import SCHEMA, TEXT, alert, block, datum, deflated, header, messages, outcome, survey
from source_reading import source

from jobs.packets.ranges import total
from jobs.pipeline.decode.container import announced
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.limits import DEFAULT
from jobs.pipeline.decode.messages import Decoded
from jobs.pipeline.sources.readers import read_ranges

ONE, TWO = datum(alert(1)), datum(alert(2))
SMALL = json.dumps({**SCHEMA, "fields": [{"name": "a", "type": "int"}]})


def snappy(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="snappy", asbytes=True)) + zlib.crc32(content).to_bytes(4, "big")


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


PACK: dict[str, Callable[[bytes], bytes]] = {
    "null": lambda content: content,
    "deflate": deflated,
    "snappy": snappy,
    "zstandard": zstd,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
PACKED = [codec for codec in PACK if codec != "null"]


def decode(value: bytes) -> Decoded:
    return Decoder([survey()], None).decode(messages(value))


def reasons(value: bytes) -> list[str]:
    return [reason for *_, reason in outcome(decode(value))]


def read(path: Path, value: bytes) -> tuple[int, int, int]:
    """Packets that planning finds in a file of these bytes, and those that the readers' messages give; their number."""
    path.write_bytes(value)
    planned = source(path.parent / "_spool", path).plan(1 << 62)
    sourced = list(read_ranges(planned))
    decoded = Decoder([survey()], None).decode([each.message for each in sourced if each.refusal is None])
    refused = sum(1 for each in sourced if each.refusal is not None)
    return total(planned), len(decoded.values) + len(decoded.refused) + refused, len(sourced)


@pytest.mark.parametrize("codec", PACK)
@pytest.mark.parametrize("count", [51, 1000, 1_000_000, (1 << 62) - 1])
def test_852_bytes_that_announce_millions_are_one_packet(codec: str, count: int, tmp_path: Path) -> None:
    value = header(SMALL, codec.encode()) + block(bytes(50), count) * 10
    assert len(reasons(value)) == 1
    assert read(tmp_path / "lie.avro", value) == (1, 1, 1)


@pytest.mark.parametrize("codec", PACKED)
def test_no_more_records_are_believed_than_the_block_unpacks_to(codec: str, tmp_path: Path) -> None:
    noise = PACK[codec](bytes(range(256)) * 10)
    true = header(codec=codec.encode()) + block(PACK[codec](ONE + TWO), 2)
    lie = block(noise, min(len(noise), 256))  # a record of SCHEMA has at least 14 bytes: 256 are not in 2,560
    assert reasons(true + lie + true[len(header(codec=codec.encode())) :]) == ["", "", "too_large"]
    assert read(tmp_path / "lie.avro", true + lie) == (3, 3, 2)


@pytest.mark.parametrize("codec", PACKED)
def test_damaged_blocks_that_announce_what_only_unpacked_bytes_could_hold_are_one_packet(codec: str) -> None:
    damaged = bytes([PACK[codec](ONE)[0] ^ 0xFF]) + PACK[codec](ONE * 50)[1:]
    announces = len(damaged) // 10
    assert announced(header(codec=codec.encode()) + block(damaged, announces) * 3) == 1


def test_records_that_do_not_weigh_a_stored_byte_each_are_not_believed(tmp_path: Path) -> None:
    payload = deflated(bytes(1_000_000))  # a million records of one byte each, truly there, in a thousand bytes
    value = header(SMALL, b"deflate") + block(payload, 1_000_000) * 100
    assert read(tmp_path / "zeros.avro", value) == (1, 1, 1)


def test_a_record_that_is_refused_has_brought_bytes_with_it(tmp_path: Path) -> None:
    value = header(SMALL) + block(
        bytes(100_000), 100_000
    )  # true: a hundred thousand records, a kilobyte of memory each
    assert read(tmp_path / "small.avro", value) == (1, 1, 1)
    few = header(SMALL) + block(bytes(4), 4) + block(bytes(5), 5)
    assert reasons(few) == ["unknown_survey"] * 4 + ["bad_datum"]


@pytest.mark.parametrize("codec", PACKED)
def test_a_bomb_is_too_large_by_what_it_weighs_and_its_neighbours_stay(codec: str) -> None:
    bomb = PACK[codec](bytes(65 << 20))
    value = header(codec=codec.encode()) + b"".join(
        [block(PACK[codec](ONE), 1), block(bomb, 1), block(PACK[codec](TWO), 1)]
    )
    found = decode(value)
    assert [reason for *_, reason in outcome(found)] == ["", "too_large", ""]
    assert found.values == [ONE, TWO]


def test_a_stream_of_small_bombs_unpacks_a_bounded_number_of_bytes() -> None:
    bomb = header(codec=b"bzip2") + block(bz2.compress(bytes(60 << 20)), 1)
    assert len(bomb) < 1500
    tracemalloc.start()
    started = time.process_time()
    decoded = Decoder([survey()], None).decode(messages(*[bomb] * 100))
    assert {each.refusal.reason for each in decoded.refused} == {"too_large"}
    assert tracemalloc.get_traced_memory()[1] < 4 * DEFAULT.inflated(len(bomb)) + (1 << 20)
    assert time.process_time() - started < 20  # some 0.7 s; 40 s if each were unpacked to its 60 MiB
    tracemalloc.stop()


def test_the_lie_costs_milliseconds_and_kilobytes(tmp_path: Path) -> None:
    value = header(SMALL, b"deflate") + block(bytes(50), 1_000_000) * 10
    decode(value)
    tracemalloc.start()
    started = time.process_time()
    assert read(tmp_path / "lie.avro", value) == (1, 1, 1)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    assert time.process_time() - started < 5
    tracemalloc.stop()


def test_empty_blocks_cost_nothing_but_their_walk(tmp_path: Path) -> None:
    started = time.process_time()
    value = header() + block(b"", 0) * 50_000 + block(ONE, 1)
    assert read(tmp_path / "empty.avro", value)[:2] == (1, 1)
    assert time.process_time() - started < 20


NESTED: list[tuple[str, Any]] = [
    ("nulls", "null"),
    ("a record of nulls", {"type": "record", "name": "n", "fields": [{"name": "x", "type": "null"}]}),
    ("a fixed of no bytes", {"type": "fixed", "name": "z", "size": 0}),
]


@pytest.mark.parametrize("items", [items for _, items in NESTED], ids=[name for name, _ in NESTED])
def test_items_and_records_of_no_bytes_are_refused_with_their_schema(items: Any) -> None:
    of_arrays = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "x", "type": {"type": "array", "items": items}}]}
    assert reasons(header(json.dumps(of_arrays)) + block(ONE, 1)) == ["unknown_schema"]
    of_nothing = {**SCHEMA, "fields": [{"name": "x", "type": items}]}
    assert reasons(header(json.dumps(of_nothing)) + block(b"", 1 << 40)) == ["unknown_schema"]


def test_a_schema_that_expands_is_refused() -> None:
    level: Any = "int"
    for depth in range(8):
        fields = [
            {"name": "f0", "type": level},
            *({"name": f"f{n}", "type": f"r{depth - 1}"} for n in range(1, 10) if depth),
        ]
        level = {"type": "record", "name": f"r{depth}", "fields": fields}
    text = json.dumps({**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "x", "type": level}]})
    started = time.process_time()
    assert reasons(header(text) + block(ONE, 1)) == ["unknown_schema"]
    assert time.process_time() - started < 5


@pytest.mark.parametrize("codec", PACKED)
def test_every_codec_gives_what_deflate_gives(codec: str) -> None:
    parts = [([ONE], 1), ([ONE, TWO], 2), ([datum(alert(n, n)) for n in range(20)], 20)]
    value = {
        name: header(codec=name.encode()) + b"".join(block(PACK[name](b"".join(some)), n) for some, n in parts)
        for name in (codec, "deflate")
    }
    mine, theirs = decode(value[codec]), decode(value["deflate"])
    assert not mine.refused and len(mine.values) == 23
    assert mine.values == theirs.values and mine.schemas == theirs.schemas == [TEXT] * 23
    assert mine.groups[0].packets.equals(theirs.groups[0].packets)


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "behind"])
def test_a_damaged_block_is_refused_and_the_container_read_on(codec: str, damage: str) -> None:
    large = [datum({**alert(number), "objectId": random.Random(number).randbytes(300).hex()}) for number in (1, 2)]
    packed = PACK[codec](b"".join(large))
    damaged = {
        "flipped": packed[:2] + bytes([packed[2] ^ 0xFF]) + packed[3:],
        "cut": packed[: len(packed) // 2],
        "emptied": b"",
        "behind": packed + b"garbage",
    }[damage]
    good = block(PACK[codec](ONE), 1)
    value = header(codec=codec.encode()) + good + block(damaged, 2) + good
    found = decode(value)
    if damage == "emptied":  # two records cannot be in no bytes: a lie, behind which nothing is believed
        assert found.values == [ONE] and len(found.refused) == 1
        return
    assert len(found.values) + len(found.refused) == 4 == announced(value)
    assert found.refused and {each.index for each in found.refused} <= {1, 2}
    assert (found.values[0], found.values[-1]) == (ONE, ONE)


def test_a_snappy_block_with_another_checksum_is_refused() -> None:
    packed = snappy(ONE)
    value = header(codec=b"snappy") + block(packed[:-1] + bytes([packed[-1] ^ 1]), 1) + block(packed, 1)
    found = decode(value)
    assert [reason for *_, reason in outcome(found)] == ["bad_datum", ""]
    assert "checksum" in found.refused[0].refusal.message


def test_zstandard_frames_that_do_not_say_their_size_are_read() -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:  # as it does not know the size before
        stream.write(ONE)
    assert decode(header(codec=b"zstandard") + block(sink.getvalue().to_pybytes(), 1)).values == [ONE]


@pytest.mark.parametrize("codec", PACKED)
def test_bytes_in_a_packed_block_of_no_records_are_kept(codec: str) -> None:
    assert reasons(header(codec=codec.encode()) + block(PACK[codec](ONE), 0)) == ["trailing_bytes"]
    assert reasons(header(codec=codec.encode()) + block(PACK[codec](b""), 0) + block(PACK[codec](ONE), 1)) == [""]
