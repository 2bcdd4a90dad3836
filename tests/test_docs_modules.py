"""Jobs in the documentation name every module that theirs read."""

import re
from pathlib import Path

import pytest

from science_modules import registry

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "science_modules").glob("*/README.md")),
]
# `enrich --again` answers anew beside the columns that are stored.
JOB = re.compile(r"strix (?:night|reprocess)\b[^\n`]*?--modules ([\w,@.]+)")


def jobs(page: Path) -> list[list[str]]:
    return [each.split(",") for each in JOB.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", [page for page in PAGES if jobs(page)], ids=lambda page: page.parent.name + page.stem)
def test_modules_of_a_job_in_the_documentation_can_run_together(page: Path) -> None:
    for names in jobs(page):
        ours = [name for name in names if name in registry.names()]  # beside modules that the page makes
        assert {module.name for module in registry.resolve(ours)} == set(ours)


@pytest.mark.parametrize("page", ["scores.md", "releases.md"])
def test_classifiers_of_light_curves_are_shown_with_their_features(page: str) -> None:
    shown = jobs(ROOT / "docs" / page)
    assert ["alerce_features", "light_curve_class"] in shown
    assert ["lc_features", "light_curve_class_early"] in shown
