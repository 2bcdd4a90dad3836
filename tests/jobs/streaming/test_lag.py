"""How far behind a job says it is: as of after the batch."""

from pathlib import Path
from typing import Any

import pytest
from small_outputs import runner, write_packets

from jobs.ledger.records import Plan, Record
from jobs.packets.ranges import Range
from jobs.pipeline.sources.files.source import FileSource
from jobs.streaming.exchange import News
from jobs.streaming.lag import after_batch, lag_of


def report(*partitions: tuple[int, int, int]) -> dict[str, Any]:
    each = [
        {"topic": "ztf", "partition": number, "position": position, "end": end, "lag": end - position}
        for number, position, end in partitions
    ]
    return {"kafka": {"bootstrap": "b", "partitions": each, "lag": sum(end - at for _, at, end in partitions)}}


def read(partition: int, start: int, stop: int) -> Range:
    return Range("kafka", "ztf", start, stop, partition=partition)


def test_what_a_batch_has_read_is_not_behind_any_more() -> None:
    planned = report((0, 0, 120), (1, 5, 85))
    assert after_batch(planned, [read(0, 0, 60), read(0, 60, 120), read(1, 5, 85)]) == report(
        (0, 120, 120), (1, 85, 85)
    )
    assert lag_of(after_batch(planned, [read(0, 0, 60), read(1, 5, 80)])) == 65
    assert planned == report((0, 0, 120), (1, 5, 85))


def test_ranges_of_before_the_report_and_of_another_topic_of_the_name_change_nothing() -> None:
    planned = report((0, 60, 120))
    assert after_batch(planned, [read(0, 0, 60), read(0, 100, 300), read(2, 60, 120)]) == planned


def test_files_have_no_lag() -> None:
    assert after_batch({"passed_over": {}}, [read(0, 0, 9)]) == {"passed_over": {}}
    assert lag_of({"passed_over": {}}) is None


@pytest.mark.parametrize(("state", "all_read"), [("idle", True), ("running", False)])
def test_a_stream_that_is_stopped_knows_whether_there_was_more(tmp_path: Path, state: str, all_read: bool) -> None:
    source = FileSource([str(write_packets(tmp_path / "packets"))], 0.0, tmp_path / "out" / "_staging" / "spool")
    job = runner(tmp_path / "out", source, tables=("raw",))
    write = job.status.write

    def stopping(told: str) -> None:
        write(told)
        if told == state:
            job.stop.asked.set()

    job.status.write = stopping  # type: ignore[method-assign]
    status = job.run("continuous", 0.05)
    assert (status.asked_to_stop, status.all_read) == (True, all_read)


@pytest.mark.parametrize(("closed", "lag"), [(7, 0), (6, 120)])
def test_a_job_tells_its_lag_as_of_after_the_batch(tmp_path: Path, closed: int, lag: int) -> None:
    job: Any = runner(tmp_path / "out", FileSource([str(tmp_path)], 0.0, tmp_path / "spool"), tables=("raw",))
    job._exchange.news = lambda: News("planned", 7, report=report((0, 0, 120)))
    job._last = Record(Plan("s", closed, "night", "", 0.0, (read(0, 0, 120),)), "run", ("raw",), {}, (), {}, {})
    assert lag_of(job.status.more()) == lag
