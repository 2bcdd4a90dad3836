"""Old packets and stamps go, and the ledger knows that they went."""

import json
from pathlib import Path

import pytest
from small_outputs import files, gaps, left_over, nights, rows, run_night, runner, seen, write_packets

from jobs.cli.main import main
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.pipeline.sources.files.source import FileSource
from jobs.storage.layout import Layout


def days_between(early: str, late: str) -> int:
    from datetime import datetime

    first, second = (datetime.strptime(night.removeprefix("night="), "%Y%m%d") for night in (early, late))
    return (second - first).days


def test_nights_before_the_limit_go_and_the_others_stay(output: Path) -> None:
    early, late = nights(output, "raw")
    before = rows(output)
    apart = days_between(early, late)
    as_of = ["--as-of", late.removeprefix("night=")]
    assert main(["prune", str(output), "--raw-days", str(apart), "--cutout-days", str(apart), *as_of]) == 0
    assert rows(output) == before
    assert main(["prune", str(output), "--raw-days", str(apart - 1), *as_of]) == 0
    after = rows(output)
    assert after["raw"] == [row for row in before["raw"] if row.startswith(late)]
    assert after | {"raw": []} == before | {"raw": []}
    assert nights(output, "raw") == [late]
    assert gaps(output) == left_over(output) == []


def test_a_pruned_compacted_night_is_known_as_pruned(output: Path) -> None:
    main(["compact", str(output)])
    assert main(["prune", str(output), "--raw-days", "0", "--cutout-days", "0", "--as-of", "30000101"]) == 0
    assert files(output, "raw") == files(output, "cutouts") == []
    assert gaps(output) == left_over(output) == []


def test_what_comes_later_for_a_pruned_night_is_kept_and_compacted(output: Path, tmp_path: Path) -> None:
    main(["prune", str(output), "--raw-days", "0", "--as-of", "30000101"])
    run_night(output, write_packets(tmp_path / "more", range(1000, 1012)))
    assert len(rows(output)["raw"]) == 12
    main(["compact", str(output)])
    assert len(rows(output)["raw"]) == 12
    assert gaps(output) == left_over(output) == []


def test_without_a_journal_entry_a_removed_file_is_missing(output: Path) -> None:
    files(output, "raw")[0].unlink()
    assert any("is missing" in gap for gap in gaps(output))


def test_packets_that_nothing_has_scored_stay_unless_it_is_said(tmp_path: Path, capsys) -> None:
    output = tmp_path / "archive"
    source = FileSource([str(write_packets(tmp_path / "packets", range(12)))], 0.0, tmp_path / "spool")
    runner(output, source, "ingest", ("raw",), limit=100).run("available_now", 0.1)
    arguments = ["prune", str(output), "--raw-days", "0", "--as-of", "30000101"]
    before = seen(output)
    assert main(arguments) == 0
    assert "no batch here has scored" in capsys.readouterr().out
    assert seen(output) == before
    runner(output, LedgerSource(Layout(output)), "enrich", ("science",), limit=100).run("available_now", 0.1)
    main(["compact", str(output)])
    assert main(arguments) == 0
    assert files(output, "raw") == []
    assert gaps(output) == []


def test_a_dry_run_says_what_would_go_and_removes_nothing(output: Path, capsys) -> None:
    before = seen(output)
    assert main(["prune", str(output), "--raw-days", "0", "--as-of", "30000101", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "would be removed" in told and str(len(rows(output, ["raw"])["raw"])) in told
    assert seen(output) == before
    assert not list((output / "ledger").glob("compactions/*.json"))


def test_the_journal_names_every_file_that_went_with_its_rows(output: Path) -> None:
    there = {str(path.relative_to(output)) for path in files(output, "cutouts")}
    count = len(rows(output, ["cutouts"])["cutouts"])
    main(["prune", str(output), "--cutout-days", "0", "--as-of", "30000101"])
    changes = [json.loads(path.read_text()) for path in (output / "ledger" / "compactions").glob("*.json")]
    assert {part["name"] for change in changes for part in change["old"]} == there
    assert sum(part["rows"] for change in changes for part in change["old"]) == count
    assert all(change["kind"] == "pruning" and change["new"] == [] for change in changes)


def test_nothing_asked_for_and_what_is_no_date_are_refused(output: Path, capsys) -> None:
    assert main(["prune", str(output)]) == 2
    for wrong in (["--raw-days", "-1"], ["--raw-days", "3", "--as-of", "yesterday"]):
        with pytest.raises(SystemExit) as stopped:
            main(["prune", str(output), *wrong])
        assert stopped.value.code == 2
