"""What a verb does not load before it needs it: the start of the command is most of the time that a question takes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = {"astropy", "happybase", "numba", "onnxruntime", "pandas", "pyarrow", "pyspark"}


def loaded(*arguments: str) -> set[str]:
    """The heavy libraries that a command has loaded when it ends."""
    program = (
        "import sys; from jobs.cli.main import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        f"print('loaded', *({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        (["get", "object", "--help"], {"pyarrow"}),
        (["columns", "mjd"], {"pandas", "pyarrow"}),  # the science modules' own, on frames
    ],
)
def test_a_verb_loads_what_it_needs(arguments: list[str], needed: set[str]) -> None:
    assert loaded(*arguments) <= needed


def test_a_question_to_hbase_loads_neither_spark_nor_astropy() -> None:
    """Nobody listens at the port: all is loaded by then."""
    found = loaded("get", "object", "SIM1", "--hbase", "127.0.0.1:1")
    assert "happybase" in found and not found & {"astropy", "numba", "onnxruntime", "pyspark"}


def test_a_question_to_an_archive_loads_no_client_of_hbase(tmp_path: Path) -> None:
    found = loaded("get", "object", "SIM1", "--data", str(tmp_path))
    assert "pyarrow" in found and not found & {"astropy", "happybase", "numba", "onnxruntime", "pyspark"}
