"""A visit's burst of Rubin packets with full histories: into a broker of this machine, and through a night's job."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from jobs.audit.check import check_ledger
from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number
from jobs.bench.processes import MIB, Watch
from jobs.bench.scratch import empty_folder
from jobs.config import JobConfig, load
from jobs.kafka.connection import SILENT, Connection
from jobs.launcher.run import run_job
from jobs.ledger.streams import records
from jobs.services.kafka import KafkaBroker, start_kafka
from jobs.simulation.feeding import feed
from jobs.simulation.lsst.packet_form import encoded, reissued, templates
from jobs.simulation.lsst.schema import SCHEMA
from jobs.simulation.packet_form import Record
from jobs.spark.session import session_for
from jobs.storage.layout import Layout

TOPIC, PARTITIONS = "alerts-simulated", 4
POINTS = 1000  # detections of each packet's history
_DISTINCT, _SEED, _BATCH = 20, 7, 500
_SCHEMA_ID = 1000
_TIMEOUT_S = 120.0


def burst(bench: Bench) -> list[Number]:
    """The burst and the job that drains it, once: rates, memory of all processes, the longest an alert waits.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    RuntimeError
        If not every packet is accounted for.
    """
    with empty_folder() as folder, session_for("bench") as spark:
        broker = start_kafka(folder / "kafka")
        try:
            sizes: list[int] = []
            first = list(templates(_SEED, min(_DISTINCT, bench.alerts), POINTS))
            sent = feed(_topic(broker), TOPIC, _messages(first, bench.alerts, sizes))
            with Watch(memory=True) as watch:
                began = time.perf_counter()
                outcome = run_job("night", _config(bench, broker, folder), spark)
                wall = time.perf_counter() - began
            _check(folder / "output", outcome.status.decoded, bench.alerts)
            batches = [sum(record.timings_s.values()) for record in records(Layout(folder / "output"))]
        finally:
            broker.stop()
    mib = sum(sizes) / MIB
    peaks = [Number(f"  {kind}", "MiB", (size,)) for kind, size in watch.use.peak_by_kind.items()]
    return [
        Number("packet, mean", "kB", (sum(sizes) / len(sizes) / 1000,)),
        Number("sent, encoding included", "alerts/s", (sent.packets / sent.seconds,)),
        Number("job, start included", "alerts/s", (bench.alerts / wall,)),
        Number("job, start included", "MiB/s", (mib / wall,)),
        Number("CPU, all processes", "ms/alert", (watch.use.cpu / bench.alerts * 1000,)),
        Number("peak memory of all processes", "MiB", (watch.use.peak_mib,)),
        *peaks,
        Number(f"batch of at most {_BATCH}", "s", tuple(batches)),
        Number("last alert scored after the job's start", "s", (wall,)),
    ]


def _messages(first: list[Record], alerts: int, sizes: list[int]) -> Iterator[bytes]:
    """Templates issued again, so that memory holds only these; their sizes are noted."""
    for number in range(alerts):
        value = encoded(reissued(first[number % len(first)], number // len(first)), wire=True)
        sizes.append(len(value))
        yield value


def _topic(broker: KafkaBroker) -> Connection:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap}, logger=SILENT)
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(_TIMEOUT_S)
    return Connection.of({"bootstrap": broker.bootstrap})


def _config(bench: Bench, broker: KafkaBroker, folder: Path) -> JobConfig:
    schemas = folder / "schemas"
    schemas.mkdir()
    (schemas / f"{_SCHEMA_ID}.avsc").write_text(json.dumps(SCHEMA))
    reading = {"input": (), "kafka": {"bootstrap": broker.bootstrap}, "topics": [TOPIC], "survey": "lsst"}
    science = {"modules": bench.modules, "models": bench.models, "missing_models": "skip"}
    output = {"output": str(folder / "output"), "schemas": str(schemas), "max_alerts_per_batch": _BATCH}
    return load(None, {**reading, **science, **output})


def _check(output: Path, decoded: int, alerts: int) -> None:
    gaps = check_ledger(Layout(output)).gaps
    if gaps or decoded != alerts:
        raise RuntimeError(f"not every packet is accounted for: {alerts} sent, {decoded} decoded; {gaps[:1]}")
