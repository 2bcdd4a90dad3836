"""The only place that builds a SparkSession, and what must be right before one is built."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from science_modules import registry

JAVA_VERSIONS = (17, 21)
HOW_TO_GET_JAVA = "install OpenJDK 17 or 21 (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to one"


class EnvironmentProblem(RuntimeError):
    """Something outside Strix is missing or does not fit; the message says how to get it."""


def find_java() -> tuple[str, int]:
    """The `java` that Spark will use, and its major version.

    Raises
    ------
    EnvironmentProblem
        If there is none, or it is not 17 or 21.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise EnvironmentProblem(f"no java found ({'in JAVA_HOME' if home else 'on the PATH'}); {HOW_TO_GET_JAVA}")
    answer = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    version = int(match.group(1)) if match else 0
    if version not in JAVA_VERSIONS:
        raise EnvironmentProblem(f"{found} is Java {version}, Spark 4.1 needs 17 or 21; {HOW_TO_GET_JAVA}")
    return found, version


def build_session(
    name: str, master: str | None, driver_memory: str = "1g", conf: dict[str, str] | None = None
) -> SparkSession:
    """A SparkSession for a job.

    Parameters
    ----------
    name : str
        Shown in Spark's UI.
    master : str or None
        None leaves it to spark-submit; otherwise as Spark writes it. `local` becomes `local[<cores>,4]`: in local mode
        a task is tried once unless the master says otherwise, and a lost worker must not lose the job.
    driver_memory : str
        Heap of the driver's JVM; in local mode that is all of Spark.
    conf : dict, optional
        Further Spark configuration.

    Raises
    ------
    EnvironmentProblem
        If there is no Java 17 or 21.
    """
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(f"strix {name}")
    for key, value in {**_defaults(driver_memory), **(conf or {})}.items():
        builder = builder.config(key, value)
    if master:
        cores = len(os.sched_getaffinity(0))
        builder = builder.master(f"local[{cores},4]" if master == "local" else master)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _defaults(driver_memory: str) -> dict[str, str]:
    return {
        "spark.driver.memory": driver_memory,
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Tasks return one manifest row each; nothing is broadcast-joined or shuffled.
        "spark.sql.adaptive.enabled": "false",
        "spark.python.worker.reuse": "true",
        "spark.sql.shuffle.partitions": "8",
        # The driver process must not hold the working directory: no metastore, no warehouse folder.
        "spark.sql.catalogImplementation": "in-memory",
    }


def check_executors(session: SparkSession, modules: Iterable[str]) -> None:
    """Check that every executor has the driver's Python, pyarrow and science modules.

    Raises
    ------
    EnvironmentProblem
        With what the driver and the executor have.
    """
    names = tuple(modules)
    context = session.sparkContext
    slots = max(context.defaultParallelism, 1)
    answers = context.parallelize(range(slots), slots).map(partial(_describe, names)).collect()
    own = _describe(names, 0)
    for answer in answers:
        if answer != own:
            differs = {key: (own[key], answer.get(key)) for key in own if own[key] != answer.get(key)}
            told = "; ".join(
                f"{key}: driver has {mine}, executor has {theirs}" for key, (mine, theirs) in differs.items()
            )
            raise EnvironmentProblem(
                f"driver and executors differ: {told}; ship one environment to both (README, a cluster)"
            )


def _describe(modules: tuple[str, ...], _: int) -> dict[str, Any]:
    described = {"python": ".".join(map(str, sys.version_info[:3])), "pyarrow": pa.__version__}
    return described | {f"module {name}": registry.source_hash(name) for name in modules}


def hash_of(content: str) -> str:
    """A short name for a text: the first 16 hex digits of its sha256."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]
