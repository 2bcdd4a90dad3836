"""What the verbs of the simulator refuse, with one exit code."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from jobs.cli.main import main


@pytest.mark.parametrize("verb", ["night", "survey", "lightcurves", None])
def test_a_directory_that_holds_something_is_a_question_that_cannot_be(
    verb: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "older.avro").touch()
    monkeypatch.setattr("jobs.spark.session.session_for", lambda *_: nullcontext())
    assert main(["simulate", *([verb, "--output"] if verb else []), str(tmp_path)]) == 2
    assert f"{tmp_path} is not empty; simulate into a new directory" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["older.avro"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["night", "--alerts", "0", "--output"], "alerts, per_file and workers are 1 or more"),
        (["survey", "--objects", "-3", "--output"], "1 or more objects and nights, got -3"),
        (["lightcurves", "--n", "0", "--output"], "--n, --tasks and --least are 1 or more"),
        (
            ["stream", "--alerts", "0", "--sent", "sent.parquet", "--to-topic"],
            "--alerts, --burst and --distinct are 1 or more",
        ),
        (["--n", "0"], "alerts, per_file and workers are 1 or more"),
    ],
)
def test_none_at_all_is_refused_and_nothing_is_written(
    asked: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *asked, str(tmp_path / "none")]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
