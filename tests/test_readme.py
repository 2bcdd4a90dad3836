"""The README's code blocks run, in order, as a new user would run them in a checkout, and print what the page says."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from standalone import standalone

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"(?P<notes>(?:<!--[^\n]+-->\n)*)```(?P<kind>\w+)\n(?P<code>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code, why it is not run, and what must be found in what it prints."""

    kind: str
    code: str
    why: str | None
    prints: list[str]

    @property
    def is_run(self) -> bool:
        return self.kind in ("sh", "python") and self.why is None

    def command(self) -> list[str]:
        return ["sh", "-e", "-c", self.code] if self.kind == "sh" else [sys.executable, "-c", self.code]


def blocks(page: Path) -> list[Block]:
    found = []
    for each in FENCE.finditer(page.read_text(encoding="utf-8")):
        notes = re.findall(r"<!-- (not run|prints): (.+?) -->", each["notes"])
        why = next((text for kind, text in notes if kind == "not run"), None)
        found.append(Block(each["kind"], each["code"], why, [text for kind, text in notes if kind == "prints"]))
    return found


README = blocks(ROOT / "README.md")
MODULES = blocks(ROOT / "docs" / "modules.md")
SPARK = blocks(ROOT / "docs" / "spark.md")
PAGES = README + MODULES + SPARK


def test_every_block_is_run_or_says_why_not():
    assert {block.kind for block in README} <= {"sh", "python"}
    assert sum(block.is_run for block in README) >= 11
    assert not [block.code for block in PAGES if block.is_run and not block.prints], (
        "a block whose answer nobody looks at"
    )


def test_the_page_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        assert [target for target in targets if not (page.parent / target).exists()] == [], page.name


@pytest.fixture
def checkout(tmp_path):
    """The tracked files, with this environment as theirs."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    copy = tmp_path / "strix"
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    environment = Path(sys.executable).parent.parent
    (copy / ".venv").symlink_to(environment)
    for name in ("pyproject.toml", "requirements/runtime.lock"):  # or `make` would install this copy into it
        os.utime(copy / name, (0, 0))
    return copy


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_code_blocks_print_what_the_page_says(checkout, tmp_path):
    if not (ROOT / ".venv" / ".runtime").exists():
        pytest.skip("`make setup` did not make this environment, so `make night` would install another one")
    environment = {**os.environ, "PATH": f"{checkout}/.venv/bin:{os.environ['PATH']}", "STRIX_REAL_ALERTS": "nowhere"}
    environment.pop("PYTHONPATH", None)
    with standalone(tmp_path) as master:
        for block in (each for each in PAGES if each.is_run):
            done = subprocess.run(
                block.command(),
                cwd=checkout,
                env={**environment, "SPARK_MASTER": master},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"{block.code}\n{done.stdout}\n{done.stderr}"
            for wanted in block.prints:
                assert re.search(wanted, done.stdout), (
                    f"{wanted!r} is not in what this prints: {block.code}\n{done.stdout}"
                )
    assert (checkout / "candidates.csv").read_text().count("\n") > 1, "no match at all"
    assert (checkout / "alert.png").read_bytes().startswith(b"\x89PNG")
    assert (checkout / "night.html").stat().st_size > 100_000
