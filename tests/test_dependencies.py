"""The dependencies are named, justified and free of the GPL at run time."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUNTIME = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def _name(requirement: str) -> str:
    return re.split(r"[<>=~!\[; ]", requirement)[0]


def _locked(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return dict(line.split()[0].split("==") for line in lines if re.match(r"^[A-Za-z0-9]", line))


def _is_gpl(licence: str) -> bool:
    return re.search(r"\bA?GPL|GNU (Affero )?General", licence) is not None


def _licence(package: str) -> str:
    """What a distribution says of its licence; the expression or the classifiers where it has them."""
    told = metadata.metadata(package)
    classifiers = [value for value in told.get_all("Classifier") or [] if value.startswith("License")]
    return told.get("License-Expression") or " ".join(classifiers) or told.get("License") or ""


@pytest.mark.parametrize("requirement", RUNTIME)
def test_a_dependency_is_justified_in_one_line(requirement):
    table = (ROOT / "docs" / "dependencies.md").read_text().split("## For tests")[0]
    assert re.search(rf"^\| {re.escape(_name(requirement))} \|[^|]+\|[^|]{{10,}}\|$", table, re.MULTILINE)


def test_nothing_at_run_time_is_under_the_gpl():
    names = _locked("runtime.lock")
    assert len(names) > len(RUNTIME)
    told = {name: _licence(name) for name in names}
    assert not [name for name, licence in told.items() if _is_gpl(licence)]
    assert not [name for name, licence in told.items() if not licence], "a package that names no licence"


def test_what_looks_for_the_gpl_would_find_it():
    for told in ("GPL-3.0-or-later", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)", "AGPL-3.0"):
        assert _is_gpl(told)
    assert not _is_gpl("LGPL-2.1 is a library licence") and not _is_gpl("MIT")


def test_both_locks_name_the_same_versions():
    runtime, test = _locked("runtime.lock"), _locked("test.lock")
    assert {name: test.get(name) for name in runtime} == runtime


def test_locks_name_no_host():
    for path in (ROOT / "requirements").glob("*.lock"):
        assert "://" not in path.read_text()
