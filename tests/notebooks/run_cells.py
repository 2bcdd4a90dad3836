"""Runs a notebook's code cells, in order and in one namespace, without Jupyter: `python run_cells.py NOTEBOOK FIGURES`.

Of IPython it knows `%%bash` and `%%writefile`. As there, the value of a last expression is shown, and figures are drawn at
the end of their cell: into the folder FIGURES.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def code_cells(notebook: Path) -> list[str]:
    """The code of a notebook, a text per cell."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_cell(code: str, namespace: dict[str, Any]) -> None:
    """Run one cell; what it raises, or a shell's exit code, is raised."""
    first, _, rest = code.partition("\n")
    if first == "%%bash":
        subprocess.run(["bash", "-c", rest], check=True)
    elif first.startswith("%%writefile "):
        Path(first.removeprefix("%%writefile ")).write_text(rest + "\n", encoding="utf-8")
    else:
        _run_python(code, namespace)


def _run_python(code: str, namespace: dict[str, Any]) -> None:
    body = ast.parse(code).body
    shown = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), namespace)
    if shown is not None:
        value = eval(compile(ast.Expression(shown.value), "cell", "eval"), namespace)
        if value is not None:
            print(value, flush=True)


def draw(figures: Path) -> None:
    """Save the figures that a cell has made and close them."""
    if "matplotlib.pyplot" in sys.modules:
        pyplot = sys.modules["matplotlib.pyplot"]
        for number in pyplot.get_fignums():
            pyplot.figure(number).savefig(figures / f"{len(list(figures.iterdir())):02d}.png")
        pyplot.close("all")


def main(notebook: str, figures: str) -> None:
    """Run all cells; the first that fails ends it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, code in enumerate(code_cells(Path(notebook)), 1):
        print(f"--- cell {number}", flush=True)
        run_cell(code, namespace)
        draw(Path(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
