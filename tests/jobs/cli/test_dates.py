"""A night on the command line is YYYYMMDD; another form is answered with that one."""

from pathlib import Path

import pytest

from jobs.cli.dates import date_of
from jobs.cli.main import main


def test_eight_digits_are_a_night() -> None:
    assert date_of("20240211") == 20240211


@pytest.mark.parametrize("text", ["2024-02-11", "20240230", "2024211", "60351", "today"])
@pytest.mark.parametrize(
    "asked",
    [
        ("store", "expire", "--before"),
        ("simulate", "night", "--output", "nothing", "--date"),
        ("simulate", "survey", "--output", "nothing", "--date"),
    ],
    ids=" ".join,
)
def test_what_is_no_night_is_told_the_form(
    text: str,
    asked: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([*asked, text])
    assert ended.value.code == 2
    assert f"argument {asked[-1]}: {text!r} should be a night as YYYYMMDD, for instance" in capsys.readouterr().err
