"""Every column is documented, in the terminal and on the page."""

from pathlib import Path

import pytest

from jobs.cli.columns import main, page
from science_modules import registry
from science_modules.common.view import VIEW

ROOT = Path(__file__).parents[3]


def test_the_page_is_that_of_the_code():
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == page(), (
        "run: strix columns --markdown > docs/columns.md"
    )


def test_every_column_and_output_is_on_the_page():
    told = page()
    names = [column.name for column in VIEW]
    names += [f"{name}.{output.name}" for name in registry.names() for output in registry.get(name).outputs]
    assert len(names) > 100
    assert [name for name in names if f"| `{name}` |" not in told] == []


def test_a_column_is_found_by_a_part_of_its_name(capsys):
    assert main(["flux_total_err"]) == 0
    out = capsys.readouterr().out
    assert "lc_flux_total_err" in out and "nJy" in out and "object_id" not in out


def test_a_column_that_is_not_there_is_an_error(capsys):
    assert main(["flux_totl"]) == 2
    assert "did you mean flux_total" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ra", "lc_mjd"])
def test_units_are_told(name):
    row = next(line for line in page().splitlines() if line.startswith(f"| `{name}` |"))
    assert row.split("|")[3].strip() in ("deg", "d")
