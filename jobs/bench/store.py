"""What HBase costs: CPU of client, Thrift server and HBase per alert written, and how long look-ups take."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, timed
from jobs.bench.scratch import empty_folder
from jobs.hbase.admin_gateway import java_gateway
from jobs.hbase.connection import HBaseAddress
from jobs.launcher.run import run_job
from jobs.lookup.hbase import HBaseStore
from jobs.services.hbase import HBaseServer, start_hbase
from jobs.spark.session import session_for
from jobs.store.administration import StoreTables
from jobs.store.reading import StoreReader
from jobs.store.rows import AlertRows
from jobs.store.tables import NAMESPACE, TABLES, qualified
from jobs.store.writing import StoreWriter

HEAP_MB = 2048
DISTINCT = 2000  # alerts that are re-issued under other ids, objects, times and places
WINDOW = 20_000
ROWS = 500
QUESTIONS = 500
NIGHT = 20_240_210
_QUANTILES = (0.5, 0.99)


def store(bench: Bench) -> list[Number]:
    """Windows of 20,000 alerts into an empty HBase, each ended by a flush, then with cutouts; then look-ups.

    Parameters
    ----------
    bench : Bench
        `alerts`: stored without cutouts before look-ups are asked, in windows.
    """
    with empty_folder() as folder:
        science, cutouts = distinct(bench, folder)
        server = start_hbase(folder / "hbase", heap_mb=HEAP_MB)
        try:
            return _measured(server, science, cutouts, max(1, bench.alerts // WINDOW), bench.repeats)
        finally:
            server.stop()


def _measured(server: HBaseServer, science: pa.Table, cutouts: pa.Table, windows: int, repeats: int) -> list[Number]:
    host, port = server.zookeeper.split(":")
    address = HBaseAddress.of(server.thrift)
    with java_gateway(host, int(port)) as java:
        StoreTables(java, NAMESPACE).make()
        flush = partial(_flush, java)
        writer = StoreWriter(address)
        written = [_window(server, writer, science, None, number, flush) for number in range(windows)]
        numbers = [*_told("without cutouts", written), *_ageing(written)]
        more = range(windows, windows + repeats)
        numbers += _told("with cutouts", [_window(server, writer, science, cutouts, number, flush) for number in more])
        numbers += questions(HBaseStore(StoreReader(address)), science, windows)
    return numbers


def _flush(java: Any) -> None:
    for table in TABLES:
        java.admin.flush(java.jvm.org.apache.hadoop.hbase.TableName.valueOf(qualified(NAMESPACE, table)))


def fill(server: HBaseServer, science: pa.Table, windows: int) -> None:
    """Write windows of 20,000 alerts and flush.

    Parameters
    ----------
    server : HBaseServer
        With the store's tables.
    science : pyarrow.Table
        What is re-issued under other ids, as `distinct` gives it.
    windows : int
    """
    host, port = server.zookeeper.split(":")
    writer = StoreWriter(HBaseAddress.of(server.thrift))
    with java_gateway(host, int(port)) as java:
        for number in range(windows):
            _window(server, writer, science, None, number, partial(_flush, java))


def distinct(bench: Bench, folder: Path) -> tuple[pa.Table, pa.Table]:
    """Science rows and cutouts of a night as the pipeline makes them.

    Parameters
    ----------
    bench : Bench
        Modules and packets; 2,000 alerts are taken whatever it says.
    folder : pathlib.Path
        For the night.
    """
    fewer = Bench(**{**vars(bench), "alerts": DISTINCT})
    with session_for("bench") as spark:
        layout = run_job("night", fewer.config(folder / "night", settle_s=0), spark).layout
    science, cutouts = (
        pa.concat_tables([pq.read_table(path, partitioning=None) for path in layout.files(table)])
        for table in ("science", "cutouts")
    )
    return science.combine_chunks(), cutouts.combine_chunks()


def _window(
    server: HBaseServer,
    writer: StoreWriter,
    science: pa.Table,
    cutouts: pa.Table | None,
    number: int,
    flush: Callable[[], None],
) -> dict[str, float]:
    """Write a window and flush; seconds and CPU per alert [us], by process."""
    before, began, cpu = _cpu(server), time.perf_counter(), time.process_time()
    for part in range(WINDOW // science.num_rows):
        shift = number * (WINDOW // science.num_rows) + part
        other = _shifted(cutouts, shift) if cutouts is not None else None
        for batch in _shifted(science, shift).to_batches(ROWS):
            rows = AlertRows(batch)
            writer.write(rows, rows.of_cutouts(_of(other, batch)) if other is not None else None)
    wall = time.perf_counter() - began
    flush()
    used = {name: after - before[name] for name, after in _cpu(server).items()}
    used["client"] = time.process_time() - cpu
    return {"rate": WINDOW / wall, **{name: seconds / WINDOW * 1e6 for name, seconds in used.items()}}


def _shifted(table: pa.Table, shift: int) -> pa.Table:
    """The same rows under other ids: objects, times and places move, so that no key comes twice."""
    changed = {"alert_id": pa.array(table["alert_id"].to_numpy() + 10**6 * shift)}
    if "object_id" in table.column_names:
        ids = [f"{name}x{shift}" for name in table["object_id"].to_pylist()]
        changed |= {"object_id": pa.array(ids), "mjd": pa.array(table["mjd"].to_numpy() + shift * 1e-3)}
        changed["ra"] = pa.array((table["ra"].to_numpy() + 0.37 * shift) % 360)
        changed["dec"] = pa.array(np.clip(table["dec"].to_numpy() + 0.01 * (shift % 7), -90, 90))
    for name, column in changed.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    return table


def _of(cutouts: pa.Table, batch: pa.RecordBatch) -> pa.Table:
    places = {alert: row for row, alert in enumerate(cutouts["alert_id"].to_pylist())}
    return cutouts.take(pa.array([places[alert] for alert in batch.column("alert_id").to_pylist() if alert in places]))


def _cpu(server: HBaseServer) -> dict[str, float]:
    used = {"thrift": psutil.Process(server.thrift_pid), "hbase": psutil.Process(server.master_pid)}
    return {name: sum(process.cpu_times()[:2]) for name, process in used.items()}


def _told(how: str, windows: list[dict[str, float]]) -> Iterator[Number]:
    def values(name: str) -> tuple[float, ...]:
        return tuple(each[name] for each in windows)

    everything = tuple(sum(value for name, value in each.items() if name != "rate") for each in windows)
    yield Number(f"written {how}, windows of {WINDOW}", "alerts/s", values("rate"))
    yield Number("  CPU, all processes, flush included", "us/alert", everything)
    for name in ("client", "thrift", "hbase"):
        yield Number(f"    {name}", "us/alert", values(name))


def _ageing(windows: list[dict[str, float]]) -> Iterator[Number]:
    """The last window beside the first."""
    if len(windows) > 1:
        first, last = (
            sum(value for name, value in each.items() if name != "rate") for each in (windows[0], windows[-1])
        )
        yield Number(f"  CPU, window at {len(windows) * WINDOW} / at {WINDOW}", "", (last / first,))


def questions(asked: HBaseStore, science: pa.Table, windows: int) -> Iterator[Number]:
    """How long look-ups take: p50 and p99 of 500 of each kind, of alerts drawn from all that was written.

    Parameters
    ----------
    asked : HBaseStore
    science : pyarrow.Table
        What was re-issued.
    windows : int
        How often 20,000 alerts of it.
    """
    chance = np.random.default_rng(1)
    shifts = windows * (WINDOW // science.num_rows)
    rows = science.select(["survey", "object_id", "alert_id", "ra", "dec", "mjd"]).to_pylist()

    def one() -> dict[str, object]:
        row, shift = dict(rows[chance.integers(len(rows))]), int(chance.integers(shifts))
        moved = _shifted(pa.Table.from_pylist([row], science.select(list(row)).schema), shift)
        return dict(moved.to_pylist()[0])

    night = str(science["night"][0])
    kinds: dict[str, Callable[[dict[str, object]], object]] = {
        "object": lambda row: asked.object(str(row["object_id"]), "ztf"),
        "alert": lambda row: asked.alert(int(str(row["alert_id"])), "ztf"),
        "cone of 1 arcmin": lambda row: asked.cone_objects(float(str(row["ra"])), float(str(row["dec"])), 1 / 60, 100),
        "cone of 1 degree": lambda row: asked.cone_objects(float(str(row["ra"])), float(str(row["dec"])), 1.0, 100),
        "latest 100, as a list shows them": lambda _: asked.latest("night", night, 100),
        "latest 100, whole alerts": lambda _: asked.whole(asked.latest("night", night, 100)),
    }
    for name, ask in kinds.items():
        many = QUESTIONS if "latest" not in name and "degree" not in name else QUESTIONS // 5
        questions = [one() for _ in range(many)]
        taken = sorted(timed(partial(ask, row)) for row in questions)
        for quantile in _QUANTILES:
            yield Number(f"{name}, p{quantile * 100:g} of {many}", "ms", (taken[int(quantile * (many - 1))] * 1e3,))
