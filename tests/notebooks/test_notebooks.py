"""The notebooks run from first cell to last, in a fresh process, on simulated and on real alerts; their asserts hold."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [each.stem for each in NOTEBOOKS]
# What each draws.
FIGURES = {"01_first_night": 3}


def run_cells(notebook: Path, figures: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    figures.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, str(HERE / "run_cells.py"), str(notebook), str(figures)],
        cwd=notebook.parent,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=500,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without packets, weights or results."""
    for folder in ("conf", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / "strix" / folder)
    return tmp_path / "strix"


def run(name: str, checkout: Path, alerts: Path) -> str:
    """What a notebook prints; its broker is gone afterwards."""
    environment = {"STRIX_REAL_ALERTS": str(alerts), "STRIX_SERVICES": str(checkout / "services")}
    figures = checkout / "figures"
    try:
        done = run_cells(checkout / "notebooks" / f"{name}.ipynb", figures, environment)
    finally:
        down = [sys.executable, "-m", "jobs.cli.main", "services", "down"]
        subprocess.run(down, env={**os.environ, **environment, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert len(list(figures.iterdir())) == FIGURES.get(name, 0)
    return done.stdout


@pytest.mark.spark
@pytest.mark.kafka
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_simulated_alerts(name: str, checkout: Path) -> None:
    assert "simulated alerts: data/notebooks/packets" in run(name, checkout, checkout / "nowhere")


@pytest.mark.spark
@pytest.mark.kafka
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name",
    [NAMES[0], *(pytest.param(name, marks=pytest.mark.soak) for name in NAMES[1:])],  # a minute each
)
def test_a_notebook_runs_on_real_alerts(name: str, checkout: Path, real_alerts: Path) -> None:
    assert f"real alerts: {real_alerts}" in run(name, checkout, real_alerts)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=NAMES)
def test_outputs_are_cleared_and_no_path_of_a_machine_is_in_it(notebook: Path) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)
    assert re.findall(r"(?<![\w.])/(?:home|root|work|tmp|Users)/\S*", json.dumps(content)) == []
    assert set(content["metadata"]) == {"kernelspec", "language_info"}, "what an editor left behind"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=NAMES)
def test_a_notebook_asserts_what_it_says_and_its_links_lead_somewhere(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert sum("".join(cell["source"]).count("assert ") for cell in cells) >= 4
    targets = [link for cell in cells for link in re.findall(r"\]\(([^):]+)\)", "".join(cell["source"]))]
    assert [link for link in targets if not (notebook.parent / link).exists()] == []


@pytest.mark.parametrize("code", ["assert 1 + 1 == 3", "%%bash\nset -e\nfalse\ntrue", "1 / 0"])
def test_a_cell_that_fails_ends_the_notebook(code: str, tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": [text]} for text in ("x = 1\nx", code, "print('after')")]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    done = run_cells(tmp_path / "n.ipynb", tmp_path / "figures", {})
    assert done.returncode != 0 and done.stdout == "--- cell 1\n1\n--- cell 2\n"


def test_cells_share_names_files_and_the_working_directory(tmp_path: Path) -> None:
    sources = (
        "import os\nos.mkdir('d')\nos.chdir('d')\nx = 4",
        "%%writefile f.txt\nfour",
        "%%bash\ncat f.txt",
        "assert open('f.txt').read() == 'four\\n'\nx + 1",
    )
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in sources]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    done = run_cells(tmp_path / "n.ipynb", tmp_path / "figures", {})
    assert (done.returncode, done.stdout) == (0, "--- cell 1\n--- cell 2\n--- cell 3\nfour\n--- cell 4\n5\n")
