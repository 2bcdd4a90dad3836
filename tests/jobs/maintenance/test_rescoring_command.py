"""`strix enrich --again` on the command line: what it says, and what it refuses."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rescoring_again import differing, said, science
from small_outputs import LocalSpark, gaps, nights, rows, run_night, runner, seen

from jobs.cli.main import main
from jobs.cli.report import nothing_scored
from jobs.common.job import job_of
from jobs.launcher import rescoring
from jobs.ledger.counts import add_counts, empty_counts
from jobs.ledger.streams import records
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.reports.night_page.ledger_part import read_ledger
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock


@pytest.fixture(autouse=True)
def without_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run in this process."""

    @contextmanager
    def local(*given: Any) -> Iterator[Any]:
        yield LocalSpark()

    monkeypatch.setattr(rescoring, "session_of", local)
    monkeypatch.setattr(rescoring, "find_java", lambda: ("java", 17))


def test_it_says_what_it_did_and_the_second_time_why_nothing(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = (name.removeprefix("night=") for name in nights(output, "science"))
    command = ["enrich", "--again", "--night", first, "--night", last, "--modules", "rise,lc_features"]
    assert main([*command, "--output", str(output)]) == 0
    told = said(capsys)
    assert "lc_features" in told and "not run" in told and f"next: strix ledger check {output}" in told
    assert main([*command, "--output", str(output)]) == 0
    told = said(capsys)
    for night in (first, last):
        why = "rise, lc_features scored all its alerts already, as they are today"
        assert f"night {night}: nothing was scored: {why}" in told
    assert gaps(output) == []


def test_the_ledger_tells_what_was_scored_again(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = (name.removeprefix("night=") for name in nights(output, "science"))
    main(["enrich", "--again", "--night", first, "--modules", "lc_features", "--output", str(output)])
    capsys.readouterr()
    assert main(["ledger", "show", str(output)]) == 0
    told = said(capsys)
    assert "scored again" in told and f"{first} │ lc_features │" in told and "not run" in told
    assert main(["ledger", "show", str(output), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    for module in ("lc_features", "rise"):
        numbers = content["nights"][first]["modules"][module]
        assert numbers["answered"] + sum(numbers["partial"].values()) + sum(numbers["null"].values()) == 12
    assert "lc_features" not in content["nights"][last]["modules"]
    assert [each["night"] for each in content["scored_again"]] == [first]
    part = read_ledger(Layout(output), first, ())
    assert {each.name: each.total for each in part.modules()}["lc_features"] == 12
    assert main(["ledger", "show", str(output), "--night", last, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scored_again"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (
            "--again --night 20010101",
            2,
            "no night 20010101 in {output}; nights that have science: 2, 20240207 to 20240210",
        ),
        ("--again", 2, "--again needs --night YYYYMMDD; nights of {output} that have science: 2, 20240207 to 20240210"),
        ("--night 20240207", 2, "--night goes with --again"),
        ("--keep-old", 2, "--keep-old goes with --again"),
        ("--again --night 20240207 --input x", 2, "sends nothing; leave out --input"),
        ("--again --night 20240207 --filters x", 2, "sends nothing; leave out --filters"),
        ("--again --night 20240207 --modules rize", 2, "did you mean rise?"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_changes(
    output: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int, wanted: str
) -> None:
    before = seen(output)
    assert main(["enrich", *arguments.split(), "--output", str(output)]) == code
    assert wanted.format(output=output) in said(capsys)
    assert seen(output) == before


def test_a_night_without_science_and_an_output_without_ledger_are_refused(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(output / "science" / "night=20240207")
    assert main(["enrich", "--again", "--night", "20240207", "--output", str(output)]) == 2
    assert "night 20240207 of" in (told := said(capsys)) and "has no science to score again" in told
    assert main(["enrich", "--again", "--night", "20240207", "--output", str(tmp_path / "nothing")]) == 2
    assert "has no ledger" in said(capsys)
    assert not (tmp_path / "nothing").exists()


def test_an_output_in_use_is_left_alone(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows(output, ["science"])
    with OutputLock(output / "_lock", "night"):
        assert main(["enrich", "--again", "--night", "20240207", "--output", str(output)]) == 4
    assert "in use by job 'night'" in said(capsys)
    assert rows(output, ["science"]) == before


def test_files_of_an_unfinished_batch_stay_and_are_finished_later(
    output: Path, tmp_path: Path, packets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = max(records(Layout(output)), key=lambda each: each.batch)
    night = next(file.night for file in record.files if file.table == "science")
    path = output / "ledger" / f"stream={record.stream}" / f"{record.batch:09d}.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "state": "sealed"}))
    arguments = ["enrich", "--again", "--night", night, "--modules", "lc_features", "--output", str(output)]
    assert main(arguments) == 0
    assert "files are of no closed batch and stay as they are" in said(capsys)
    run_night(output, packets)
    assert gaps(output) == []
    assert main(arguments) == 0
    assert gaps(output) == []
    of_other_nights = sum(str(each) != night for each in science(output)["night"].to_pylist())
    assert science(output)["lc_features"].null_count == of_other_nights


def test_a_run_over_known_alerts_says_so(output: Path) -> None:
    before = science(output)
    source = LedgerSource(Layout(output))
    runner(output, source, job="enrich", tables=("science", "cutouts"), limit=100).run("available_now", 0.1)
    assert differing(science(output), before) == []
    again = [record for record in records(Layout(output)) if record.plan.job == "enrich"]
    totals = empty_counts()
    for record in again:
        for counts in record.nights.values():
            add_counts(totals, counts)
    told = nothing_scored(job_of("enrich"), totals, again)
    assert told == (
        "nothing was scored: all 36 alerts were known (use `strix enrich --again --night 20240207 20240210` to score again)"
    )
    assert nothing_scored(job_of("ingest"), totals, again) == "nothing was kept: all 36 alerts were known"
    assert nothing_scored(job_of("night"), {**totals, "decoded": 1}, again) == ""
    assert nothing_scored(job_of("night"), {**totals, "duplicates": 0}, []) == ""
