"""A sink that Strix does not know is one file and one entry in the list: a night, a kill, an audit, a job without it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import csv_sink
import pytest
from csv_sink import CSV
from job_process import Job

from jobs.audit.check import check_ledger
from jobs.cli.main import main
from jobs.ledger.not_sent import WHY
from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import records
from jobs.pipeline.sinks import registry
from jobs.pipeline.sinks.registry import audit_sinks, prepare_sinks, sinks_in_order, versions_of
from jobs.pipeline.sinks.sink import JobFacts, SinkKind, write_all
from jobs.simulation import simulate
from jobs.storage.layout import Layout

KILLED, ALERTS, LIMIT = -9, 60, 20
SCRIPT = (str(Path(csv_sink.__file__)),)


class Memory:
    """A sink that keeps what it was given."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told, self.held = name, told, False
        self.versions: dict[str, str] = {}

    def open(self, _: Any) -> "Memory":
        return self

    def committed(self, _: Record) -> dict[str, Any] | None:
        return {"kept": 1} if self.held else None

    def write(self, _: Record) -> dict[str, Any]:
        self.told.append(self.name)
        self.held = True
        return {"kept": 1}


def kind(name: str, order: int, told: list[str]) -> SinkKind:
    def audit(_: Layout, record: Record) -> Iterator[str]:
        yield f"{name} audited {record.sinks[name]}"

    def prepare(_: Any, job: JobFacts) -> Memory:
        told.append(f"{name} after {', '.join(job.earlier) or 'none'}")
        return Memory(name, told)

    return SinkKind(name, name, order, "", prepare, audit)


@pytest.fixture
def some_record() -> Record:
    return Record(Plan("s", 0, "night", "", 0.0, ()), "run", ("science",), {}, (), {}, {})


def test_sinks_are_prepared_and_written_in_their_declared_order_whatever_their_place_in_the_list(
    monkeypatch: pytest.MonkeyPatch, some_record: Record
) -> None:
    told: list[str] = []
    monkeypatch.setattr(registry, "SINKS", [kind("last", 9, told), kind("first", 1, told), kind("unasked", 2, told)])
    assert [each.name for each in sinks_in_order()] == ["first", "unasked", "last"]
    prepared = prepare_sinks({"last": {"a": "1"}, "first": {"a": "1"}, "unasked": {}}, JobFacts("night"))
    assert told == ["first after none", "last after first"]
    assert versions_of(prepared) == {"sinks": ["first", "last"]}
    sinks = [each.open(None) for each in prepared]  # type: ignore[arg-type]
    counts = {"first": {"kept": 1}, "last": {"kept": 1}}
    assert write_all(sinks, some_record) == counts
    # What was written before a crash is asked for, not written again.
    assert write_all(sinks, some_record) == counts
    assert told[2:] == ["first", "last"]


def test_each_sink_of_a_closed_batch_is_audited_and_one_without_counts_is_named(
    monkeypatch: pytest.MonkeyPatch, some_record: Record
) -> None:
    monkeypatch.setattr(registry, "SINKS", [kind("one", 1, []), kind("two", 2, [])])
    layout = Layout(Path("nowhere"))
    hashes = {"sinks": ["one", "two", "three"]}
    record = replace(some_record, state="closed", hashes=hashes, sinks={"one": {"kept": 3}, "not_sent": {"three": WHY}})
    assert list(audit_sinks(layout, record)) == [
        "sealed for the sink two, and the ledger has no counts of it",
        "one audited {'kept': 3}",
    ]
    assert list(audit_sinks(layout, replace(record, state="sealed"))) == []


def test_a_sink_that_cannot_read_what_it_keeps_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, some_record: Record
) -> None:
    def audit(_: Layout, record: Record) -> Iterator[str]:
        yield "one gap"
        raise PermissionError(13, "Permission denied", "kept.csv")

    broken = replace(kind("one", 1, []), audit=audit)
    monkeypatch.setattr(registry, "SINKS", [broken, kind("two", 2, [])])
    record = replace(some_record, state="closed", sinks={"one": {}, "two": {"kept": 1}})
    assert list(audit_sinks(Layout(Path("nowhere")), record)) == [
        "one gap",
        "what one keeps cannot be read: PermissionError [Errno 13] Permission denied: 'kept.csv'",
        "two audited {'kept': 1}",
    ]


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_a_night_with_a_sink_of_ones_own(
    tmp_path: Path,
    start_job: Callable[..., Job],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    simulate(tmp_path / "packets", ALERTS, 7, "containers", 10)
    output, folder = tmp_path / "out", tmp_path / "csv"
    fixed = ["night", "--input", str(tmp_path / "packets"), "--output", str(output), "--modules", "stetson_k"]
    fixed += ["--settle-s", "0", "--max-alerts-per-batch", str(LIMIT)]
    asking = [*fixed, "--csv", f"folder={folder}"]

    # Killed between write and close: what is written stays, and is not written again.
    job = start_job(asking, program=SCRIPT, STRIX_FAULT="after_store@0")
    assert job.wait() == KILLED, job.said()
    (written,) = folder.glob("*.csv")
    before = written.stat()
    job = start_job(asking, program=SCRIPT, STRIX_FAULT="after_seal@1")
    assert job.wait() == KILLED, job.said()
    assert written.stat().st_mtime_ns == before.st_mtime_ns and written.stat().st_ino == before.st_ino
    # It is not in the configuration any more when its second batch is finished.
    job = start_job(fixed)
    assert job.wait() == 0, job.said()

    layout = Layout(output)
    first, second, third = records(layout)
    assert first.sinks["csv"] == {**csv_sink._counts(written), "rows": LIMIT}
    assert second.sinks["not_sent"] == {"csv": WHY}
    assert (second.hashes["sinks"], third.hashes["sinks"]) == (["csv"], [])
    assert list(folder.glob("*.csv")) == [written]
    said = f"stream {second.stream} batch 1: csv not sent: {WHY}"
    lacking = "1 batch went to csv, a sink that is not installed here: what it holds was not checked"
    checked = check_ledger(layout)
    assert (checked.gaps, checked.notes) == ([], [said, lacking])

    monkeypatch.setattr(registry, "SINKS", [*registry.SINKS, CSV])
    checked = check_ledger(layout)
    assert (checked.gaps, checked.notes) == ([], [said])
    lines = written.read_text().splitlines(keepends=True)
    written.write_text("".join(lines[:-1]))
    told = {**first.sinks["csv"]}
    gap = f"stream {first.stream} batch 0: csv: {told} is not what is there: {csv_sink._counts(written)}"
    assert [str(each) for each in check_ledger(layout).gaps] == [gap]
    assert main(["ledger", "check", str(output)]) == 1
    assert f"ledger: {gap}\n" in capsys.readouterr().err
    written.unlink()
    (gone,) = check_ledger(layout).gaps
    assert str(gone).endswith("is not what is there: None")
