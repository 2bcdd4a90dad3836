"""Compiled packets against fastavro's: tables, refusals, order and provenance are the same, whatever the bytes."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from avro_random import RandomDatum, RandomSchema, mutated, random_projection
from decode_samples import SCHEMA, TEXT, alert, block, datum, deflated, header, survey, zigzag

from jobs.packets.messages import Message
from jobs.pipeline.decode.by_fastavro import FastavroReader
from jobs.pipeline.decode.compiled import DatumDecoder
from jobs.pipeline.decode.datums import Datums
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.fault import Fault, refusal_of
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.decode.messages import Decoded
from jobs.pipeline.decode.writer_schema import writer_schema
from jobs.pipeline.surveys import SURVEYS

REAL = ("ztf_alerts", "ztf_native_old", "ztf_native_v4", "lsst_alerts")
SCHEMAS = 250  # random ones; 10 mutated datums of each
ZTF_MUTATIONS, LSST_MUTATIONS = 1500, 60  # the slow way takes 1 ms and 10 ms for each


def both(schemas: Path | None, **more: Any) -> tuple[Decoder, Decoder]:
    """The fast decoder and the slow one, with the real surveys."""
    return Decoder(SURVEYS, schemas, fast=True, **more), Decoder(SURVEYS, schemas, fast=False, **more)


def assert_same(fast: Decoded, slow: Decoded) -> None:
    """Everything that a decoder gives."""
    assert fast.refused == slow.refused
    assert (fast.values, fast.schemas) == (slow.values, slow.schemas)
    assert (fast.message.tolist(), fast.index.tolist()) == (slow.message.tolist(), slow.index.tolist())
    assert [each.survey.name for each in fast.groups] == [each.survey.name for each in slow.groups]
    for mine, theirs in zip(fast.groups, slow.groups, strict=True):
        assert (mine.rows.tolist(), mine.versions) == (theirs.rows.tolist(), theirs.versions)
        mine.packets.validate(full=True)
        assert same_packets(mine.packets, theirs.packets)


def same_packets(mine: pa.Array, theirs: pa.Array) -> bool:
    """Equal, with NaN equal to NaN."""
    if mine.type != theirs.type:
        return False
    return bool(mine.equals(theirs)) or repr(mine.to_pylist()) == repr(theirs.to_pylist())


@pytest.mark.parametrize("folder", REAL)
def test_real_files_are_the_same_in_one_batch(real_alerts: Path, folder: str) -> None:
    """All versions and both surveys mixed, with a message between that nobody can read."""
    files = [path for path in sorted((real_alerts / folder).rglob("*")) if path.is_file() and path.suffix != ".avsc"]
    messages = [Message(path.read_bytes()) for path in files]
    messages.insert(len(messages) // 2, Message(b"\x00no schema"))
    fast, slow = both(real_alerts / "lsst_alerts" / "schemas")
    found = fast.decode(messages)
    assert_same(found, slow.decode(messages))
    assert len(found.values) >= len(files) - 2


def test_no_real_packet_needs_the_slow_way(real_alerts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: FastavroReader, datums: Sequence[bytes]) -> None:
        raise AssertionError(f"{len(datums)} datums went the slow way")

    monkeypatch.setattr(FastavroReader, "read", never)
    decoder = Decoder(SURVEYS, None, fast=True)
    files = [path for name in REAL for path in sorted((real_alerts / name).glob("*.avro"))]
    assert sum(len(decoder.decode([Message(path.read_bytes())]).values) for path in files) > 1500


@cache
def real_datums(real_alerts: Path, pattern: str) -> list[Message]:
    """Bare datums with their writer schemas, a few of every file."""
    decoder = Decoder(SURVEYS, None, fast=True)
    decoded = [decoder.decode([Message(path.read_bytes())]) for path in sorted(real_alerts.glob(pattern))]
    return [
        Message(value, schema)
        for each in decoded
        for value, schema in list(zip(each.values, each.schemas, strict=True))[:4]
    ]


@pytest.mark.parametrize(("pattern", "n"), [("ztf_*/*.avro", ZTF_MUTATIONS), ("lsst_alerts/*.avro", LSST_MUTATIONS)])
def test_mutated_real_packets_get_the_same_answer(real_alerts: Path, pattern: str, n: int) -> None:
    rng = random.Random(n)
    sound = real_datums(real_alerts, pattern)
    fast, slow = both(None)
    reasons: Counter[str] = Counter()
    for _ in range(0, n, 30):
        messages = [
            Message(mutated(rng, each.value, rng.choice(sound).value), each.schema) for each in rng.choices(sound, k=30)
        ]
        found = fast.decode(messages)
        assert_same(found, slow.decode(messages))
        reasons.update(each.refusal.reason for each in found.refused)
        reasons["accepted"] += len(found.values)
    assert {"accepted", "truncated", "bad_datum", "trailing_bytes"} <= set(reasons), reasons


def test_mutated_containers_get_the_same_answer() -> None:
    """Damage in headers, block counts, sync markers and records of several blocks, deflated and not."""
    rng = random.Random(5)
    decoders = [Decoder([survey()], None, fast=way) for way in (True, False)]
    reasons: Counter[str] = Counter()
    for _ in range(60):
        messages = [Message(damaged(rng, container(rng))) for _ in range(30)]
        found, expected = (decoder.decode(messages) for decoder in decoders)
        assert_same(found, expected)
        reasons.update(each.refusal.reason for each in found.refused)
        reasons["accepted"] += len(found.values)
    assert reasons["accepted"] > 1000 and len(reasons) >= 6, reasons


def container(rng: random.Random) -> bytes:
    """Two to four blocks of one to five records."""
    codec = rng.choice([b"null", b"deflate"])
    blocks = []
    for number in range(rng.randint(2, 4)):
        count = rng.randint(1, 5)
        payload = b"".join(datum(alert(10 * number + each, rng.randint(0, 3))) for each in range(count))
        blocks.append(block(deflated(payload) if codec == b"deflate" else payload, count))
    return header(codec=codec) + b"".join(blocks)


def damaged(rng: random.Random, content: bytes) -> bytes:
    """A byte changed, taken out or put in, or the end cut off; one in four stays sound."""
    at = rng.randrange(len(header()), len(content)) if rng.random() < 0.9 else rng.randrange(len(content))
    match rng.randrange(4):
        case 0:
            return content
        case 1:
            return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        case 2:
            return content[:at] + content[at + rng.randint(1, 3) :]
    return (
        content[:at]
        if rng.random() < 0.5
        else content[:at] + bytes(rng.randrange(256) for _ in range(2)) + content[at:]
    )


def test_random_schemas_and_mutated_datums_get_the_same_answer() -> None:
    counts: Counter[str] = Counter()
    for seed in range(SCHEMAS):
        for answer in compared(seed):
            counts[answer] += 1
    assert counts["accepted"] > 1000 and counts["refused"] > 500 and counts["compiled"] > SCHEMAS / 2, counts


def compared(seed: int) -> Iterator[str]:
    """Datums of a random schema both ways; says what became of each, and of the schema."""
    rng = random.Random(seed)
    made = RandomSchema(rng, wild=rng.random() < 0.5)
    wanted = without_maps(made.arrow if rng.random() < 0.4 else random_projection(rng, made.arrow))
    try:
        writer = writer_schema(json.dumps(made.schema), DEFAULT.max_schema_bytes)
    except Fault:
        yield "no safe schema"
        return
    random_datum = RandomDatum(rng, made.names)
    datums = [random_datum.write(made.schema) for _ in range(6)]
    datums += [mutated(rng, rng.choice(datums), rng.choice(datums)) for _ in range(10)]
    fast, slow = Datums(writer, DEFAULT), Datums(writer, DEFAULT, fast=False)
    mine, my_faults = fast.decode(datums, wanted)
    theirs, their_faults = slow.decode(datums, wanted)
    assert [told(each) for each in my_faults] == [told(each) for each in their_faults], seed
    assert same_packets(mine, theirs), seed
    yield "slow" if fast.decoder(wanted) is None else "compiled"
    yield from ["refused"] * len(my_faults) + ["accepted"] * (len(datums) - len(my_faults))


def without_maps(arrow: pa.StructType) -> pa.StructType:
    """Without maps: of two entries with one key a dict keeps the last, and a column both."""
    return pa.struct([field for field in arrow if "map<" not in str(field.type)])


def told(found: Any) -> tuple[Any, ...]:
    return found.row, refusal_of(found.fault, "decode")


@pytest.mark.parametrize("nulls", [0, 3])
def test_a_datum_at_the_limit_of_values_is_judged_alike(nulls: int) -> None:
    """100 values are the limit: items of one value and two bytes, or of five values and six bytes."""
    fields = [{"name": f"f{i}", "type": ["null", "int"]} for i in range(nulls)]
    item = {"type": "record", "name": "n", "fields": [{"name": "x", "type": "double"}, *fields]}
    schema = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "x", "type": {"type": "array", "items": item}}]}
    target = pa.struct([("candid", pa.int64()), ("x", pa.list_(pa.struct([("x", pa.float64())])))])
    writer = writer_schema(json.dumps(schema), DEFAULT.max_schema_bytes)
    limits = Limits(max_values=100)
    fast, slow = Datums(writer, limits), Datums(writer, limits, fast=False)
    for count in range(0, 110):
        content = datum(alert(1, 0)) + (zigzag(count) + bytes((8 + nulls) * count) if count else b"") + b"\x00"
        (mine, mine_faults), (theirs, their_faults) = (each.decode([content], target) for each in (fast, slow))
        assert [told(each) for each in mine_faults] == [told(each) for each in their_faults], count
        assert mine.equals(theirs)
        assert list(fast.split(content * 2, 2)[0]) == list(slow.split(content * 2, 2)[0])
    assert their_faults and their_faults[0].fault.reason == "too_large"


def test_the_environment_chooses_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: DatumDecoder, datums: Sequence[bytes]) -> None:
        raise AssertionError("the fast way")

    monkeypatch.setattr(DatumDecoder, "decode", never)
    message = Message(header(TEXT) + block(datum(alert(1)), 1))
    (refused,) = Decoder([survey()], None).decode([message]).refused
    assert refused.refusal.message.startswith("unreadable: AssertionError: the fast way")
    monkeypatch.setenv("STRIX_DECODE", "slow")
    assert len(Decoder([survey()], None).decode([message]).values) == 1
