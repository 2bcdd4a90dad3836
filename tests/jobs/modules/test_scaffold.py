"""`strix module new`: the folder it writes passes the contract suite as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.modules.scaffold import ScaffoldError, new_module
from science_modules import suite

ROOT = Path(__file__).resolve().parents[3]


def test_a_new_module_passes_the_suite_as_it_is(tmp_path: Path) -> None:
    folder = new_module("my_first", tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "__init__.py", "golden.json"]
    environment = os.environ | {"STRIX_MODULE_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "science_modules.suite", "my_first"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok   my_first") == len(suite.CHECKS)


def test_a_module_that_fails_a_check_fails_the_command(tmp_path: Path) -> None:
    folder = new_module("my_second", tmp_path)
    (folder / "golden.json").unlink()
    environment = os.environ | {"STRIX_MODULE_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "science_modules.suite", "my_second"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 1
    assert "FAIL my_second golden AssertionError: no golden values" in done.stdout


@pytest.mark.parametrize("name", ["My", "a-b", "1st", "_x", ""])
def test_a_name_that_cannot_be_a_column_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="wants lower-case letters"):
        new_module(name, tmp_path)


@pytest.mark.parametrize("name", ["stetson_k", "common", "suite", "golden", "there"])
def test_a_name_that_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ScaffoldError, match="exists already"):
        new_module(name, tmp_path)
