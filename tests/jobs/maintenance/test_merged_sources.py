"""Packets in merged raw files are read once: by what follows the ledger, and by what is given paths."""

import shutil
from pathlib import Path

import pytest
from small_outputs import files, gaps, rows, runner

from jobs.cli.main import main
from jobs.ledger.streams import records
from jobs.packets.problems import InputChanged
from jobs.packets.ranges import Range
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.readers import read_ranges
from jobs.storage.layout import Layout


@pytest.fixture(scope="module")
def ingested(packets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw packets of several batches, as ingest leaves them."""
    scratch = tmp_path_factory.mktemp("ingested")
    source = FileSource([str(packets)], 0.0, scratch / "spool")
    runner(scratch / "archive", source, "ingest", ("raw",)).run("available_now", 0.1)
    return scratch / "archive"


@pytest.fixture
def archive(ingested: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(ingested, tmp_path / "archive"))


def values(ranges: list[Range]) -> dict[str, list[bytes]]:
    """The packets of each batch that was planned, in order."""
    found: dict[str, list[bytes]] = {}
    for each in ranges:
        found.setdefault(each.batch, []).extend(bytes(one.message.value) for one in read_ranges([each]))
    return found


def planned(source: LedgerSource) -> list[Range]:
    ranges: list[Range] = []
    while more := source.plan(5):
        ranges.extend(more)
    return ranges


def test_a_plan_from_before_the_merge_reads_the_same_packets_of_each_batch(archive: Path) -> None:
    ranges = planned(LedgerSource(Layout(archive)))
    before = values(ranges)
    assert len(before) > 3
    main(["compact", str(archive)])
    assert not any(Path(each.path).exists() for each in ranges)
    assert values(ranges) == before
    # And once more, from files that were merged twice.
    assert values(planned(LedgerSource(Layout(archive)))) == before


def test_a_merge_while_the_ledger_is_followed_neither_loses_nor_repeats_packets(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = LedgerSource(Layout(archive))
    enrich = runner(tmp_path / "enriched", source, "enrich", ("science",), limit=10)
    plan = LedgerSource.plan
    looks = []

    def plan_and_compact(following: LedgerSource, limit: int) -> list[Range]:
        ranges = plan(following, limit)
        looks.append(len(ranges))
        if len(looks) == 2:
            main(["compact", str(archive)])
        return ranges

    monkeypatch.setattr(LedgerSource, "plan", plan_and_compact)
    enrich.run("available_now", 0.1)
    monkeypatch.undo()
    assert len(looks) > 3
    scored = list(records(Layout(tmp_path / "enriched")))
    assert sum(counts["decoded"] for record in scored for counts in record.nights.values()) == len(rows(archive)["raw"])
    assert not any(counts["duplicates"] for record in scored for counts in record.nights.values())
    assert gaps(archive) == gaps(tmp_path / "enriched") == []
    assert LedgerSource(Layout(archive)).check() is None
    assert planned(source) == []


def test_pruned_packets_are_passed_over_and_packets_pruned_after_the_plan_stop_the_job(archive: Path) -> None:
    before = planned(LedgerSource(Layout(archive)))
    main(["prune", str(archive), "--raw-days", "0", "--as-of", "30000101", "--unscored"])
    assert planned(LedgerSource(Layout(archive))) == []
    with pytest.raises(InputChanged, match="is gone"):
        LedgerSource(Layout(archive)).ready(before, archive)


def test_a_merged_raw_file_given_by_its_path_is_not_read_again(archive: Path, tmp_path: Path) -> None:
    def again(output: Path) -> int:
        source = FileSource([str(archive / "raw" / "night=*" / "*.parquet")], 0.0, tmp_path / "spool2")
        return runner(output, source, "night", ("raw", "science"), limit=100).run("available_now", 0.1).read

    everything = len(rows(archive)["raw"])
    assert again(tmp_path / "first") == everything
    main(["compact", str(archive)])
    assert again(tmp_path / "first") == 0
    assert again(tmp_path / "new") == everything
    assert gaps(tmp_path / "first") == gaps(tmp_path / "new") == []


def test_a_file_that_nobody_merged_is_said_to_be_gone(archive: Path) -> None:
    ranges = planned(LedgerSource(Layout(archive)))
    files(archive, "raw")[0].unlink()
    with pytest.raises(FileNotFoundError, match="is gone"):
        values(ranges)
