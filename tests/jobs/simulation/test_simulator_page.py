"""docs/simulator.md names what there is."""

import re
from pathlib import Path

import pytest

from jobs.cli.simulate import VERBS
from jobs.cli.simulate_night import parser as night
from jobs.cli.simulate_settings import settings_of
from jobs.cli.simulate_stream import parser as stream
from jobs.simulation.classes import CLASSES
from jobs.simulation.load import FaultRates
from jobs.simulation.settings import Settings

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


def test_the_files_that_the_page_shows_are_taken_by_the_verbs_that_it_names(tmp_path: Path) -> None:
    shown = re.findall(r"^\n((?:    (?:mix|depth|cadence|faults): .*\n)+)", PAGE, re.MULTILINE)
    sky, load = (tmp_path / name for name in ("sky.yaml", "load.yaml"))
    for path, text in zip((sky, load), shown, strict=True):
        path.write_text(re.sub(r"^    ", "", text, flags=re.MULTILINE))
    mix, faults = (("qso", 1.0), ("sn_ia", 3.0)), FaultRates(0.001, 0.01, 0, 0.01, 0.1)
    asked = night().parse_args(["--output", "o", "--config", str(sky)])
    assert settings_of(asked) == Settings(mix, 0.5, 0.5)
    with pytest.raises(ValueError, match="faults are of `strix simulate stream` alone"):
        settings_of(night().parse_args(["--output", "o", "--config", str(load)]))
    both = stream().parse_args(["--to-topic", "t", "--config", str(load)])
    assert settings_of(both, streams=True) == Settings(faults=faults)
    assert settings_of(stream().parse_args(["--to-topic", "t", "--config", str(sky)]), streams=True).depth == 0.5
