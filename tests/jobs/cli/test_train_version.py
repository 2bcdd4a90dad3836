"""`strix train` says before it begins that a model would have the number of another."""

from pathlib import Path

import pytest

from jobs.cli.train import main
from science_modules import registry


@pytest.mark.parametrize(("version", "warned"), [(registry.declared("stamp").version, True), ("9.0", False)])
def test_a_number_that_is_taken_is_said_at_the_beginning(
    version: str, warned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The training itself is refused: it has no data. A directory of modules that is not there yet is no matter."""
    monkeypatch.setenv("STRIX_MODULE_PATH", str(tmp_path / "nowhere"))
    assert main(["stamp", "--output", str(tmp_path / "run"), "--set", f"version={version}"]) == 2
    told = capsys.readouterr().err
    assert (f"stamp is stamp {version} already, and `strix models add` refuses another" in told) == warned
    assert ("--set version=NUMBER" in told) == warned
