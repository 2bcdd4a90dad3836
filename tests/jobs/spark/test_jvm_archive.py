"""The archive of Spark's classes: used where it is, left out where it is not, never half written."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.common.java import find_java
from jobs.spark.class_archive import archive_path, jvm_options, make_archive

USES_IT = """
from jobs.spark.class_archive import jvm_options
from jobs.spark.session import JAVA_OPTIONS, build_session, find_java, local_java_options
options = " ".join([local_java_options(), *jvm_options(find_java()[0]), "-Xshare:on", "-Xlog:class+load"])
spark = build_session("archive", "local", conf={JAVA_OPTIONS: options})
print(spark.range(3).count())
"""


@pytest.mark.spark
def test_the_jvm_takes_spark_s_classes_from_the_archive() -> None:
    java, _ = find_java()
    if not archive_path(java).exists():
        pytest.skip("no archive in this environment: strix doctor --archive")
    done = subprocess.run([sys.executable, "-c", USES_IT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = [line for line in done.stdout.splitlines() if " org.apache.spark." in line]
    archived = [line for line in loaded if "source: shared objects file (top)" in line]
    assert len(archived) > 0.5 * len(loaded) > 1000  # what is made while it runs (lambdas) cannot be archived


def test_without_an_archive_the_jvm_is_told_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert jvm_options("java") == ()


def test_a_run_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(OSError, match="no archive of Spark's classes"):
        make_archive("java")
    assert not list(archive_path("java").parent.iterdir())
