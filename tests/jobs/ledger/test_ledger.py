"""The ledger's files: what is written comes back, is there whole or not at all, and names the batch in hand."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ledger.identity import open_stream
from jobs.ledger.records import DataFile, LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger, records, streams
from jobs.packets.ranges import Range
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_file

names = st.text(min_size=1, max_size=20)
counts = st.integers(min_value=0, max_value=10**12)
ranges = st.builds(
    Range,
    kind=st.sampled_from(["container", "tar", "targz", "raw", "quarantine"]),
    path=names,
    start=counts,
    stop=counts,
    offset=counts,
    end=counts,
    size=counts,
    mtime_ns=counts,
    last=st.booleans(),
    batch=names,
    entries=st.lists(names, max_size=3).map(tuple),
)


def plan(stream: str, batch: int, job: str = "night") -> Plan:
    return Plan(stream, batch, job, "2026-01-01T00:00:00+00:00", 61000.25, (Range("container", "/a", 0, 7),))


def record(stream: str, batch: int, job: str = "night") -> Record:
    file = DataFile("raw", "20240101", "raw/night=20240101/x.parquet", "_staging/x", 7, 100)
    ids = {"ztf": [-5, 3, 7]}
    return Record(plan(stream, batch, job), "run", ("raw",), {"20240101": {"read": 7}}, (file,), ids, {"config": "c"})


@given(st.lists(ranges, max_size=4), st.floats(50000, 70000))
def test_a_plan_comes_back_from_its_json_bit_for_bit(planned: list[Range], now: float) -> None:
    whole = Plan("stream", 3, "night", "2026", now, tuple(planned))
    assert Plan.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_a_record_comes_back_from_its_file(tmp_path: Path) -> None:
    ledger = StreamLedger(Layout(tmp_path), "s")
    ledger.write(record("s", 0))
    assert ledger.read(0) == record("s", 0)
    assert json.loads(ledger.record_path(0).read_text())["planned"] == 7


def test_closing_replaces_the_sealed_record(tmp_path: Path) -> None:
    ledger = StreamLedger(Layout(tmp_path), "s")
    ledger.write(record("s", 0))
    closed = replace(record("s", 0), state="closed", sinks={"parquet": {"raw": 7}})
    ledger.write(closed)
    assert [ledger.read(number) for number in ledger.sealed()] == [closed]


def test_the_batch_in_hand_is_the_one_that_was_planned_and_not_sealed(tmp_path: Path) -> None:
    ledger = StreamLedger(Layout(tmp_path), "s")
    assert ledger.open_plan() is None
    for number in range(12):
        ledger.begin_plan(plan("s", number))
        assert ledger.open_plan() == plan("s", number)
        ledger.write(record("s", number))
        assert ledger.open_plan() is None
    assert ledger.sealed() == list(range(12))


def test_records_of_all_streams_come_in_order(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for stream, number in (("b", 0), ("a", 1), ("a", 0), ("b", 10), ("b", 2)):
        StreamLedger(layout, stream).write(record(stream, number))
    assert streams(layout) == ["a", "b"]
    assert [(each.stream, each.batch) for each in records(layout)] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("b", 2),
        ("b", 10),
    ]
    assert [each.batch for each in records(layout, "a")] == [0, 1]


def test_other_files_in_the_ledger_are_no_batches(tmp_path: Path) -> None:
    ledger = StreamLedger(Layout(tmp_path), "s")
    ledger.write(record("s", 0))
    for name in (".000000001.json.99.tmp", "000000001.json~", "notes.json", "000000001.ids.parquet"):
        (ledger.directory / name).write_text("{")
    assert ledger.sealed() == [0]
    assert ledger.open_plan() is None


def test_ids_are_written_whole_with_their_types(tmp_path: Path) -> None:
    ledger = StreamLedger(Layout(tmp_path), "s")
    ledger.directory.mkdir(parents=True)
    ids = pa.table({"survey": ["ztf"], "alert_id": [-(2**62)], "content_hash": [2**62]})
    ledger.write_ids(4, ids)
    assert pq.read_table(ledger.ids_path(4)).to_pylist() == ids.to_pylist()
    assert list(ledger.directory.iterdir()) == [ledger.ids_path(4)]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    replace_file(path, "old", durable=False)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, "new" * 10**6, durable=True)
    assert path.read_text() == "old"


def test_durable_syncs_the_file_before_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("rename"), rename(*paths))[1])
    StreamLedger(Layout(tmp_path), "s").directory.mkdir(parents=True)
    StreamLedger(Layout(tmp_path), "s", durable=True).write(record("s", 0))
    assert done == ["sync", "rename", "sync"]
    done.clear()
    StreamLedger(Layout(tmp_path), "s", durable=False).write(record("s", 0))
    assert done == ["rename"]


def test_a_checkpoint_names_its_stream_and_a_new_one_is_another(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first = open_stream(layout, "night", tmp_path / "one", append=False)
    assert open_stream(layout, "night", tmp_path / "one", append=False) == first
    assert open_stream(layout, "night", tmp_path / "two", append=False) != first


def test_a_new_checkpoint_over_a_filled_output_is_refused_unless_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first = open_stream(layout, "night", tmp_path / "one", append=False)
    StreamLedger(layout, first).write(record(first, 0))
    with pytest.raises(LedgerError, match=f"already holds stream '{first}' of job 'night'.*--append"):
        open_stream(layout, "night", tmp_path / "two", append=False)
    assert not (tmp_path / "two").exists()
    assert open_stream(layout, "ingest", tmp_path / "three", append=False)
    assert open_stream(layout, "night", tmp_path / "two", append=True) != first
