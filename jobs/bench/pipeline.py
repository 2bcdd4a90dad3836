"""Whole nights through Spark: alerts per second, CPU of all processes, memory, latency of a batch, time to the first."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.bench.inputs import Bench
from jobs.bench.job_file import write_job_file
from jobs.bench.numbers import Number, repeated
from jobs.bench.processes import Watch
from jobs.bench.scratch import empty_folder
from jobs.bench.steps import check_against_slow
from jobs.launcher.run import Outcome, run_job
from jobs.spark.session import session_for

GROWTH = 10  # times more alerts must not take more memory


def pipeline(bench: Bench) -> list[Number]:
    """A night of raw, science and cutouts tables, workers warm: rate, and CPU per alert of each kind of process.

    Parameters
    ----------
    bench : Bench
    """
    check_against_slow(bench, bench.science())
    with session_for("bench") as spark, empty_folder() as folder:
        return repeated(lambda: _night(bench, spark, folder), bench.repeats)


def memory(bench: Bench) -> list[Number]:
    """The peak of all processes' memory, for the alerts asked for and for ten times as many.

    Parameters
    ----------
    bench : Bench
    """
    numbers = []
    for alerts in (bench.alerts, GROWTH * bench.alerts):
        with session_for("bench") as spark, empty_folder() as folder, Watch(memory=True) as watch:
            _run(replace(bench, alerts=alerts), spark, folder)
        use = watch.use
        numbers.append(Number(f"peak, {alerts} alerts", "MiB", (use.peak_mib,)))
        numbers += [Number(f"  of that {kind}", "MiB", (size,)) for kind, size in sorted(use.peak_by_kind.items())]
    return numbers


def batches(bench: Bench) -> list[Number]:
    """Seconds from one closed batch to the next, and what of that no step of the batch accounts for: the engine's part.

    The first tenth of the batches is left out.

    Parameters
    ----------
    bench : Bench
    """
    with session_for("bench") as spark, empty_folder() as folder:
        outcome = _run(bench, spark, folder, max_alerts_per_batch=bench.batch)
        closed, timings = _closed_batches(outcome)
    first = max(1, len(timings) // 10)
    steady = timings[first:]
    between = [after - before for before, after in pairwise(closed[first - 1 :])]
    engine = [whole - sum(each.values()) for whole, each in zip(between, steady, strict=True)]
    names = [name for name in steady[0] if any(each[name] for each in steady)]
    return [
        Number(f"batch of {bench.batch}", "s", tuple(between)),
        *(Number(f"  {name}", "s", tuple(each[name] for each in steady)) for name in names),
        Number("  between the steps", "s", tuple(engine)),
    ]


def first(bench: Bench) -> list[Number]:
    """Seconds from the command to the first committed alerts: a fresh process, its JVM and its workers.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    RuntimeError
        If the job ends before a batch is closed.
    """

    def measure() -> dict[tuple[str, str], float]:
        with empty_folder() as folder, Watch() as watch:
            taken = _until_committed(bench, folder)
        parts = {(f"  CPU, {kind}", "s"): cpu for kind, cpu in watch.use.cpu_s.items()}
        return {("first committed alert", "s"): taken, **parts}

    return repeated(measure, bench.repeats)


def _night(bench: Bench, spark: SparkSession, folder: Path) -> dict[tuple[str, str], float]:
    with Watch() as watch:
        started = time.perf_counter()
        outcome = _run(bench, spark, folder)
        wall = time.perf_counter() - started
    alerts = outcome.status.decoded
    shutil.rmtree(outcome.layout.root)
    per_alert = {(f"CPU, {kind}", "us/alert"): cpu / alerts * 1e6 for kind, cpu in watch.use.cpu_s.items()}
    return {
        ("rate", "alerts/s"): alerts / wall,
        **per_alert,
        ("CPU, all processes", "us/alert"): watch.use.cpu / alerts * 1e6,
    }


def _run(bench: Bench, spark: SparkSession, folder: Path, **more: Any) -> Outcome:
    return run_job("night", bench.config(Path(tempfile.mkdtemp(dir=folder)), settle_s=0, **more), spark)


def _closed_batches(outcome: Outcome) -> tuple[list[float], list[dict[str, float]]]:
    """When each batch was closed (its record is written then, and not again), and the seconds of its steps."""
    files = sorted((outcome.layout.root / "ledger").glob("stream=*/*.json"))
    files = [file for file in files if ".plan" not in file.name]
    return [file.stat().st_mtime for file in files], [json.loads(file.read_text())["timings_s"] for file in files]


def _until_committed(bench: Bench, folder: Path) -> float:
    """Run `strix night` in a process of its own until its ledger has a closed batch."""
    config = bench.config(folder / "output", settle_s=0, max_alerts_per_batch=bench.batch)
    write_job_file(config, folder / "night.yaml")
    started = time.perf_counter()
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--config", str(folder / "night.yaml")]
    night = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _is_closed(folder / "output"):
            if night.poll() is not None:
                raise RuntimeError(f"strix night ended with {night.returncode} before a batch was closed")
            time.sleep(0.02)
        return time.perf_counter() - started
    finally:
        night.terminate()
        night.wait()


def _is_closed(output: Path) -> bool:
    return any('"closed"' in file.read_text() for file in _first_records(output))


def _first_records(output: Path) -> Sequence[Path]:
    return list(output.glob("ledger/stream=*/000000000.json"))
