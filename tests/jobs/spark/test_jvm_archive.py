"""The archive of Spark's classes: used where it is, left out where it is not, never half written."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.common.java import find_java
from jobs.spark.class_archive import RUN_TIMEOUT_S, archive_path, jvm_options, make_archive

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


def test_a_run_that_takes_too_long_is_given_up_and_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr("jobs.spark.class_archive.RUN_TIMEOUT_S", 0.2)
    with pytest.raises(OSError) as told:
        make_archive("java")
    assert str(told.value) == (
        "no archive of Spark's classes: the run took more than 0.2 s; jobs start as before, some 3 s later;"
        " `strix doctor --archive` tries again"
    )
    assert not list(archive_path("java").parent.iterdir())


def test_setup_waits_no_longer_than_the_archive_is_worth() -> None:
    assert RUN_TIMEOUT_S == 90
