"""Nights with and without HBase by turns, from files and from Kafka through 25 filters; look-ups while one runs."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jobs.bench import store
from jobs.bench.inputs import Bench
from jobs.bench.job_file import write_job_file
from jobs.bench.numbers import Number, repeated
from jobs.bench.processes import Watch
from jobs.bench.scratch import empty_folder
from jobs.bench.stream import FILTERS, filled_broker, require_accounted, slices, topic_settings
from jobs.hbase.admin_gateway import java_gateway
from jobs.hbase.connection import HBaseAddress
from jobs.launcher.run import run_job
from jobs.lookup.hbase import HBaseStore
from jobs.services.hbase import HBaseServer, start_hbase
from jobs.spark.session import session_for
from jobs.storage.layout import Layout
from jobs.store.administration import StoreTables
from jobs.store.reading import StoreReader
from jobs.store.tables import NAMESPACE

_DEADLINE_S = 300.0


def stored_nights(bench: Bench) -> list[Number]:
    """The rate of a night to Parquet, to Parquet and HBase, and with cutouts in HBase; each beside the first, in pairs.

    Parameters
    ----------
    bench : Bench
    """
    with empty_folder() as folder, _hbase(folder) as server, session_for("bench") as spark:
        into = {
            "Parquet": {},
            "Parquet and HBase": _section(server, "false"),
            "Parquet and HBase, cutouts": _section(server, "true"),
        }

        def night(**more: Any) -> tuple[float, float]:
            return _rate_and_cpu(lambda output: bench.config(output, settle_s=0, **more), spark, folder)

        return repeated(lambda: _beside_the_first({name: night(**more) for name, more in into.items()}), bench.repeats)


def stored_stream(bench: Bench) -> list[Number]:
    """A backlog from Kafka through 25 filters to Kafka and Parquet, and the same with HBase; in pairs.

    Parameters
    ----------
    bench : Bench
    """
    with empty_folder() as folder, _hbase(folder) as server, filled_broker(bench, folder) as broker:
        filters = slices(folder / "filters")
        with session_for("bench") as spark:

            def night(**more: Any) -> tuple[float, float]:
                def config(output: Path) -> Any:
                    return bench.config(output, **topic_settings(broker, filters, f"strix-{output.name}"), **more)

                return _rate_and_cpu(config, spark, folder)

            def both() -> dict[tuple[str, str], float]:
                names = f"Kafka to Parquet and {FILTERS} topics", f"Kafka to Parquet, HBase and {FILTERS} topics"
                return _beside_the_first({names[0]: night(), names[1]: night(**_section(server, "false"))})

            return repeated(both, bench.repeats)


def lookups_beside_a_night(bench: Bench) -> list[Number]:
    """Look-ups in an idle HBase, then in the same one while nights are written to it.

    Parameters
    ----------
    bench : Bench
        `alerts`: stored before anybody asks, in windows.
    """
    with empty_folder() as folder:
        science, _ = store.distinct(bench, folder)
        with _hbase(folder) as server:
            windows = max(1, bench.alerts // store.WINDOW)
            store.fill(server, science, windows)
            asked = HBaseStore(StoreReader(HBaseAddress.of(server.thrift)))
            numbers = [_renamed(each, "idle") for each in store.questions(asked, science, windows)]
            with _nights(replace(bench, alerts=store.WINDOW), server, folder):
                numbers += [_renamed(each, "beside a night") for each in store.questions(asked, science, windows)]
    return numbers


def _renamed(number: Number, how: str) -> Number:
    return replace(number, what=f"{how}: {number.what}")


def _section(server: HBaseServer, cutouts: str) -> dict[str, Any]:
    host, _, port = server.thrift.rpartition(":")
    return {"hbase": {"host": host, "port": port, "cutouts": cutouts}}


@contextmanager
def _hbase(folder: Path) -> Iterator[HBaseServer]:
    """An HBase with the store's tables."""
    server = start_hbase(folder / "hbase", heap_mb=store.HEAP_MB)
    try:
        host, port = server.zookeeper.split(":")
        with java_gateway(host, int(port)) as java:
            StoreTables(java, NAMESPACE).make()
        yield server
    finally:
        server.stop()


def _rate_and_cpu(config: Callable[[Path], Any], spark: Any, folder: Path) -> tuple[float, float]:
    """Alerts per second, and CPU of all processes per alert [us]."""
    output = Path(tempfile.mkdtemp(dir=folder))
    with Watch() as watch:
        began = time.perf_counter()
        alerts = run_job("night", config(output), spark).status.decoded
        wall = time.perf_counter() - began
    require_accounted(output)
    shutil.rmtree(output)
    return alerts / wall, watch.use.cpu / alerts * 1e6


def _beside_the_first(measured: dict[str, tuple[float, float]]) -> dict[tuple[str, str], float]:
    first, *others = measured
    told: dict[tuple[str, str], float] = {}
    for name, (rate, cpu) in measured.items():
        told |= {(name, "alerts/s"): rate, (f"  CPU, all processes: {name}", "us/alert"): cpu}
    for name in others:
        told[f"  rate: {name} / {first}", ""] = measured[name][0] / measured[first][0]
    return told


@contextmanager
def _nights(bench: Bench, server: HBaseServer, folder: Path) -> Iterator[None]:
    """Nights in processes of their own, one behind the other, from the first one's first file to the end."""
    write_job_file(bench.config(folder / "0", settle_s=0, **_section(server, "false")), folder / "night.yaml")
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--config", str(folder / "night.yaml"), "--output"]
    running: list[subprocess.Popen[bytes]] = []
    ended = threading.Event()

    def on_and_on() -> None:
        with (folder / "nights.log").open("wb") as log:
            while not ended.is_set():
                output = folder / "nights" / str(len(running))
                running.append(subprocess.Popen([*command, output], stdout=log, stderr=log, start_new_session=True))
                running[-1].wait()

    thread = threading.Thread(target=on_and_on)
    thread.start()
    try:
        _wait_for_science(folder)
        yield
    finally:
        ended.set()
        os.killpg(running[-1].pid, signal.SIGKILL)
        thread.join()


def _wait_for_science(folder: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    first = Layout(folder / "nights" / "0")
    while not first.files("science"):
        if time.monotonic() > deadline:
            end = (folder / "nights.log").read_text()[-500:]
            raise RuntimeError(f"no batch of a night was written in {_DEADLINE_S:g} s: {end}")
        time.sleep(0.2)
