"""docs/simulator.md names what there is."""

import re
from pathlib import Path

from jobs.cli.simulate import VERBS
from jobs.simulation.classes import CLASSES

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_page_lists_the_classes_in_their_order() -> None:
    listed = PAGE.split("Classes: ")[1].split("Each file names its source")[0]
    assert re.findall(r"`(\w+)`", listed) == [each.name for each in CLASSES]


def test_the_page_shows_every_verb() -> None:
    assert {name for name in VERBS if f"strix simulate {name} " in PAGE} == set(VERBS)


def test_the_page_has_the_share_of_every_class() -> None:
    table = PAGE.split("classes, % of the alerts |")[1].split("Files of `lightcurves`")[0]
    listed = {name: float(share) for name, share in re.findall(r"`(\w+)` ([\d.]+)", table)}
    assert listed == {each.name: round(100 * each.share, 6) for each in CLASSES}
    groups = re.findall(r"^\| (\w+) \| ([\d.]+) \|", table, re.MULTILINE)
    assert sum(float(share) for _, share in groups) == 100
