"""The README's code blocks run, in order, as a new user would run them in a checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"(?:<!-- not run: (?P<why>[^\n]+?) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)```", re.DOTALL)


def blocks() -> list[re.Match[str]]:
    return list(FENCE.finditer((ROOT / "README.md").read_text(encoding="utf-8")))


def test_every_block_is_run_or_says_why_not():
    kinds = {block["kind"] for block in blocks()}
    assert kinds == {"sh", "python", "text"}
    run = [block for block in blocks() if block["kind"] != "text" and not block["why"]]
    assert len(run) >= 8


@pytest.fixture
def checkout(tmp_path):
    """The tracked files, with this environment as theirs."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    environment = Path(sys.executable).parent.parent
    (tmp_path / ".venv").symlink_to(environment)
    for name in ("pyproject.toml", "requirements/runtime.lock"):  # or `make` would install this copy into it
        os.utime(tmp_path / name, (0, 0))
    return tmp_path


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_the_code_blocks_run(checkout):
    if not (ROOT / ".venv" / ".runtime").exists():
        pytest.skip("`make setup` did not make this environment, so `make night` would install another one")
    environment = {**os.environ, "PATH": f"{checkout}/.venv/bin:{os.environ['PATH']}", "STRIX_REAL_ALERTS": "nowhere"}
    environment.pop("PYTHONPATH", None)
    for block in blocks():
        if block["kind"] == "text" or block["why"]:
            continue
        command = ["sh", "-e", "-c", block["code"]] if block["kind"] == "sh" else [sys.executable, "-c", block["code"]]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{block['code']}\n{done.stdout}\n{done.stderr}"
        assert done.stdout, f"says nothing: {block['code']}"
