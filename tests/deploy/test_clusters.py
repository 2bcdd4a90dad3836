"""A night by spark-submit: client mode on a standalone master and worker, cluster mode on YARN; all of them real."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from standalone import SPARK, standalone
from yarn import JARS, yarn

from jobs import scan
from jobs.simulation import simulate

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packets") / "simulated"
    simulate(folder, 60, seed=3)
    return folder


@pytest.fixture(scope="module")
def expected(packets: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """What `strix night` writes on this machine, and that stderr has only lines of its log."""
    output = tmp_path_factory.mktemp("local") / "night"
    command = [sys.executable, "-m", "jobs.cli.main", "night", *arguments(packets, output)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert (done.returncode, foreign(done.stderr)) == (0, []), done.stdout
    return answers(output)


def foreign(stderr: str) -> list[str]:
    """The lines of stderr that are not the log of the job: Spark's, the JVM's."""
    return [line for line in stderr.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT[\d:]+Z [A-Z]+ night: ", line)]


def arguments(packets: Path, output: Path) -> list[str]:
    return ["--input", str(packets), "--output", str(output), "--modules", "stetson_k", "--tasks", "4"]


def environment(**more: str) -> dict[str, str]:
    """As a user has it who has sourced the environment and has no configuration of Spark."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    own = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    return {**inherited, **own, "SPARK_LOCAL_IP": "127.0.0.1", **more}


def submit(options: list[str], arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    small = ["--driver-memory", "512m", "--executor-memory", "512m", "--executor-cores", "2"]
    overhead = ["--conf", "spark.executor.memoryOverhead=512m"]
    command = [str(SPARK / "bin" / "spark-submit"), *small, *overhead, *options, str(ROOT / "jobs" / "night.py")]
    return subprocess.run(
        [*command, *arguments],
        env=environment(SPARK_CONF_DIR=str(ROOT / "deploy" / "spark"), **more),
        capture_output=True,
        text=True,
        timeout=500,
    )


def answers(output: Path) -> pa.Table:
    return scan(output, columns=["alert_id", "mag", "stetson_k"], flat=True).sort_by("alert_id")


@pytest.mark.soak  # the README runs client mode, too
def test_client_mode_on_a_standalone_spark_gives_the_same_night_and_no_noise(packets, expected, tmp_path):
    with standalone(tmp_path) as master:
        done = submit(["--master", master], arguments(packets, tmp_path / "night"))
        own = [
            sys.executable,
            "-m",
            "jobs.cli.main",
            "night",
            "--master",
            master,
            *arguments(packets, tmp_path / "own"),
        ]
        without = subprocess.run(own, env=environment(), capture_output=True, text=True, timeout=300)
    assert (done.returncode, foreign(done.stderr)) == (0, []), done.stdout
    assert (without.returncode, foreign(without.stderr)) == (0, []), without.stdout
    assert "scored" in done.stdout
    assert answers(tmp_path / "own").equals(expected)
    assert expected.num_rows == 60 and expected["stetson_k_k"].null_count < 60
    assert answers(tmp_path / "night").equals(expected)


def test_spark_refuses_cluster_mode_for_python_on_a_standalone_master():
    """If this fails, Spark has learned it: say so on docs/sites.md, and run a night with it here."""
    done = submit(["--master", "spark://127.0.0.1:1", "--deploy-mode", "cluster"], ["--help"])
    assert done.returncode != 0
    assert "not supported for python applications on standalone clusters" in done.stdout + done.stderr


@pytest.mark.soak  # a cluster of four JVMs, three minutes; executors of their own are in every run (test_local_cluster)
def test_cluster_mode_on_yarn_gives_the_same_night(packets, expected, tmp_path):
    options = {
        "spark.yarn.stagingDir": f"file://{tmp_path}/staging",
        "spark.yarn.jars": f"local:{JARS}/*",
        "spark.yarn.appMasterEnv.PYSPARK_PYTHON": sys.executable,
        "spark.yarn.appMasterEnv.PYTHONPATH": str(ROOT),
        "spark.executorEnv.PYTHONPATH": str(ROOT),
        "spark.yarn.report.interval": "200ms",
    }
    (tmp_path / "staging").mkdir()
    given = [word for key, value in options.items() for word in ("--conf", f"{key}={value}")]
    with yarn(tmp_path / "yarn") as where:
        mode = ["--master", "yarn", "--deploy-mode", "cluster", "--num-executors", "1"]
        done = submit([*mode, *given], arguments(packets, tmp_path / "night"), **where)
        refused = submit([*mode, *given], ["--modules", "no_such"], **where)
    told = "".join(path.read_text() for path in (tmp_path / "yarn" / "logs").rglob("std*"))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{told}"
    assert "scored" in told, "the driver ran in the cluster, and its closing table is in YARN's log"
    assert answers(tmp_path / "night").equals(expected)
    assert refused.returncode != 0 and "strix: " in told, "a job that fails is one that failed for YARN, too"
