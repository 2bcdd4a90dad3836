"""Everything that a job needs, checked before one is run: what is wrong and how to put it right."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from jobs.common.java import EnvironmentProblem, find_java
from jobs.config import JobConfig
from jobs.launcher.run import check_output
from jobs.modules import weights as models
from jobs.spark.session import check_executors, session_for
from jobs.storage.layout import Layout
from jobs.storage.lock import describe, read_holder
from science_modules import registry

PYTHONS = ((3, 11), (3, 13))
LIBRARIES = ("pyspark", "pyarrow", "numpy", "pandas", "onnxruntime", "numba", "fastavro", "isal", "coniferest")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    state : str
        ok, note (a job can run, with less) or wrong.
    """

    what: str
    state: str
    told: str


def examine(config: JobConfig, spark: bool = True) -> Iterator[Finding]:
    """Look at everything, one thing after the other.

    Parameters
    ----------
    config : JobConfig
        What the jobs are run with.
    spark : bool
        Start Spark, too, and compare its executors with the driver (some seconds).
    """
    yield _python()
    yield _finding("java", _java)
    yield from (_library(name) for name in LIBRARIES)
    yield from _modules(config)
    yield _schemas(config)
    yield _finding("output", lambda: _output(Path(os.path.abspath(config.tables.output))))
    yield _lock(Path(os.path.abspath(config.tables.output)))
    yield from _inputs(config)
    if spark:
        yield _finding("spark", lambda: _spark(config))


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except EnvironmentProblem as problem:
        return Finding(what, "wrong", str(problem))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    wanted = "" if good else f"; Strix needs {PYTHONS[0][0]}.{PYTHONS[0][1]} to {PYTHONS[1][0]}.{PYTHONS[1][1]}"
    return Finding("python", "ok" if good else "wrong", f"{version} at {sys.executable}{wanted}")


def _java() -> str:
    path, version = find_java()
    return f"{version} at {path}"


def _library(name: str) -> Finding:
    try:
        return Finding(name, "ok", metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "wrong", "not installed; run make setup")


def _modules(config: JobConfig) -> Iterator[Finding]:
    for name in config.science.modules:
        try:
            module = registry.get(name)
            models.find(module, Path(config.science.models))
        except (registry.UnknownModule, registry.ResolveError) as problem:
            yield Finding(f"module {name}", "wrong", str(problem))
        except models.ArtefactError as problem:
            skipped = config.science.missing_models == "skip" or bool(config.science.model_sources)
            yield Finding(f"module {name}", "note" if skipped else "wrong", str(problem))
        else:
            yield Finding(f"module {name}", "ok", f"{module.version}, {len(module.artefacts)} artefacts verified")


def _schemas(config: JobConfig) -> Finding:
    directory = config.source.schema_directory
    if directory is None:
        told = "no directory named (--schemas, $STRIX_SCHEMAS): packets in wire format go to quarantine"
        return Finding("schemas", "note", told)
    found = len(list(Path(directory).rglob("*.avsc"))) if os.path.isdir(directory) else 0
    return Finding("schemas", "ok" if found else "wrong", f"{found} schema files in {directory}")


def _output(root: Path) -> str:
    existed = root.exists()
    check_output(root)
    usage = shutil.disk_usage(root)
    if not existed:
        root.rmdir()
    return f"{root} can be written, {usage.free / 1e9:,.1f} GB free"


def _lock(root: Path) -> Finding:
    path = Layout(root).lock
    holder = read_holder(path) if path.exists() else {}
    if not holder:
        return Finding("lock", "ok", "nobody writes to the output")
    return Finding("lock", "note", f"held or left by {describe(holder)}")


def _inputs(config: JobConfig) -> Iterator[Finding]:
    for name in config.source.input:
        there = os.path.exists(name) or any(sign in name for sign in "*?[")
        yield Finding(f"input {name}", "ok" if there else "wrong", "there" if there else "does not exist")


def _spark(config: JobConfig) -> str:
    with session_for("doctor", config.spark.master, config.spark.driver_memory, config.spark.settings) as session:
        check_executors(session, config.science.modules)
        return f"{session.version} on {session.sparkContext.master}; executors have the driver's Python and modules"
