"""The Python that Spark starts takes pyspark from where it is installed, not from Spark's zip."""

import os
import subprocess
import sys
from pathlib import Path

import pyspark
import pytest

from jobs.spark.worker_python import worker_python

ZIP = Path(pyspark.__file__).parent / "python" / "lib" / "pyspark.zip"
ASK = "import pyspark, sys; print(pyspark.__file__, sys.executable, *sys.argv[1:], sys.path[1:3])"


def test_pyspark_is_the_installed_one_and_the_rest_of_the_path_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.setenv("STRIX_CACHE", str(tmp_path))
    python = worker_python()
    assert Path(python).is_relative_to(tmp_path)
    environment = {**os.environ, "PYTHONPATH": f"{ZIP}:/first one:/second"}
    answer = subprocess.run(
        [python, "-c", ASK, "an argument"], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == f"{pyspark.__file__} {sys.executable} an argument ['/first one', '/second']"
    before = os.stat(python)
    assert worker_python() == python
    assert os.stat(python).st_ino == before.st_ino


@pytest.mark.parametrize("spark_home", [True, False])
def test_it_is_this_python_where_spark_is_another_or_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark_home: bool
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STRIX_CACHE", str(tmp_path / "file"))
    if spark_home:
        monkeypatch.setenv("SPARK_HOME", "/opt/spark")
    else:
        monkeypatch.delenv("SPARK_HOME", raising=False)
    assert worker_python() == sys.executable
