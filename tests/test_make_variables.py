"""Tests that a make begins do not hand its variables to the makes that they begin."""

import os
import subprocess
import sys
from pathlib import Path

from make_variables import forget_make

_SHOW = """import os, sys
sys.path.insert(0, {helpers!r})
from make_variables import forget_make
print(os.environ.get("ARGS"))
forget_make(os.environ)
print(os.environ.get("ARGS"), [name for name in os.environ if name.startswith("MAKE")], os.environ["KEPT"])
"""


def test_variables_of_a_real_make_are_gone(tmp_path: Path) -> None:
    (tmp_path / "show.py").write_text(_SHOW.format(helpers=str(Path(__file__).parent / "helpers")))
    (tmp_path / "Makefile").write_text(f"all:\n\t@{sys.executable} show.py\n")
    environment = {**os.environ, "KEPT": "kept"}
    done = subprocess.run(
        ["make", "ARGS=--durations=30 -v", "OTHER=1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["--durations=30 -v", "None [] kept"]


def test_without_a_make_nothing_is_forgotten() -> None:
    environment = {"ARGS": "mine"}
    forget_make(environment)
    assert environment == {"ARGS": "mine"}
