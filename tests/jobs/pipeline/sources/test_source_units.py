"""What is planned is what the decoder makes of the bytes: the ledger's first rule, on whole and on damaged files."""

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_reading import archive, entries, outcomes, refusals, simulated, source, zstd

from jobs.packets.ranges import total
from jobs.pipeline.sources import readers
from jobs.pipeline.sources.files.formats import HEAD_BYTES, kind_of
from jobs.pipeline.sources.files.opened import OpenFile

SIMULATED = simulated(12, per_block=2)


def plan_all(path: Path, limit: int = 5) -> list:
    """Every range of a file, planned in several batches."""
    planned = []
    reader = source(path.parent / "_spool", path, tasks=2)
    while batch := reader.plan(limit):
        planned += batch
    return planned


def check(path: Path, limit: int = 5) -> int:
    """Planned is read, range by range, and the entries are numbered 0, 1, 2, ... ; how many there are."""
    planned = plan_all(path, limit)
    read = outcomes(planned, path.parent / "_again")
    assert [len(each) for each in read] == [len(each) for each in planned]
    assert [(each.start, each.stop) for each in planned] == [
        (sum(len(before) for before in planned[:number]), sum(len(before) for before in planned[: number + 1]))
        for number in range(len(planned))
    ]
    assert [index for each in read for _, index in each] == list(range(total(planned)))
    assert [each.last for each in planned] == [False] * (len(planned) - 1) + [True]
    return total(planned)


def damaged(data: bytes, seed: int, count: int) -> list[bytes]:
    """Copies that are cut, have a byte changed, or a piece taken out."""
    noise = random.Random(seed)
    copies = []
    for number in range(count):
        place = noise.randrange(len(data))
        if number % 3 == 0:
            copies.append(data[:place])
        elif number % 3 == 1:
            copies.append(data[:place] + bytes([noise.randrange(256)]) + data[place + 1 :])
        else:
            copies.append(data[:place] + data[place + noise.randrange(1, 200) :])
    return copies


def test_a_container_is_cut_between_blocks_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(SIMULATED)
    for limit in (1, 3, 5, 100):
        assert check(path, limit) == 12


def test_a_container_cut_at_200_random_places_is_planned_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.avro"
    noise = random.Random(0)
    for place in noise.sample(range(len(SIMULATED)), 170) + list(range(30)):
        path.write_bytes(SIMULATED[:place])
        check(path)


@pytest.mark.parametrize("name", ["ztf_alerts/ztf_alerts_012.avro", "lsst_alerts/lsst_v9_0_001.avro"])
def test_a_real_container_cut_at_200_random_places_is_planned_as_it_is_read(
    real_alerts: Path, tmp_path: Path, name: str
) -> None:
    # The beginning of the container, so that most cuts fall into blocks and 200 of them take seconds.
    data = (real_alerts / name).read_bytes()[:700_000]
    path = tmp_path / "cut.avro"
    for place in random.Random(1).sample(range(len(data)), 200):
        path.write_bytes(data[:place])
        check(path, limit=50)


def test_damage_anywhere_is_planned_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "damaged.avro"
    for data in damaged(SIMULATED, 3, 90) + damaged(simulated(6, "deflate", 3), 4, 90):
        path.write_bytes(data)
        check(path)


def test_damaged_members_of_archives_are_planned_as_they_are_read(tmp_path: Path) -> None:
    members = {f"{number}.avro": data for number, data in enumerate(damaged(simulated(3, "deflate"), 5, 30))}
    for name, gz in (("night.tar", False), ("night.tar.gz", True)):
        path = tmp_path / name
        path.write_bytes(archive(members, gz=gz))
        planned = plan_all(path)
        assert total(planned) == len(entries(planned, tmp_path / "again")) >= 30
        for place in random.Random(6).sample(range(path.stat().st_size), 10):
            cut = tmp_path / f"cut-{name}"
            cut.write_bytes(path.read_bytes()[:place])
            planned = plan_all(cut)
            assert total(planned) == len(entries(planned, tmp_path / "again")), place


def test_a_truncated_container_counts_its_rest_as_one(tmp_path: Path) -> None:
    path = tmp_path / "cut.avro"
    path.write_bytes(SIMULATED[:-10])
    assert check(path) == 11  # the last block held two
    assert refusals(plan_all(path), tmp_path / "again") == ["truncated"]


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("empty.avro", b"", 1),
        ("short.avro", b"Ob", 1),
        ("text.avro", b"no packet", 1),
        ("none.avro", simulated(0), 0),
        ("none.tar", archive({}), 0),
        ("none.tar.gz", archive({}, gz=True), 0),
        ("empty.tar", b"", 1),
        ("empty.tar.gz", b"", 1),
        ("text.tar.gz", b"no gzip", 1),
        ("member.tar", archive({"empty.avro": b"", "text.avro": b"text"}), 2),
        ("member.tar.gz", archive({"empty.avro": b"", "text.avro": b"text"}, gz=True), 2),
    ],
)
def test_files_without_packets_are_counted(tmp_path: Path, name: str, content: bytes, count: int) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert check_archive(path) == count


