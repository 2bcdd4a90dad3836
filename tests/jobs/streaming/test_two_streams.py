"""What a job finds of others when it starts: what another stream has sealed, and what a dead driver's tasks still write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_outputs import LocalQuery, LocalSpark

from jobs.ledger.records import DataFile, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.ranges import Range
from jobs.pipeline.batch.spec import BatchSpec
from jobs.storage.layout import Layout
from jobs.streaming.runner import Runner

MINE, OTHERS = "aaaaaaaa", "bbbbbbbb"
RECIPE = BatchSpec(("raw",), ("ztf",), None, (), {}, dict)


class Nothing:
    """A source that has nothing to read."""

    def check(self) -> None:
        return

    def note(self, record: Record) -> None:
        return

    def plan(self, limit: int) -> list[Range]:
        return []

    def waiting_s(self) -> float | None:
        return None

    tasks = 2
    reader = None

    def ready(self, ranges: Sequence[Range], folder: Path) -> list[Range]:
        raise AssertionError("nothing is to be staged")

    def share(self) -> None:
        return

    def commit(self, ranges: Sequence[Range]) -> None:
        return

    def stop(self) -> None:
        return


def sealed(layout: Layout, stream: str, job: str) -> Record:
    """A batch as a job leaves it that was killed behind its seal."""
    staged = layout.batch_staging(stream, 0) / "run-raw.parquet"
    staged.parent.mkdir(parents=True)
    pq.write_table(pa.table({"mjd": [61000.5], "stream": [stream]}), staged)
    names = (str(path.relative_to(layout.root)) for path in (layout.published("raw", "1", stream, 0, 0), staged))
    plan = Plan(stream, 0, job, "2026-01-01T00:00:00", 61000.0, ())
    record = Record(plan, "run", ("raw",), {}, (DataFile("raw", "1", *names, 1, 8),), {}, {})
    ledger = StreamLedger(layout, stream)
    ledger.directory.mkdir(parents=True, exist_ok=True)
    ledger.begin_plan(plan)
    ledger.write_ids(0, pa.table({"survey": ["ztf"], "alert_id": [1], "content_hash": [1]}))
    ledger.write(record)
    return record


def run(layout: Layout, stream: str, job: str) -> None:
    """Start a job over the output; there is nothing new to read."""
    session: Any = LocalSpark()
    Runner(session, layout, job, stream, Nothing(), RECIPE, 10, query=LocalQuery).run("available_now", 0.1)


@pytest.mark.parametrize("first", [MINE, OTHERS])
def test_a_job_finishes_its_own_sealed_batch_and_keeps_the_other_jobs_for_it(tmp_path: Path, first: str) -> None:
    layout = Layout(tmp_path)
    records = {stream: sealed(layout, stream, stream) for stream in (MINE, OTHERS)}
    (layout.staging / "left-over").mkdir()
    halves = [layout.stream_ledger(first) / ".000000000.ids.parquet.tmp", layout.root / ".status.json.77.tmp"]
    for half in halves:
        half.touch()
    second = OTHERS if first == MINE else MINE
    run(layout, first, first)
    assert (tmp_path / records[second].files[0].staged).exists()
    assert not any(path.exists() for path in (layout.staging / "left-over", *halves))
    run(layout, second, second)
    for stream, record in records.items():
        assert pq.ParquetFile(tmp_path / record.files[0].name).read()["stream"].to_pylist() == [stream]
        assert StreamLedger(layout, stream).read(0).state == "closed"


class Reached(Exception):
    """The stage went on to its tasks."""


def begun() -> Any:
    """What runs the tasks of a batch."""
    raise Reached


def test_a_task_of_a_dead_driver_that_writes_while_its_folder_is_removed_does_not_stop_the_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    job = Runner(None, layout, "night", MINE, Nothing(), RECIPE, 10)  # type: ignore[arg-type]
    layout.batch_staging(MINE, 0).mkdir(parents=True)
    monkeypatch.setattr("shutil.rmtree", lambda path, ignore_errors: None)
    job._recover()
    with pytest.raises(Reached):
        job.processor.process(Plan(MINE, 0, "night", "2026-01-01T00:00:00", 61000.0, ()), begun)
