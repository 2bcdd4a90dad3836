"""A file that is replaced, or cannot be read, between planning and reading: nothing is sealed that does not balance."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_outputs import SEED, gaps, rows, runner, write_packets

from jobs.cli.run import close, say_passed_over
from jobs.common.job import job_of
from jobs.common.times import tai_of_unix
from jobs.launcher.run import Outcome
from jobs.launcher.science import Science
from jobs.ledger.records import Plan
from jobs.ledger.streams import StreamLedger, records
from jobs.packets.problems import InputChanged, InputUnreadable
from jobs.pipeline.sources import readers
from jobs.pipeline.sources.files import opened
from jobs.pipeline.sources.files.source import FileSource
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout
from jobs.streaming.runner import Runner


@pytest.fixture
def packets(tmp_path: Path) -> Path:
    """Three files of six packets, and as many that are none."""
    return write_packets(tmp_path / "in", range(18))


def job(tmp_path: Path, output: str = "out", limit: int = 8) -> Runner:
    source = FileSource([str(tmp_path / "in")], 0.0, tmp_path / output / "_staging" / "spool", tasks=1)
    return runner(tmp_path / output, source, tables=("raw",), limit=limit)


def replace(path: Path, numbers: range, when: float = 1.1e9) -> None:
    """Put another file under a name, as a mirror does."""
    other = path.with_name(".new")
    other.write_bytes(container([packet(7, number)[0] for number in numbers]))
    os.utime(other, (when, when))
    other.replace(path)


def when_it_reads(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], None]) -> None:
    """Do something as soon as a task has read a file, once; the reader is not at its end then."""
    messages, done = readers._messages, []

    def reading(planned: Any, *given: Any) -> Any:
        yield from messages(planned, *given)
        if planned.path.endswith(name) and not done:
            done.append(planned.path)
            happens()

    monkeypatch.setattr(readers, "_messages", reading)


def sealed(tmp_path: Path) -> list[int]:
    return [record.batch for record in records(Layout(tmp_path / "out"))]


def test_a_file_written_to_while_it_is_read_seals_nothing_and_the_next_start_reads_what_is_there(
    tmp_path: Path, packets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packets / "p000006.avro"
    new = container([packet(7, number)[0] for number in range(4)])
    when_it_reads(monkeypatch, path.name, lambda: path.write_bytes(new) and None)
    with pytest.raises(InputChanged, match=r"p000006\.avro was planned .* start the job again, which plans anew"):
        job(tmp_path).run("available_now", 0.1)
    before = sealed(tmp_path)
    assert gaps(tmp_path / "out") == []
    assert StreamLedger(Layout(tmp_path / "out"), _stream(tmp_path)).open_plan() is None
    job(tmp_path).run("available_now", 0.1)
    assert len(sealed(tmp_path)) > len(before)
    assert gaps(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")["raw"]) == 6 + 4 + 6


def _stream(tmp_path: Path) -> str:
    (stream,) = (tmp_path / "out" / "ledger").glob("stream=*")
    return stream.name.removeprefix("stream=")


def test_a_file_replaced_between_planning_and_reading_seals_nothing(
    tmp_path: Path, packets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job(tmp_path)
    ready = FileSource.ready
    # Between the planner's check and the task's opening.
    changing = lambda *given: _after(ready(*given), lambda: replace(packets / "p000000.avro", range(3)))  # noqa: E731
    monkeypatch.setattr(FileSource, "ready", changing)
    with pytest.raises(InputChanged, match=r"p000000\.avro was planned with"):
        one.run("available_now", 0.1)
    assert sealed(tmp_path) == []
    monkeypatch.undo()
    job(tmp_path).run("available_now", 0.1)
    assert gaps(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")["raw"]) == 3 + 6 + 6


def _after(answer: Any, happens: Callable[[], None]) -> Any:
    happens()
    return answer


def test_a_file_replaced_by_name_while_its_old_content_is_read_harms_nothing(
    tmp_path: Path, packets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open file stays what was planned; the other one is found at the next look and read from its beginning."""
    when_it_reads(monkeypatch, "p000000.avro", lambda: replace(packets / "p000000.avro", range(3)))
    one = job(tmp_path, limit=30)  # one range for each file: a second one would be opened after the replacement
    status = one.run("available_now", 0.1)
    assert gaps(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")["raw"]) == 18 + 3
    assert status.content()["files_changed"] == {"grown": 0, "replaced": 1}


def test_a_stream_goes_on_where_its_file_changed(
    tmp_path: Path, packets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    when_it_reads(monkeypatch, "p000006.avro", lambda: os.utime(packets / "p000006.avro", (1.2e9, 1.2e9)))
    one = job(tmp_path)
    maintain = one._merge_many

    def stop_at_the_end(record: Any) -> None:
        maintain(record)
        if len(rows(tmp_path / "out")["raw"]) == 18:
            one.stop.asked.set()

    one._merge_many = stop_at_the_end  # type: ignore[method-assign]
    status = one.run("continuous", 0.01)
    assert status.last_error is not None
    assert "its plan is given up" in status.last_error["message"]
    assert gaps(tmp_path / "out") == []


def begun(one: Runner) -> Plan:
    """The first plan of a job, written to the ledger."""
    plan = Plan(one.stream, 0, "night", "2026-01-01T00:00:00", tai_of_unix(time.time()), tuple(one.source.plan(8)))
    assert one.ledger.begin_plan(plan)
    return plan


@pytest.mark.parametrize("change", ["replaced", "gone", "grown"])
def test_a_plan_that_a_killed_job_left_is_given_up_if_its_file_changed(
    tmp_path: Path, packets: Path, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun(job(tmp_path))  # and there it was killed
    path, count = packets / "p000000.avro", {"replaced": 3, "gone": 0, "grown": 7}[change]
    if change == "gone":
        path.unlink()
    elif change == "replaced":
        replace(path, range(3))
    else:
        path.write_bytes(path.read_bytes() + b"G")
        count = 6
    job(tmp_path).run("available_now", 0.1)
    assert "batch 0 was planned and not sealed; its plan is given up" in caplog.text
    assert gaps(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")["raw"]) == count + 12


def test_a_plan_that_a_killed_job_left_is_read_as_it_is_if_nothing_changed(tmp_path: Path, packets: Path) -> None:
    del packets
    plan = begun(job(tmp_path))
    job(tmp_path).run("available_now", 0.1)
    assert StreamLedger(Layout(tmp_path / "out"), _stream(tmp_path)).read(0).plan == plan


def test_a_file_that_tasks_cannot_open_stops_no_other_and_is_a_loss_that_is_said(
    tmp_path: Path, packets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = readers.checked

    def refusing(planned: Any) -> Any:
        if planned.path.endswith("p000006.avro"):
            raise InputUnreadable(planned.path, "Permission denied")
        return checked(planned)

    monkeypatch.setattr(readers, "checked", refusing)
    one = job(tmp_path)
    status = one.run("available_now", 0.1)
    assert gaps(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")["raw"]) == 12
    assert say_passed_over(status.content()) == 1
    said = capsys.readouterr().err
    assert f"passed over 1 x file that cannot be read: {packets / 'p000006.avro'} (Permission denied)" in said
    monkeypatch.undo()
    again = job(tmp_path).run("available_now", 0.1)
    assert len(rows(tmp_path / "out")["raw"]) == 18
    assert say_passed_over(again.content()) == 0


def test_an_opening_that_is_refused_names_the_file(tmp_path: Path) -> None:
    from jobs.packets.ranges import Range

    (tmp_path / "a.avro").mkdir()
    with (
        pytest.raises(InputUnreadable, match=r"a\.avro cannot be read: Is a directory"),
        opened.checked(Range("container", str(tmp_path / "a.avro"), 0, 1)),
    ):
        pass


def test_a_replaced_file_s_known_alerts_are_duplicates_and_the_ledger_balances(tmp_path: Path, packets: Path) -> None:
    job(tmp_path).run("available_now", 0.1)
    path = packets / "p000000.avro"
    path.write_bytes(container([packet(SEED, number)[0] for number in (1, 2, 20, 21)]))
    one = job(tmp_path)
    status = one.run("available_now", 0.1)
    assert (status.read, status.decoded, status.duplicates) == (4, 2, 2)
    assert status.content()["files_changed"] == {"grown": 0, "replaced": 1}
    assert gaps(tmp_path / "out") == []


def test_the_closing_table_and_the_status_say_what_changed_and_what_was_passed_over(
    tmp_path: Path, packets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job(tmp_path).run("available_now", 0.1)
    replace(packets / "p000000.avro", range(3))
    (packets / "p.md5").write_text("0")
    (packets / "loop.avro").symlink_to("loop.avro")
    layout = Layout(tmp_path / "out")

    def closed() -> tuple[int, str, str, dict[str, Any]]:
        one = job(tmp_path)
        code = close(
            job_of("night"), Outcome(layout, _stream(tmp_path), one.run("available_now", 0.1), Science((), {}, {}))
        )
        out, err = capsys.readouterr()
        return code, " ".join(out.replace("│", " ").split()), err, json.loads(layout.status.read_text())

    code, out, err, status = closed()
    assert code == 0
    assert "files that had changed since they were read 1 replaced: read from the beginning 1 passed over 2" in out
    assert f"passed over 1 x link loop: {packets / 'loop.avro'}" in err
    assert status["passed_over"] == {".md5": 1, "link loop": 1}
    assert status["files_changed"] == {"grown": 0, "replaced": 1}


def test_an_input_that_cannot_be_read_ends_with_1_and_the_status_says_failed(
    tmp_path: Path, packets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (packets / "raw.parquet").write_bytes(b"PAR1 and no more")
    one = FileSource([str(packets / "raw.parquet")], 0.0, tmp_path / "spool")
    status_of = runner(tmp_path / "other", one, tables=("raw",)).run("available_now", 0.1)
    code = close(job_of("night"), Outcome(Layout(tmp_path / "other"), status_of.stream, status_of, Science((), {}, {})))
    assert code == 1
    told = json.loads(Layout(tmp_path / "other").status.read_text())
    assert (told["state"], told["input_lost"]) == ("failed", 1)
    assert "not all of the input could be read" in told["last_error"]["message"]
    assert "it is no Parquet file" in capsys.readouterr().err
