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
