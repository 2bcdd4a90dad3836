"""`1 row`, never `1 rows`: what a verb counts goes through `counted`."""

import re
from pathlib import Path

import pytest

from jobs.common.counting import counted

CLI = Path(__file__).resolve().parents[3] / "jobs" / "cli"
NOUNS = (
    "alert|answer|batche|byte|cell|column|entrie|file|gap|matche|message|night|object|offset|packet|pair|partition|point"
    "|record|row"
)
# A number of its own in front of a plural; a mean (`{x:.1f} cells`), a rate (`alerts/s`), `3 of {n} files` and a text that a
# function of the file makes (`{_bytes(x)} bytes`) are none.
_BARE = re.compile(rf"(?<!of )(?<!all )\{{(?!_)(?![^{{}}]*:[^{{}}]*\.)[^{{}}]+\}} (?:{NOUNS})s\b(?!/)")


def test_a_number_is_told_in_singular_and_plural() -> None:
    assert [counted(count, "row") for count in (0, 1, 2, 1200)] == ["0 rows", "1 row", "2 rows", "1,200 rows"]
    assert [counted(count, "match", "matches") for count in (1, 2)] == ["1 match", "2 matches"]


@pytest.mark.parametrize("path", sorted(CLI.glob("*.py")), ids=lambda path: path.stem)
def test_no_verb_puts_a_plural_behind_any_number(path: Path) -> None:
    assert _BARE.findall(path.read_text(encoding="utf-8")) == []
