"""A night scored again in place: as a fresh night would be, and everything else as it was."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rescoring_again import READING_MODULE, STAMP_MODULE, again, differing, science, write_module
from small_outputs import files, gaps, left_over, nights, run_night, seen, write_packets

import science_modules
from jobs.cli.main import main
from jobs.ledger.changes import RESCORING
from jobs.ledger.journal import Journal
from jobs.pipeline.batch.processor import TooManyFailures
from jobs.storage.layout import Layout


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of modules that a test writes; no other test sees them."""
    (tmp_path / "modules").mkdir()
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path / "modules"))
    monkeypatch.setattr(science_modules, "__path__", list(science_modules.__path__))
    return tmp_path / "modules"


def _files(output: Path, *tables: str) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for table in tables for path in files(output, table)}


@pytest.mark.parametrize("compacted", [False, True], ids=["as written", "compacted"])
def test_a_module_that_is_added_answers_as_in_a_fresh_night(
    output: Path, packets: Path, tmp_path: Path, modules: Path, compacted: bool
) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    half = write_module(modules, READING_MODULE, "half_size", reads=size)
    run_night(tmp_path / "fresh", packets, modules=("stetson_k", "rise", "lc_features", size, half))
    if compacted:
        assert main(["compact", str(output)]) == 0
    kept = _files(output, "raw", "cutouts", "quarantine")
    before = science(output)
    again(output, ["lc_features", half, size])
    assert differing(science(output), science(tmp_path / "fresh")) == []
    assert differing(science(output).select(before.column_names), before) == []
    assert _files(output, "raw", "cutouts", "quarantine") == kept
    assert gaps(output) == left_over(output) == []
    assert main(["compact", str(output)]) == 0
    assert differing(science(output), science(tmp_path / "fresh")) == []
    assert gaps(output) == []


def test_stamps_come_from_the_packets_where_cutouts_were_pruned(output: Path, modules: Path) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    original = Path(shutil.copytree(output, output.parent / "original"))
    again(original, [size])
    assert main(["prune", str(output), "--cutout-days", "0", "--as-of", "30000101"]) == 0
    again(output, [size])
    assert science(output)[size].null_count == 0
    assert differing(science(output), science(original)) == []


def test_an_alert_whose_stamps_are_gone_has_no_answer_and_says_so(output: Path, modules: Path) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    first, last = (name.removeprefix("night=") for name in nights(output, "science"))
    again(output, [size])
    scored = science(output)
    write_module(modules, STAMP_MODULE, "stamp_size", "2.0.0", factor=2)
    arguments = ["prune", str(output), "--cutout-days", "0", "--raw-days", "0", "--unscored", "--as-of", last]
    assert main(arguments) == 0
    outcome = again(output, [size, "lc_features"])
    found = science(output)
    gone = pc.equal(found["night"], int(first))
    errors = pc.struct_field(found[size], "error").to_pylist()
    assert set(pc.struct_field(found.filter(gone)[size], "n").to_pylist()) == {None}
    assert {error for error, none in zip(errors, gone.to_pylist(), strict=True) if none} == {
        "no input: the alert's stamps are in neither cutouts nor raw any more"
    }
    rest = pc.invert(gone)
    doubled = [2 * n for n in pc.struct_field(scored.filter(rest)[size], "n").to_pylist()]
    assert pc.struct_field(found.filter(rest)[size], "n").to_pylist() == doubled
    assert pc.struct_field(found["lc_features"], "version").null_count == 0
    # Answers that cannot be had again are not thrown away.
    changes = {each.night: each.change for each in outcome.nights}
    assert changes[first].answers[size]["lost"] == pc.sum(gone).as_py()
    old = pa.concat_tables(pq.ParquetFile(path).read() for path in (output / changes[first].kept).glob("*.parquet"))
    assert differing(old.sort_by("alert_id"), scored.filter(gone)) == []
    assert changes[last].kept == ""
    assert gaps(output) == []


def test_modules_of_the_configuration_leave_alone_what_has_no_input(output: Path, modules: Path) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    again(output, [size])
    before = science(output)
    write_module(modules, STAMP_MODULE, "stamp_size", "2.0.0", factor=2)
    limits = ["--cutout-days", "0", "--raw-days", "0", "--unscored", "--as-of", "30000101"]
    assert main(["prune", str(output), *limits]) == 0
    outcome = again(output, [size, "lc_features"], named=False)
    assert {each.choice.run for each in outcome.nights} == {("lc_features",)}
    assert all(f"{size} stays as it is: stamps and packets" in each.notes[0] for each in outcome.nights)
    assert differing(science(output).select(before.column_names), before) == []


def test_what_a_module_reads_is_read_or_run_again(output: Path, packets: Path, tmp_path: Path, modules: Path) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    half = write_module(modules, READING_MODULE, "half_size", reads=size)
    again(output, [size])
    outcome = again(output, [half])
    assert {(each.choice.run, each.choice.read) for each in outcome.nights} == {((half,), (size,))}
    write_module(modules, STAMP_MODULE, "stamp_size", "2.0.0", factor=2)
    write_module(modules, READING_MODULE, "half_size", "1.1.0", factor=5, reads=size)
    outcome = again(output, [half])
    assert {each.choice.run for each in outcome.nights} == {(size, half)}
    assert all("half_size reads it" in each.notes[0] for each in outcome.nights)
    run_night(tmp_path / "fresh", packets, modules=("stetson_k", "rise", size, half))
    assert differing(science(output), science(tmp_path / "fresh")) == []
    write_module(modules, STAMP_MODULE, "stamp_size", "3.0.0", factor=3)
    outcome = again(output, [size])
    assert all("half_size stays as it is: it reads stamp_size" in each.notes[0] for each in outcome.nights)
    assert gaps(output) == []


