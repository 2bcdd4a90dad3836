"""Following another stream's ledger: whole closed batches, each once, whatever lies in the folder."""

import json
import shutil
from pathlib import Path

import pytest
from source_reading import entries

from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import StreamLedger, records
from jobs.packets.problems import NoInput
from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.storage.layout import Layout

pytestmark = pytest.mark.spark


@pytest.fixture
def upstream(small_output: Path, tmp_path: Path) -> Layout:
    copy = tmp_path / "upstream"
    shutil.copytree(small_output, copy)
    return Layout(copy)


def noted(ranges: list[Range]) -> Record:
    stored = tuple(Range.from_json(each.to_json()) for each in ranges)
    return Record(Plan("own", 0, "enrich", "", 0.0, stored), "", (), {}, (), {}, {})


def test_every_raw_packet_is_read_once_with_the_origin_that_it_had(upstream: Layout, tmp_path: Path) -> None:
    source = LedgerSource(upstream)
    first, second = source.plan(1), source.plan(1)
    assert source.plan(1) == []
    assert [total(first), total(second)] == [30, 20]  # whole batches, as the fixture has them
    read = entries([*first, *second], tmp_path)
    assert len(set(read)) == 50
    assert {Path(file).name for file, _ in read} == {"a_first.avro", "b_again.avro", "c_other_night.avro"}


def test_a_restart_does_not_read_again_what_the_ledger_says_was_read(upstream: Layout) -> None:
    first = LedgerSource(upstream).plan(1)
    again = LedgerSource(upstream)
    again.note(noted(first))
    assert {each.batch for each in again.plan(100)}.isdisjoint({each.batch for each in first})
    assert again.plan(100) == []


def test_files_that_no_batch_names_are_not_read(upstream: Layout) -> None:
    """As a compaction that lists directories would leave them: other names, the same packets."""
    whole = total(LedgerSource(upstream).plan(10**6))
    for path in list(upstream.table("raw").glob("night=*/*.parquet")):
        shutil.copy(path, path.with_name("merged-" + path.name))
    assert total(LedgerSource(upstream).plan(10**6)) == whole == 50


def test_a_batch_that_is_not_closed_waits(upstream: Layout) -> None:
    last = list(records(upstream))[-1]
    path = StreamLedger(upstream, last.stream).record_path(last.batch)
    closed = path.read_text()
    path.write_text(json.dumps(json.loads(closed) | {"state": "sealed"}))
    source = LedgerSource(upstream)
    assert total(source.plan(10**6)) == 30
    assert source.plan(10**6) == []
    path.write_text(closed)
    assert total(source.plan(10**6)) == 20


def test_an_output_without_a_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInput, match="has no ledger to follow; it should be the output of `strix ingest`"):
        LedgerSource(Layout(tmp_path)).check()
