"""One Spark session and one small awkward output for all tests of the jobs that only look at what a job wrote."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from written_night import hostile_out, night_out, science

from jobs.common.java import EnvironmentProblem, find_java
from jobs.config import JobConfig
from jobs.launcher.run import run_job
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.spark.session import build_session

__all__ = ["hostile_out", "night_out", "science"]  # fixtures of outputs written without Spark

MODULES = ("stetson_k", "rise")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The one session of a test run; mark its tests `spark`."""
    try:
        find_java()
    except EnvironmentProblem as problem:
        pytest.skip(str(problem))
    session = build_session("tests", "local[2,4]")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def small_input(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated packets of two nights: 20 twice, one with another flux under a known id, one NaN, a cut and a bad file."""
    directory = tmp_path_factory.mktemp("small_input")
    records = [packet(0, number)[0] for number in range(50)]
    for number in range(40, 50):
        records[number]["candidate"]["jd"] -= 2.0
    records[7]["candidate"]["magpsf"] = float("nan")
    records[8]["prv_candidates"] = None
    conflicting = copy.deepcopy(records[3])
    conflicting["candidate"]["magpsf"] -= 0.5
    files: dict[str, list[dict[str, Any]]] = {
        "a_first.avro": records[:20],
        "b_again.avro": records[10:40],
        "c_other_night.avro": [*records[40:], conflicting],
    }
    for name, packets in files.items():
        (directory / name).write_bytes(container(packets))
    (directory / "d_cut.avro").write_bytes(container(records[:1])[:-20])
    (directory / "e_bad_20240102.avro").write_bytes(b"this is no packet")
    return directory


@pytest.fixture(scope="session")
def small_output(spark: SparkSession, small_input: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a night over it, in two batches. Nobody may change it: copy it first."""
    output = tmp_path_factory.mktemp("small_output")
    config = JobConfig().but(
        input=(str(small_input),), output=str(output), modules=MODULES, max_alerts_per_batch=40, settle_s=0.0
    )
    run_job("night", config, spark)
    return output