def test_a_night_that_would_not_change_is_left_alone(output: Path) -> None:
    again(output, ["lc_features", "rise"])
    before = _files(output, "science")
    outcome = again(output, ["lc_features", "rise"])
    assert [each.change for each in outcome.nights] == [None, None]
    assert {each.choice.unchanged for each in outcome.nights} == {("lc_features", "rise")}
    assert _files(output, "science") == before


def test_scoring_again_and_again_keeps_the_ledger_balanced(
    output: Path, packets: Path, tmp_path: Path, modules: Path
) -> None:
    size = write_module(modules, STAMP_MODULE, "stamp_size")
    for factor in range(1, 5):
        write_module(modules, STAMP_MODULE, "stamp_size", f"{factor}.0.0", factor=factor)
        outcome = again(output, [size])
    assert {each.change.number for each in outcome.nights if each.change} == {3}
    assert outcome.nights[0].change and outcome.nights[0].change.answers[size]["before"] == {"3.0.0": 12}
    run_night(output, write_packets(tmp_path / "more", range(1000, 1012)))
    assert gaps(output) == []
    assert main(["compact", str(output)]) == 0
    assert gaps(output) == []
    again(output, [size])
    assert science(output)[size].null_count == 0
    assert gaps(output) == []


def test_the_replaced_files_are_kept_when_asked_for(output: Path) -> None:
    before = science(output)
    old = {path.relative_to(output): path.read_bytes() for path in files(output, "science")}
    outcome = again(output, ["lc_features"], keep_old=True)
    kept = {each.change.kept for each in outcome.nights if each.change}
    replaced = next(iter((output / "_replaced").iterdir()))
    assert {path.relative_to(replaced): path.read_bytes() for path in files(replaced, "science")} == old
    assert all(name.startswith("_replaced/") and "/science/night=" in name for name in kept)
    assert not any((output / path).exists() for path in old)
    assert differing(science(output).select(before.column_names), before) == []
    assert gaps(output) == left_over(output) == []
    again(output, ["stetson_k"])
    assert len(list((output / "_replaced").glob("*/science/night=*"))) == 2


def test_the_check_recounts_the_new_answers(output: Path) -> None:
    again(output, ["lc_features"])
    night = nights(output, "science")[-1].removeprefix("night=")
    change = Journal(Layout(output)).changes("science", night)[-1]
    assert change.kind == RESCORING
    path = output / "ledger" / "compactions" / f"{change.id}.json"
    told = json.loads(path.read_text())
    told["answers"]["lc_features"]["now"]["answered"] -= 1
    path.write_text(json.dumps(told))
    assert [gap for gap in gaps(output) if f"change {change.id}: lc_features" in gap]
    told["answers"]["lc_features"]["now"]["answered"] += 1
    told["answers"]["lc_features"]["version"] = "9.9.9"
    path.write_text(json.dumps(told))
    assert any("version of lc_features" in gap and "9.9.9" in gap for gap in gaps(output))


def test_failures_leave_the_night_as_it_was(output: Path, modules: Path) -> None:
    text = STAMP_MODULE.replace("stamps = batch", "raise RuntimeError('boom')\n    stamps = batch")
    name = write_module(modules, text, "raising")
    before = seen(output)
    with pytest.raises(TooManyFailures, match="raising failed: RuntimeError; the night is as it was"):
        again(output, [name], max_failures_per_batch=5)
    assert seen(output) == before
    again(output, [name])
    assert gaps(output) == []
    # A failure may have been an accident: the module is run again, though it is the same.
    assert {each.choice.run for each in again(output, [name]).nights} == {(name,)}


def test_files_that_lack_a_column_say_so_and_the_others_answer(output: Path, modules: Path) -> None:
    text = STAMP_MODULE.replace('inputs=("cutouts",)', 'inputs=("mag",)').replace("cutout_science", "object_id")
    name = write_module(modules, text, "mag_size")
    night = nights(output, "science")[0]
    path = sorted((output / "science" / night).glob("*.parquet"))[0]
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["mag"]), path)
    again(output, [name], night.removeprefix("night="))
    tables = [pq.ParquetFile(each).read() for each in sorted((output / "science" / night).glob("*.parquet"))]
    without = [table for table in tables if "mag" not in table.column_names]
    assert len(without) == 1 and len(tables) > 2
    errors = {error for table in without for error in pc.struct_field(table[name], "error").to_pylist()}
    assert errors == {"no input: the science files have no column mag"}
    assert all(pc.struct_field(each[name], "n").null_count == 0 for each in tables if each is not without[0])


def test_an_alert_that_kills_its_process_has_no_answer(
    output: Path, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = STAMP_MODULE.replace(
        "stamps = batch", "import os\n    if TARGET in batch['alert_id']: os._exit(3)\n    stamps = batch"
    )
    target = science(output)["alert_id"][3].as_py()
    name = write_module(modules, text.replace("TARGET", str(target)), "deadly")
    from jobs.maintenance.rescoring import answering

    class ThirdAttempt:
        @staticmethod
        def get() -> "ThirdAttempt":
            return ThirdAttempt()

        def attemptNumber(self) -> int:
            return answering.GUARDED_ATTEMPT

    monkeypatch.setattr(answering, "TaskContext", ThirdAttempt)
    again(output, [name])
    found = science(output)
    errors = pc.struct_field(found[name], "error").to_pylist()
    dead = [alert for alert, error in zip(found["alert_id"].to_pylist(), errors, strict=True) if error]
    assert dead == [target]
    assert [error for error in errors if error] == [
        "failed: killed_worker: its process ended its process with status 3 in module:deadly"
    ]
