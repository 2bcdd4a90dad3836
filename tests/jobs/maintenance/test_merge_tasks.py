"""Merges as tasks of Spark: the files are those of one process, whatever a task does twice or refuses."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from small_outputs import LocalSpark, files, gaps, left_over, rows

from jobs.cli import compact as command
from jobs.ledger.journal import Journal
from jobs.ledger.records import LedgerError
from jobs.maintenance.compact import Wanted, compact
from jobs.maintenance.compaction import begun, put_in_place
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.merge_tasks import OnSpark
from jobs.maintenance.stored_files import KnownParts
from jobs.storage.layout import TABLES, Layout

EVERYTHING = Wanted(TABLES)


class Counted(LocalSpark):
    """Notes how many merges are run together."""

    def __init__(self) -> None:
        self.together: list[int] = []

    def range(self, start: int, stop: int, step: int, partitions: int) -> Any:
        assert partitions == stop
        self.together.append(stop)
        return super().range(start, stop, step, partitions)


@pytest.fixture
def merged(output: Path, tmp_path: Path) -> Path:
    """A copy, compacted in this process."""
    other = Path(shutil.copytree(output, tmp_path / "other"))
    assert list(compact(NightMaintenance(Layout(other)), EVERYTHING))
    return other


def content(output: Path) -> dict[str, bytes]:
    return {str(path.relative_to(output)): path.read_bytes() for table in TABLES for path in files(output, table)}


def test_tasks_make_the_files_that_one_process_makes_a_few_nights_at_a_time(output: Path, merged: Path) -> None:
    spark = Counted()
    changes = list(compact(NightMaintenance(Layout(output)), EVERYTHING, OnSpark(spark)))
    assert content(output) == content(merged)
    assert [change.id for change in changes] == [f"{table}-{night}-000000000" for table, night in places(merged)]
    assert spark.together == [2] * (len(changes) // 2) + [1] * (len(changes) % 2)  # a LocalSpark has two cores
    assert gaps(output) == left_over(output) == []


def places(output: Path) -> list[tuple[str, str]]:
    return [(table, night) for table in TABLES for night in Layout(output).nights(table)]


@pytest.mark.spark
def test_spark_makes_the_files_that_one_process_makes(spark: SparkSession, output: Path, merged: Path) -> None:
    assert list(compact(NightMaintenance(Layout(output)), EVERYTHING, OnSpark(spark)))
    assert content(output) == content(merged)
    assert gaps(output) == left_over(output) == []


def test_a_task_that_is_run_twice_changes_nothing(output: Path, merged: Path) -> None:
    """Spark starts the task of a lost executor again, and the first may still be writing."""
    layout = Layout(output)
    maintenance = NightMaintenance(layout)
    (table, night), *_ = places(output)
    merging = begun(maintenance, KnownParts(layout).of(table, night), table, night, None)
    first, second = merging.run(), merging.run()
    assert first.files == second.files
    assert first.folder != second.folder
    put_in_place(maintenance, merging, second, "test")
    maintenance.sweep(wait=True)
    assert [path.read_bytes() for path in layout.files(table, night)] == [
        path.read_bytes() for path in Layout(merged).files(table, night)
    ]
    assert left_over(output) == []


def test_a_merge_that_a_task_refuses_is_told_as_in_one_process_and_what_was_made_stays(output: Path) -> None:
    before = rows(output)
    path = files(output, "science")[-1]
    pq.write_table(pq.ParquetFile(path).read()[:0], path)
    changes = []
    with pytest.raises(LedgerError, match=rf"science/{path.parent.name}: the ledger says \d+ rows in \d+ files"):
        for change in compact(NightMaintenance(Layout(output)), EVERYTHING, OnSpark(Counted())):
            changes.append(change)
    assert {change.table for change in changes} == {"raw", "science"}
    assert len([change for change in changes if change.table == "science"]) == 1
    NightMaintenance(Layout(output)).recover()
    assert left_over(output) == []
    assert Journal(Layout(output)).unfinished() == []
    assert rows(output, ["raw", "cutouts"]) == {name: before[name] for name in ("raw", "cutouts")}


def test_under_spark_submit_merges_are_tasks(
    output: Path, merged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped: list[str] = []
    spark = Counted()
    session = SimpleNamespace(
        range=spark.range, sparkContext=spark.sparkContext, stop=lambda: stopped.append("stopped")
    )
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    monkeypatch.setattr("jobs.spark.session.running_session", lambda: None)
    monkeypatch.setattr("jobs.spark.session.build_session", lambda name, master, *_: session)
    assert command.main([str(output)]) == 0
    assert sum(spark.together) == len(places(merged))
    assert stopped == ["stopped"]
    assert content(output) == content(merged)