def check_archive(path: Path) -> int:
    planned = plan_all(path)
    assert len(entries(planned, path.parent / "again")) == total(planned)
    return total(planned)


def huge_block(count: int) -> bytes:
    """A container of blocks of three records, one byte each, and one of `count` of them."""
    buffer = io.BytesIO()
    schema = {"type": "record", "name": "alert", "namespace": "ztf", "fields": [{"name": "x", "type": "boolean"}]}
    fastavro.writer(buffer, schema, [{"x": True}] * 3, sync_marker=b"S" * 16)
    for number in (count, count):
        fastavro.schemaless_writer(buffer, "long", number)
    return buffer.getvalue() + b"\1" * count + b"S" * 16


def test_a_block_that_announces_more_than_the_decoder_takes_is_one_refusal(tmp_path: Path) -> None:
    path = tmp_path / "announces.avro"
    for count, entries_ in ((3, 6), (10**6 + 1, 4)):
        path.write_bytes(huge_block(count))
        assert check(path) == entries_
    assert refusals(plan_all(path), tmp_path).count("too_large") == 1


def test_a_rest_of_any_size_is_one_message_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "damaged.avro"
    path.write_bytes(SIMULATED[:200_000] + bytes(1_000_000))
    monkeypatch.setattr(readers, "MAX_PACKET_BYTES", 50_000)
    planned = plan_all(path)
    *_, rest = list(readers.read_ranges(planned))
    assert rest.refusal is not None
    assert len(rest.message.value) < 120_000
    assert "its beginning is kept" in rest.refusal.message
    assert total(planned) == len(entries(planned, tmp_path / "again"))


def test_messages_stay_small_and_the_packets_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(SIMULATED)
    planned = plan_all(path, limit=100)
    whole = entries(planned, tmp_path / "again")
    monkeypatch.setattr(readers, "MESSAGE_BYTES", 1)
    messages = list(readers.read_ranges(planned))
    assert len(messages) == 6  # one per block
    assert entries(planned, tmp_path / "again") == whole


def raw_table(path: Path, rows: int, group: int) -> None:
    value = simulated(1)
    table = pa.table(
        {
            "value": pa.array([value] * rows, pa.large_binary()),
            "schema": pa.array([None] * rows, pa.string()),
            "provenance": [{"file": "/was/here.avro", "index": number} for number in range(rows)],
        }
    )
    pq.write_table(table, path, row_group_size=group)


def test_raw_parquet_is_cut_by_row_groups_and_keeps_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    raw_table(path, 10, 3)
    planned = plan_all(path, limit=4)
    assert [len(each) for each in outcomes(planned, tmp_path)] == [len(each) for each in planned]
    assert entries(planned, tmp_path) == [("/was/here.avro", number) for number in range(10)]


def test_a_parquet_file_that_is_no_raw_table_stops_nothing_and_is_said(tmp_path: Path) -> None:
    other, cut, raw = tmp_path / "other.parquet", tmp_path / "cut.parquet", tmp_path / "raw.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    raw_table(raw, 4, 4)
    cut.write_bytes(raw.read_bytes()[:-10])
    reader = source(tmp_path / "_spool", other, cut, raw)
    assert [(Path(each.path).name, len(each)) for each in reader.plan(10)] == [("raw.parquet", 4)]
    assert reader.passed_over().counts == {"file that cannot be read": 2}
    told = " ".join(reader.passed_over().examples["file that cannot be read"])
    assert "should be a raw table of Strix with value, schema, provenance, it has ['a']" in told
    assert "it is no Parquet file" in told


TAR = archive({"a.avro": simulated(1)})
ANSWERS = {
    "container": [SIMULATED, b"", b"Ob", b"no packet", bytes(600).replace(b"\0", b"\1"), b"\0\0\0\2\xc0wire"],
    "tar": [TAR, archive({}), TAR[:1000], archive({}, tarfile.PAX_FORMAT), archive({"a": b"b"}, tarfile.USTAR_FORMAT)],
    "targz": [gzip.compress(TAR), gzip.compress(SIMULATED), bz2.compress(TAR), lzma.compress(TAR), zstd(TAR)],
    "raw": [b"PAR1 and so on"],
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_first_bytes_say_which_reader_takes_a_file(kind: str) -> None:
    assert {kind_of(data[:HEAD_BYTES]) for data in ANSWERS[kind]} == {kind}


def test_planning_reads_headers_and_no_packets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged datum inside a sound block changes nothing of the plan; only the decoder sees it."""
    path = tmp_path / "a.avro"
    path.write_bytes(SIMULATED)
    sound = json.dumps([(each.start, each.stop, each.end) for each in plan_all(path)])
    data = bytearray(SIMULATED)
    with OpenFile(str(path)) as file:
        at = next(file.units(0)).offset
    data[at + 100 : at + 200] = b"\xff" * 100
    path.write_bytes(bytes(data))
    assert json.dumps([(each.start, each.stop, each.end) for each in plan_all(path)]) == sound
    assert "bad_datum" in refusals(plan_all(path), tmp_path)
