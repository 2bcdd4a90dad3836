"""Packets one by one out of whatever holds them, at a rate: no broker."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.single import container_of, wire_of
from jobs.simulation import simulate
from jobs.simulation.feeding import paced, packets_of
from jobs.simulation.night import container
from jobs.simulation.packets import packet

COUNT = 12


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [packet(0, number)[0] for number in range(COUNT)]


def read(value: bytes | Fault) -> dict[str, Any]:
    """The one packet in a container, by fastavro."""
    assert isinstance(value, bytes), value
    found: list[Any] = list(fastavro.reader(io.BytesIO(value)))
    assert len(found) == 1
    return dict(found[0])


@pytest.mark.parametrize("layout", ["files", "containers", "tar.gz"])
def test_every_layout_gives_each_packet_once_in_a_container_of_its_own(
    layout: Any, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    simulate(tmp_path / "night", COUNT, 0, layout, 5)
    sent = list(packets_of([tmp_path / "night"]))
    plain = list(fastavro.reader(io.BytesIO(container(records))))
    by_id = {each["candid"]: each for each in plain}
    assert {each["candid"]: each for each in map(read, sent)} == by_id and len(sent) == COUNT
    if layout == "files":
        assert sent == [path.read_bytes() for path in sorted((tmp_path / "night").glob("*.avro"))]


def test_raw_parquet_becomes_what_a_broker_sends(records: list[dict[str, Any]], tmp_path: Path) -> None:
    schema, datum = schema_and_datum(records[0])
    wire = b"\0\0\0\3\xe8 whatever its schema makes of it"
    origin = pa.struct([("file", pa.string()), ("index", pa.int64())])
    rows = {"schema": pa.array([schema, None], pa.string()), "value": [datum, wire], "provenance": [None, None]}
    table = pa.table({**rows, "provenance": pa.array([{"file": "x", "index": 0}] * 2, origin)})
    pq.write_table(table, tmp_path / "raw.parquet")
    first, second = packets_of([tmp_path / "raw.parquet"])
    assert read(first)["candid"] == records[0]["candid"] and second == wire


def schema_and_datum(record: dict[str, Any]) -> tuple[str, bytes]:
    reader = fastavro.reader(io.BytesIO(container([record])))
    schema = reader.metadata["avro.schema"]
    datum = io.BytesIO()
    fastavro.schemaless_writer(datum, fastavro.parse_schema(json.loads(schema)), next(iter(reader)))  # type: ignore[arg-type]
    return schema, datum.getvalue()


def test_what_cannot_be_read_is_told_and_the_rest_is_sent(records: list[dict[str, Any]], tmp_path: Path) -> None:
    good = container(records[:3])
    (tmp_path / "a.avro").write_bytes(good)
    (tmp_path / "b.avro").write_bytes(good[:-20])
    (tmp_path / "c.avro").write_bytes(b"no packet")
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        archive.add(tmp_path / "a.avro", "a.avro")
        archive.add(tmp_path / "c.avro", "c.avro")
    sent = list(packets_of([tmp_path]))
    faults = [each.reason for each in sent if isinstance(each, Fault)]
    assert faults == ["truncated", "not_avro", "not_avro"]
    ids = [read(each)["candid"] for each in sent if not isinstance(each, Fault)]
    # A block each: of the cut container two are whole.
    assert ids == [each["candid"] for each in (*records[:3], *records[:2], *records[:3])]


def test_wire_format_is_under_rubins_id_and_nobody_elses(records: list[dict[str, Any]]) -> None:
    schema = json.dumps({"type": "record", "name": "lsst.v10_1.alert", "fields": [{"name": "id", "type": "long"}]})
    assert wire_of(schema, b"\x02") == b"\0" + (1001).to_bytes(4, "big") + b"\x02"
    apart = json.dumps({**json.loads(schema), "name": "alert", "namespace": "lsst.v7_4"})
    assert wire_of(apart, b"\x02")[:5] == b"\0\0\0\x02\xc0"
    with pytest.raises(Fault, match=r"wants a schema that a survey sends in wire format, found ztf\.alert"):
        wire_of(*schema_and_datum(records[0]))


@pytest.mark.parametrize("size", [0, 1, 63, 64, 8191, 8192, 300_000])
def test_a_container_of_one_is_what_fastavro_reads(size: int) -> None:
    schema = {"type": "record", "name": "x", "fields": [{"name": "value", "type": "bytes"}]}
    datum = io.BytesIO()
    fastavro.schemaless_writer(datum, fastavro.parse_schema(schema), {"value": b"v" * size})
    made = container_of(json.dumps(schema), datum.getvalue())
    assert read(made) == {"value": b"v" * size}
    assert made == container_of(json.dumps(schema), datum.getvalue())


def test_a_rate_is_even_and_recovers_what_a_delay_cost() -> None:
    now, rests = [100.0], []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        now[0] += seconds

    times = []
    for number, _ in enumerate(paced([b""] * 8, 10.0, 1, lambda: now[0], rest)):
        times.append(round(now[0] - 100.0, 6))
        now[0] += 0.25 if number == 2 else 0.0
    assert times == [0.0, 0.1, 0.2, 0.45, 0.45, 0.5, 0.6, 0.7]
    rests.clear()
    assert len(list(paced([b""] * 1000, 0.0, 1, lambda: now[0], rest))) == 1000 and rests == []


def test_bursts_come_at_once_and_keep_the_rate() -> None:
    now = [0.0]

    def rest(seconds: float) -> None:
        now[0] += seconds

    times = [round(now[0], 6) for _ in paced([b""] * 7, 10.0, 3, lambda: now[0], rest)]
    assert times == [0.0, 0.0, 0.0, 0.3, 0.3, 0.3, 0.6]
