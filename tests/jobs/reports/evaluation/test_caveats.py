"""A model that was trained on the very objects that it is tested on, known again whatever file labels them."""

import csv
import json
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli.evaluate import NUMBERS, PAGE, main
from jobs.labels import table as label_table
from jobs.modules.trained_on import FILE, TrainedOn, object_names
from jobs.reports.evaluation import caveats
from jobs.reports.evaluation.caveats import Memory, memory_of
from jobs.reports.evaluation.evaluation import ANSWERS
from science_modules import registry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of the module `first_one`; nothing in it says what it was trained on."""
    folder = tmp_path / "first_one"
    folder.mkdir()
    (folder / "README.md").write_text("# card")
    monkeypatch.setattr(caveats, "_folder", lambda name: folder if name == "first_one" else None)
    return folder


def trained_on(folder: Path, labels: Path, every: int) -> None:
    """Leave the file of a training on each so-manieth labelled object."""
    rows = label_table.read(labels)
    chosen = pa.array([number % every == 0 for number in range(rows.num_rows)])
    (folder / FILE).write_bytes(TrainedOn.of(object_names(rows.filter(chosen))).to_bytes())


def evaluated(scored: Path, labels: Path, output: Path) -> tuple[str, dict[str, object]]:
    given = ["first_one", "--data", str(scored), "--labels", str(labels), "-n", "0", "-o", str(output)]
    assert main(given) == 0
    return (output / PAGE).read_text(), json.loads((output / NUMBERS).read_text())


def test_the_same_labels_in_another_file_are_known_again(
    folder: Path, scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_on(folder, labels, 1)
    rows = label_table.read(labels).to_pylist()
    with (tmp_path / "bts.csv").open("w", newline="") as file:
        told = csv.writer(file)
        told.writerow(["ZTFID", "type"])
        told.writerows(
            [row["object_id"], {"QSO": "AGN", "SNIa": "SN Ia", "RRL": "CV"}.get(row["class"], "TDE")] for row in rows
        )
    page, numbers = evaluated(scored, tmp_path / "bts.csv", tmp_path / "out")
    n = numbers["objects_that_it_was_trained_on"]["objects"]
    assert numbers["objects_that_it_was_trained_on"] == {
        "objects": n,
        "trained_on": n,
        "label_files_of_its_training": [],
    }
    words = f"TRAINED ON THESE: {n:,} of {n:,} objects were in the training of first_one"
    assert words in capsys.readouterr().out
    assert f'<div class="banner memory">{words}.' in page
    assert "On the other objects: there are none." in page


def test_where_some_were_trained_on_the_others_have_a_number_of_their_own(
    folder: Path, scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_on(folder, labels, 3)
    page, numbers = evaluated(scored, labels, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / ANSWERS).to_pylist()
    counted = [row for row in rows if row["true"] and row["first_one.error"] is None]
    classes = ("AGN", "SN", "VS")
    right = [max(classes, key=lambda name: row[f"first_one.{name}"]) == row["true"] for row in counted]
    seen = {row["object_id"] for row in counted if row["in_training"]}
    others = [good for good, row in zip(right, counted, strict=True) if not row["in_training"]]
    assert 0 < len(others) < len(counted)
    own = numbers["labelled"]["by"]["training"]["object was not"]["accuracy"]
    assert (own["k"], own["n"]) == (sum(others), len(others))
    told = capsys.readouterr().out
    n_objects = len({row["object_id"] for row in counted})
    assert f"TRAINED ON THESE: {len(seen)} of {n_objects} objects" in told
    assert f"on the other objects: accuracy {sum(others) / len(others):.3f}" in told
    assert f"On the other objects: accuracy {sum(others) / len(others):.3f}" in page


def test_where_nothing_says_it_the_page_does_as_large_as_the_number(
    folder: Path, scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, numbers = evaluated(scored, labels, tmp_path / "out")
    words = "NOT KNOWN WHETHER THIS IS A TEST: no file beside first_one says which objects it was trained on"
    assert f'<div class="banner memory">{words}.' in page
    assert words in capsys.readouterr().out
    assert numbers["objects_that_it_was_trained_on"]["trained_on"] is None


def test_a_test_that_is_one_is_said_quietly(
    folder: Path, scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_on(folder, labels, 10_000)
    first = label_table.read(labels).slice(0, 1)
    rest = label_table.read(labels).filter(pa.compute.field("object_id") != first["object_id"][0].as_py())
    label_table.write(rest, tmp_path / "others.parquet")
    page, numbers = evaluated(scored, tmp_path / "others.parquet", tmp_path / "out")
    assert numbers["objects_that_it_was_trained_on"]["trained_on"] == 0
    assert "was in the training of first_one" in capsys.readouterr().out
    assert '<div class="banner memory">' not in page


def test_a_record_without_objects_is_held_against_the_label_files(folder: Path, labels: Path, tmp_path: Path) -> None:
    """As trainings before 2026-11-29 left it."""
    digest = sha256(labels.read_bytes()).hexdigest()
    (folder / "training.json").write_text(json.dumps({"files": {"elsewhere/other_name.parquet": digest}}))
    (tmp_path / "another.parquet").write_bytes(b"another")
    rows = label_table.read(labels)
    found = memory_of("first_one", rows, [labels, tmp_path / "another.parquet"])
    assert (found.seen, found.label_files, found.remembers) == (None, [str(labels)], True)
    assert found.words.startswith(f"TRAINED WITH THESE LABELS: {labels}")
    trained_on(folder, labels, 1)  # which says it better
    assert memory_of("first_one", rows, [labels]).seen == len(set(rows["object_id"].to_pylist()))


def test_a_module_that_is_not_installed_says_nothing() -> None:
    rows = pa.table({"survey": ["ztf", "ztf"], "object_id": ["a", "a"], "alert_id": [1, 2]})
    assert memory_of("unknown", rows, []) == Memory("unknown", 1, None, [], None)
    stamp = memory_of("stamp", rows, [])
    assert (stamp.seen, stamp.card) == (0, registry.folders()["stamp"] / "README.md")
