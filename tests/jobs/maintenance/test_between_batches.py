"""A job that runs for long keeps the number of a night's files bounded."""

from pathlib import Path

import pytest
from small_outputs import gaps, left_over, rows, runner, seen

from jobs.ledger.records import Record
from jobs.maintenance import between_batches
from jobs.pipeline.sources.files.source import FileSource

MANY, AT_ONCE = 4, 3


def test_no_night_has_many_files_while_the_job_runs_and_the_rows_are_the_same(
    many_small: Path, packets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    monkeypatch.setattr(between_batches, "MANY_FILES", MANY)
    monkeypatch.setattr(between_batches, "FILES_AT_ONCE", AT_ONCE)
    merged: list[list[str]] = []
    merge = between_batches.merge
    monkeypatch.setattr(
        between_batches,
        "merge",
        lambda *given: (merged.append([Path(part.name).name for part in given[1]]), merge(*given)),
    )
    job = runner(output, FileSource([str(packets)], 0.0, tmp_path / "spool"), limit=4)
    most: list[int] = []
    maintain = job._merge_many

    def tidy_and_count(record: Record) -> None:
        maintain(record)
        most.append(max(map(len, seen(output).values())))

    monkeypatch.setattr(job, "_merge_many", tidy_and_count)
    job.run("available_now", 0.1)
    assert max(map(len, seen(many_small).values())) > MANY
    assert len(most) > 2 * MANY and max(most) == MANY
    assert rows(output) == rows(many_small)
    assert gaps(output) == left_over(output) == []
    # What was merged is merged again only where too few files of batches are left.
    again = sum(name.startswith("compact") for names in merged for name in names)
    assert all(1 < len(names) <= AT_ONCE for names in merged) and again < sum(map(len, merged)) / 2
