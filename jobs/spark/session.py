"""The only place that builds a SparkSession, and what must be right before one is built."""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from jobs.common.java import EnvironmentProblem, find_java
from jobs.common.search_path import MODULE_PATH, SURVEY_PATH, absolute
from jobs.pipeline.batch.environment import describe, differences
from jobs.spark.class_archive import jvm_options
from jobs.spark.jvm import start_jvm
from jobs.spark.worker_python import worker_python


def build_session(
    name: str, master: str | None, driver_memory: str = "1g", conf: dict[str, str] | None = None
) -> SparkSession:
    """A SparkSession for a job.

    Parameters
    ----------
    name : str
        Shown in Spark's UI.
    master : str or None
        As Spark writes it; spark-submit's `--master` and None win over `local`. A local master becomes
        `local[<cores>,4]`: in local mode a task is tried once unless the master says otherwise, and a lost worker must
        not lose the job.
    driver_memory : str
        Heap of the driver's JVM; in local mode that is all of Spark.
    conf : dict, optional
        Further Spark configuration.

    Raises
    ------
    EnvironmentProblem
        If there is no Java 17 or 21.
    """
    java, _ = find_java()
    chosen = with_retries(_submitted_master() or master) if master in (None, "local") else with_retries(master)
    python = worker_python() if chosen and chosen.startswith("local") else sys.executable
    for which in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        os.environ.setdefault(which, python)
    builder = SparkSession.builder.appName(f"strix {name}")
    settings = _defaults(driver_memory) | _search_paths()
    if chosen and chosen.startswith("local"):
        settings |= _ON_ONE_MACHINE | {JAVA_OPTIONS: " ".join([local_java_options(), *jvm_options(java)])}
    settings |= conf or {}
    if chosen:
        settings["spark.master"] = chosen
    for key, value in settings.items():
        builder = builder.config(key, value)
    _start_context({"spark.app.name": f"strix {name}", **settings})
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@contextmanager
def session_for(
    name: str, master: str | None = "local", driver_memory: str = "1g", conf: dict[str, str] | None = None
) -> Iterator[SparkSession]:
    """The session that this process has, as it is and left running; where it has none, one that is stopped at the end.

    Parameters
    ----------
    name, master, driver_memory, conf
        As of `build_session`.

    Yields
    ------
    pyspark.sql.SparkSession
        A notebook's own session outlives what it calls.

    Raises
    ------
    EnvironmentProblem
        As `build_session`.
    """
    there = running_session()
    if there is not None:
        yield there
        return
    session = build_session(name, master, driver_memory, conf)
    try:
        yield session
    finally:
        # A JVM that was killed cannot be stopped; why the work ended is told by the exception that is on its way.
        with suppress(Py4JError, ConnectionError):
            session.stop()


def running_session() -> SparkSession | None:
    """The session that this process has, whichever of its threads asks; None where Spark does not run."""
    return SparkSession.builder.getOrCreate() if SparkContext._active_spark_context else None


def _start_context(settings: dict[str, str]) -> None:
    """Start Spark, and give Ctrl-C back to who had it.

    PySpark takes it for itself when a context begins. The session behind it takes seconds to make on a busy machine: a
    Ctrl-C in them would end the job in a page of Java.
    """
    before = signal.getsignal(signal.SIGINT)
    start_jvm(settings)
    SparkContext.getOrCreate(SparkConf().setAll(list(settings.items())))
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, before)


def with_retries(master: str | None) -> str | None:
    """A local master with four attempts per task and, unless it names them, the cores that this process may use.

    Parameters
    ----------
    master : str or None
        As Spark writes it.

    Returns
    -------
    str or None
        Any other master as it is.
    """
    match = re.fullmatch(r"local(?:\[(\d+|\*)\])?", master or "")
    if not match:
        return master
    cores = match.group(1) if match.group(1) not in (None, "*") else len(os.sched_getaffinity(0))
    return f"local[{cores},4]"


def _submitted_master() -> str | None:
    """The master that spark-submit was given; None outside of spark-submit."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        return None
    SparkContext._ensure_initialized()
    master: str | None = SparkConf().get("spark.master", None)
    return master


_FILE_MANAGER = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
# Nothing outside needs to reach a driver that has its executors inside; and no look-up of the host's name.
_ON_ONE_MACHINE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
# Where the work is in Python, compiling the JVM's code a second time costs more than it gains: 9 s of CPU instead
# of 17 s for a night of a thousand alerts.
_LIGHT_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Spark searches the message of a query that is stopped during a job with an expression that recurses once a character:
# the megabyte that a thread has by default overflows, with a thousand lines of Java.
_DEEP_STACKS = "-Xss8m"
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
LOG_SETTINGS = Path(__file__).parent / "log4j2.properties"
_LOGGING = f"-Dlog4j2.configurationFile=file:{LOG_SETTINGS} -Dlog4j2.StatusLogger.level=OFF"


def local_java_options() -> str:
    """Options of a JVM that is all of Spark."""
    return f"{_LOGGING} {_DEEP_STACKS} {_LIGHT_JVM}"


def _defaults(driver_memory: str) -> dict[str, str]:
    return {
        "spark.driver.memory": driver_memory,
        JAVA_OPTIONS: f"{_LOGGING} {_DEEP_STACKS}",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Tasks return one manifest row each; nothing is broadcast-joined or shuffled.
        "spark.sql.adaptive.enabled": "false",
        "spark.python.worker.reuse": "true",
        # Workers are forked from a process that has the libraries and the compiled decoder already.
        "spark.python.daemon.module": "jobs.spark.worker_daemon",
        # Arrow's allocator (mimalloc) keeps what was freed; see worker_daemon.keep_memory.
        "spark.executorEnv.MIMALLOC_PURGE_DELAY": "-1",
        "spark.sql.shuffle.partitions": "8",
        # A query's checkpoint only points at the ledger's plans: the plain file manager, a few files, no checks of its
        # own.
        "spark.sql.streaming.checkpointFileManagerClass": _FILE_MANAGER,
        "spark.sql.streaming.minBatchesToRetain": "2",
        # The driver process must not hold the working directory: no metastore, no warehouse folder.
        "spark.sql.catalogImplementation": "in-memory",
    }


def _search_paths() -> dict[str, str]:
    """$STRIX_MODULE_PATH and $STRIX_SURVEY_PATH for the executors, whose environment and working directory differ."""
    given = {name: absolute(name) for name in (MODULE_PATH, SURVEY_PATH)}
    return {f"spark.executorEnv.{name}": value for name, value in given.items() if value}


def check_executors(session: SparkSession, modules: Iterable[str]) -> None:
    """Check that every executor has the driver's Python, pyarrow and science modules.

    Parameters
    ----------
    session : SparkSession
        A task on each of its slots answers.
    modules : iterable of str
        Names of science modules.

    Raises
    ------
    EnvironmentProblem
        With what the driver and the executor have.
    """
    names = tuple(modules)
    slots = max(session.sparkContext.defaultParallelism, 1)
    there = session.range(0, slots, 1, slots).mapInArrow(partial(_describe_there, names), "answer string").toArrow()
    for answer in map(json.loads, there["answer"].to_pylist()):
        told = differences(describe(names), answer)
        if told:
            raise EnvironmentProblem(told)


def _describe_there(modules: tuple[str, ...], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"answer": [json.dumps(describe(modules))]})
