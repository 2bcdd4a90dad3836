"""Nights scored again without Spark, modules that are written for a test, and science as a table."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_outputs import LocalSpark, files, nights

from jobs.config import JobConfig
from jobs.launcher.rescoring import Asked, Rescored, rescore

STAMP_MODULE = '''
import pandas as pd
from science_modules.common.contract import Field, ScienceModule

def run(batch, state):
    """Bytes of the science stamp."""
    stamps = batch.arrow("cutout_science").to_pylist()
    n = pd.array([None if each is None else len(each) * {factor} for each in stamps], dtype="Int64")
    return pd.DataFrame({{"n": n, "error": [None if each is not None else "no stamp" for each in stamps]}})

MODULE = ScienceModule(
    name="{name}", version="{version}", inputs=("cutouts",), outputs=(Field("n", "int64", "byte", "size"),), run=run,
    source="a test",
)
'''
READING_MODULE = '''
import numpy as np
import pandas as pd
from science_modules.common.contract import Field, ScienceModule

def run(batch, state):
    """Half of what another module says."""
    return pd.DataFrame({{"half": batch["{reads}.n"].astype(np.float64) / 2 + {factor}}})

MODULE = ScienceModule(
    name="{name}", version="{version}", inputs=("{reads}.n",), outputs=(Field("half", "float64", "", "half"),), run=run,
    source="a test",
)
'''


def write_module(directory: Path, text: str, name: str, version: str = "1.0.0", factor: int = 1, **more: Any) -> str:
    """Write a science module, or another version of one."""
    (directory / name).mkdir(parents=True, exist_ok=True)
    (directory / name / "__init__.py").write_text(text.format(name=name, version=version, factor=factor, **more))
    # Another version within the same second may have the size of the last one, too.
    shutil.rmtree(directory / name / "__pycache__", ignore_errors=True)
    sys.modules.pop(f"science_modules.{name}", None)
    return name


def again(output: Path, modules: Sequence[str], *only: str, **more: Any) -> Rescored:
    """Score nights (all, if none is named) again, in this process."""
    keep_old, named = more.pop("keep_old", False), more.pop("named", True)
    wanted = only or tuple(name.removeprefix("night=") for name in nights(output, "science"))
    config = JobConfig().but(output=str(output), modules=tuple(modules), **more)
    return rescore(config, Asked(wanted, named, keep_old), LocalSpark())  # type: ignore[arg-type]


def science(output: Path) -> pa.Table:
    """All science rows, sorted by alert; files of different columns together."""
    tables = [pq.ParquetFile(path).read() for path in files(output, "science")]
    return pa.concat_tables(tables, promote_options="default").sort_by("alert_id")


def differing(one: pa.Table, other: pa.Table) -> list[str]:
    """Columns in which two tables differ in any bit that can be printed; not where an alert came from."""
    assert set(one.column_names) == set(other.column_names)
    names = [name for name in one.column_names if name != "provenance"]
    return [name for name in names if repr(one[name].to_pylist()) != repr(other[name].to_pylist())]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, on one line."""
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())
