"""A model that was trained with the very labels that it is tested on."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from jobs.cli.evaluate import NUMBERS, PAGE, main
from jobs.reports.evaluation import trained_on
from jobs.storage.layout import Layout
from science_modules import registry


@pytest.fixture
def installed(tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`first_one` as a module whose training.json names the label file."""
    folder = tmp_path / "first_one"
    folder.mkdir()
    digest = sha256(labels.read_bytes()).hexdigest()
    (folder / "training.json").write_text(json.dumps({"files": {"elsewhere/other_name.parquet": digest}}))
    (folder / "README.md").write_text("# card")
    monkeypatch.setattr(trained_on.registry, "folders", lambda: {"first_one": folder})


def test_it_is_known_by_the_file_s_content(installed: None, labels: Path, tmp_path: Path) -> None:
    copy = tmp_path / "renamed.parquet"
    shutil.copyfile(labels, copy)
    (tmp_path / "another.parquet").write_bytes(b"another")
    assert trained_on.memory_of("first_one", [copy, tmp_path / "another.parquet"]) == [str(copy)]
    assert trained_on.memory_of("unknown", [copy]) == []


def test_a_module_without_a_record_has_its_card_named() -> None:
    assert trained_on.memory_of("stamp", []) == []
    assert trained_on.card_of("stamp") == registry.folders()["stamp"] / "README.md"


def test_table_page_and_numbers_say_it(
    scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "jobs.reports.evaluation.evaluation.memory_of", lambda name, files: [str(path) for path in files]
    )
    assert Layout(scored).files("science")
    given = ["first_one", "--data", str(scored), "--labels", str(labels), "-n", "0", "-o", str(tmp_path / "out")]
    assert main(given) == 0
    assert f"TRAINED WITH THESE LABELS, as its training.json says: {labels}" in capsys.readouterr().out
    assert "TRAINED WITH THESE LABELS" in (tmp_path / "out" / PAGE).read_text()
    assert json.loads((tmp_path / "out" / NUMBERS).read_text())["labels_that_it_was_trained_with"] == [str(labels)]
