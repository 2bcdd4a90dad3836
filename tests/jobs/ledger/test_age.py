"""A start over a long past opens a handful of files, and so do a day's numbers: counted, not timed."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from jobs.audit.check import check_ledger
from jobs.bench.history import ALERTS, STREAM, file_of, night_of, simulate
from jobs.cli.ledger import nights_of
from jobs.ledger import id_index
from jobs.ledger.id_index import IdIndex, holders_of
from jobs.ledger.identity import open_stream
from jobs.ledger.streams import StreamLedger, open_records
from jobs.pipeline.sources.files.source import FileSource
from jobs.storage.layout import Layout

BATCHES, UNROLLED = 20_000, 30


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("past"))
    simulate(layout, BATCHES, UNROLLED)
    return layout


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many files were opened since the last time that this was asked: Python's and pyarrow's."""
    count = 0

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        def called(*given: object, **named: object) -> object:
            nonlocal count
            count += 1
            return function(*given, **named)

        return called

    monkeypatch.setattr(Path, "open", counting(Path.open))  # read_text, too
    for name in ("read_table", "read_metadata", "ParquetFile"):
        monkeypatch.setattr(pq, name, counting(getattr(pq, name)))

    def since() -> int:
        nonlocal count
        known, count = count, 0
        return known

    return since


def test_a_start_opens_few_files_however_long_the_past(past: Layout, tmp_path: Path, opened: Callable[[], int]) -> None:
    stream = open_stream(past, "ingest", past.checkpoint("ingest"), append=False)
    ledger = StreamLedger(past, stream)
    source = FileSource([str(tmp_path)], 0.0, tmp_path / "spool")
    source.begin(ledger)
    index = IdIndex(past, ("raw",), open_records(past))
    for record in ledger.open_records():
        source.note(record)
    assert source.plan(100) == []
    assert (ledger.next_batch(), ledger.open_plan()) == (BATCHES, None)
    known = [0, 7_654_321 % (ALERTS * BATCHES), ALERTS * BATCHES - 1]
    assert set(index.committed("ztf", np.array([*known, -1, ALERTS * BATCHES]))) == set(known)
    assert UNROLLED < opened() < 200 + 2 * UNROLLED
    assert len(os.listdir(ledger.directory)) < 10 + 4 * UNROLLED


def test_a_file_of_the_past_is_known_by_path_size_and_time(past: Layout, tmp_path: Path) -> None:
    source = FileSource([str(tmp_path)], 0.0, tmp_path / "spool")
    source.begin(StreamLedger(past, STREAM))
    source.plan(1)
    path, size, mtime_ns = file_of(12_345)
    asked = [
        (path, size, mtime_ns),
        (path, size + 1, mtime_ns),
        (path, size, mtime_ns + 1),
        (path + "x", size, mtime_ns),
    ]
    assert source.progress.finished.holds(asked).tolist() == [True, False, False, False]
    found = source.progress.finished.last_range(path)
    assert found is not None and (found.path, found.stop, found.size, found.last) == (path, ALERTS, size, True)
    assert source.progress.finished.last_range(path + "x") is None
    assert len(source.progress.finished) == BATCHES - UNROLLED


def test_a_days_numbers_come_from_the_volumes_of_the_day(past: Layout, opened: Callable[[], int]) -> None:
    night = night_of(BATCHES - 1)
    of_night = sum(night_of(batch) == night for batch in range(BATCHES))
    numbers = nights_of(past, night)
    assert list(numbers) == [night]
    assert (numbers[night]["read"], numbers[night]["decoded"]) == (ALERTS * of_night, ALERTS * of_night)
    assert opened() < 20 + 2 * UNROLLED
    assert list(holders_of(past, 123_456)) == [(STREAM, 12_345)]
    assert opened() < 20 + 2 * UNROLLED


def test_a_day_of_a_long_past_balances_and_a_short_past_as_a_whole(past: Layout, tmp_path: Path) -> None:
    night = night_of(BATCHES - 1)
    day = check_ledger(past, nights=[night])
    assert (day.gaps, day.batches) == ([], sum(night_of(batch) == night for batch in range(BATCHES)))
    short = Layout(tmp_path / "short")
    simulate(short, 1100, UNROLLED)
    whole = check_ledger(short)
    assert (whole.gaps, whole.batches, whole.read) == ([], 1100, ALERTS * 1100)


def test_row_groups_that_cannot_hold_an_id_are_not_read(past: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    group = id_index._read_group
    monkeypatch.setattr(id_index, "_read_group", lambda path, number: (read.append(number), group(path, number))[1])
    index = IdIndex(past, ("raw",))
    assert len(index.committed("ztf", np.array([5, 100_000]))) == 2
    assert len(read) == 2
