"""What was refused is listed, shown and read again: once, into the tables that it belongs to, and counted."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs import scan
from jobs.audit.check import check_ledger
from jobs.cli.main import main
from jobs.config import JobConfig
from jobs.launcher.replay import replay
from jobs.launcher.run import run_job
from jobs.ledger.quarantine import content_of, entries, entry_of, replayed
from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger, records
from jobs.storage.layout import Layout

pytestmark = pytest.mark.spark


@pytest.fixture
def output(small_output: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "output"
    shutil.copytree(small_output, copy)
    return copy


def config(output: Path, **more: Any) -> JobConfig:
    return JobConfig().but(**{"output": str(output), "settle_s": 0.0, "modules": ("stetson_k", "rise"), **more})


def quarantine_files(output: Path) -> dict[str, str]:
    paths = sorted(output.glob("quarantine/night=*/*.parquet"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["quarantine", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_list_has_every_entry_with_its_origin(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "list", str(output), "--json")
    told = {(row["reason"], row["night"], Path(row["origin"]["file"]).name) for row in json.loads(out)}
    # As the fixture made them.
    assert code == 0
    assert told == {
        ("conflicting_id", "20240210", "c_other_night.avro"),
        ("truncated", "unknown", "d_cut.avro"),
        ("not_avro", "20240102", "e_bad_20240102.avro"),
    }
    assert all(isinstance(row["alert_id"], str | None) for row in json.loads(out))


def test_the_list_can_be_cut_by_night_and_reason(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for chosen in (("--night", "20240102"), ("--reason", "not_avro")):
        _, out, _ = said(capsys, "list", str(output), "--json", *chosen)
        assert [row["reason"] for row in json.loads(out)] == ["not_avro"]
    _, out, _ = said(capsys, "list", str(output), "--night", "20240103")
    assert out == "quarantine is empty\n"
    _, out, _ = said(capsys, "list", str(output))
    for word in ("not_avro", "20240102", "e_bad_20240102.avro #0", "wants an Avro container", "b'this is '"):
        assert word in out


def test_show_tells_all_and_writes_the_bytes(output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (entry,) = entries(Layout(output), reason="not_avro")
    code, out, _ = said(capsys, "show", str(output), entry.id[:8], "--bytes", str(tmp_path / "bytes"))
    assert code == 0
    assert (tmp_path / "bytes").read_bytes() == b"this is no packet"
    assert "74 68 69 73 20 69 73 20 6e 6f 20 70 61 63 6b 65  this is no packe" in out
    for word in (entry.id, "not_avro", "night_from  name", "e_bad_20240102.avro", "size        17"):
        assert word in out


def test_an_entry_or_output_that_is_not_there_is_named(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys, "show", str(output), "zzz")
    assert (code, err) == (2, f"strix: no quarantine entry 'zzz' in {output}; there is none\n")
    code, _, err = said(capsys, "show", str(output), "")
    assert code == 2
    assert "3 entries begin with it" in err
    code, _, err = said(capsys, "list", str(output / "raw"))
    assert (code, err) == (2, f"strix: {output / 'raw'} is no output of a job: it has no ledger/ folder\n")
    code, _, err = said(capsys, "replay", str(output))
    assert code == 2
    assert "ID ..., --reason REASON or --all" in err


def replay_records(output: Path) -> list[Record]:
    return [record for record in records(Layout(output)) if any(each.entries for each in record.plan.ranges)]


def test_what_fails_again_is_refused_again_in_the_same_night(output: Path, spark: SparkSession) -> None:
    layout = Layout(output)
    before, files = entries(layout), quarantine_files(output)
    science = scan(output, columns=["alert_id"]).num_rows
    replay(before, config(output), spark=spark)
    (record,) = replay_records(output)
    assert sum(counts["read"] for counts in record.nights.values()) == len(before) == 3
    assert check_ledger(layout).gaps == []
    assert scan(output, columns=["alert_id"]).num_rows == science
    # The old entries stay, byte for byte; each has a new one beside it.
    assert files.items() <= quarantine_files(output).items()
    again = [entry for entry in entries(layout) if entry.stream == record.stream]
    assert {(entry.origin["file"], entry.reason, entry.night, entry.night_from) for entry in again} == {
        (f"quarantine:{entry.id}", entry.reason, entry.night, entry.night_from) for entry in before
    }
    assert {content_of(layout, entry)[0] for entry in again} == {content_of(layout, entry)[0] for entry in before}
    assert all(entry_of(layout, entry.id).replayed == f"{record.stream}/{record.batch}" for entry in before)


def test_no_entry_is_read_twice(output: Path, spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    layout = Layout(output)
    before = entries(layout)
    replay(before[:1], config(output), spark=spark)
    replay(before, config(output), spark=spark)  # with what was known before the first replay
    first, second = replay_records(output)
    read = [name for record in (first, second) for each in record.plan.ranges for name in each.entries]
    assert sorted(read) == sorted(entry.id for entry in before)
    assert set(replayed(layout)) == {entry.id for entry in before}
    code, out, err = said(capsys, "replay", str(output), before[0].id)
    assert code == 0
    assert f"{before[0].id} was replayed in batch {first.stream}/{first.batch}, it is not read again" in err
    assert "nothing to replay" in out
    assert check_ledger(layout).gaps == []


def test_a_replay_does_not_take_what_another_stream_has_sealed(output: Path, spark: SparkSession) -> None:
    """A night was killed between seal and publish; a replay before its next start leaves its staged files alone."""
    layout = Layout(output)
    last = list(records(layout))[-1]
    ledger = StreamLedger(layout, last.stream)
    content = json.loads(ledger.record_path(last.batch).read_text())
    content |= {"state": "sealed", "sinks": {}}
    ledger.record_path(last.batch).write_text(json.dumps(content))
    for file in last.files:
        if file.table != "quarantine":
            (output / file.staged).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(output / file.name, output / file.staged)
    replay(entries(layout, reason="not_avro"), config(output), spark=spark)
    run_job("night", config(output, input=(str(output / "raw"),), patterns=("none",)), spark)
    assert check_ledger(layout).gaps == []


def test_a_wire_message_is_read_once_its_schema_is_there(
    real_alerts: Path, tmp_path: Path, spark: SparkSession
) -> None:
    """Real Rubin messages without, then with, the directory of schemas; the oracle is fastavro."""
    messages = sorted((real_alerts / "lsst_alerts" / "wire").iterdir())
    schemas = real_alerts / "lsst_alerts" / "schemas"
    output = tmp_path / "output"
    given = config(output, input=tuple(map(str, messages)), modules=("stetson_k",))
    run_job("night", given, spark)
    layout = Layout(output)
    refused = entries(layout)
    assert {entry.reason for entry in refused} == {"unknown_schema"}
    assert len(refused) == len(messages)
    replay(refused, config(output, schemas=str(schemas)), spark=spark)
    assert check_ledger(layout).gaps == []
    science = scan(output, columns=["alert_id", "provenance.file", "stetson_k"])
    schema = fastavro.schema.load_schema(str(schemas / "7.4" / "lsst.v7_4.alert.avsc"))
    ids = set()
    for path in messages:
        with path.open("rb") as stream:
            stream.seek(5)
            ids.add(fastavro.schemaless_reader(stream, schema)["diaSource"]["diaSourceId"])
    assert set(science["alert_id"].to_pylist()) == ids
    assert set(science["provenance.file"].to_pylist()) == {f"quarantine:{entry.id}" for entry in refused}
    assert all(entry.replayed for entry in entries(layout))


def test_a_replay_writes_the_tables_and_modules_of_the_batch_that_refused(tmp_path: Path, spark: SparkSession) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad_20240203.avro").write_bytes(b"nothing")
    output = tmp_path / "output"
    run_job("ingest", config(output, input=(str(tmp_path / "in"),)), spark)
    replay(entries(Layout(output)), config(output, modules=("no_such_module",)), spark=spark)
    first, second = records(Layout(output))
    assert first.stream != second.stream
    assert (first.tables, second.tables) == (("raw",), ("raw",))
    assert not (output / "science").exists()


def test_merged_quarantine_files_are_still_found(output: Path, tmp_path: Path) -> None:
    pytest.importorskip("jobs.maintenance.compact")
    before = {entry.id: content_of(Layout(output), entry)[0] for entry in entries(Layout(output))}
    assert main(["compact", str(output)]) == 0
    assert {entry.id: content_of(Layout(output), entry)[0] for entry in entries(Layout(output))} == before


def test_every_quarantine_row_is_an_entry(output: Path) -> None:
    rows = sum(pq.read_metadata(path).num_rows for path in output.glob("quarantine/night=*/*.parquet"))
    assert rows == len(entries(Layout(output))) == 3
