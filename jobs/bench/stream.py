"""From a Kafka topic through science and 25 filters to Kafka topics, on a broker of this machine; all processes counted."""

import io
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from jobs.audit.check import check_ledger
from jobs.bench.inputs import Bench
from jobs.bench.job_file import write_job_file
from jobs.bench.numbers import Number, repeated
from jobs.bench.processes import Watch
from jobs.bench.scratch import empty_folder
from jobs.config import JobConfig
from jobs.kafka.connection import SILENT, Connection
from jobs.launcher.run import run_job
from jobs.ledger.streams import records
from jobs.listen.message_schemas import MessageReader
from jobs.services.kafka import KafkaBroker, start_kafka
from jobs.simulation.night import container
from jobs.spark.session import session_for
from jobs.storage.layout import Layout

TOPIC, PARTITIONS = "ztf_20240210_programid1", 4
FILTERS = 25
BATCH = 2000  # alerts, at most, of a batch
ARRIVING = 50  # alerts per second
ARRIVING_S = 60.0
BROKER_TIMEOUT_S = 120.0
_WARM = 200


def drain(bench: Bench) -> list[Number]:
    """A backlog through 25 filters of 1 % each: rate, CPU per alert and kind of process; memory of a half and of all.

    The broker is one of the JVMs. The ledger is checked, what the topics acknowledged included.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    RuntimeError
        If not every packet is accounted for.
    """
    with empty_folder() as folder, _broker(folder) as broker, session_for("bench") as spark:
        packets = list(_packets(bench))
        filters = slices(folder / "filters")

        def run(memory: bool, filtered: bool = True) -> tuple[Any, float, float, int, float]:
            output = Path(tempfile.mkdtemp(dir=folder))
            config = _config(bench, broker, filters if filtered else None, output, prefix=f"strix-{output.name}")
            with Watch(memory) as watch:
                started = time.perf_counter()
                outcome = run_job("night", config, spark)
                wall = time.perf_counter() - started
            matched = _checked(output) if filtered else 0
            steady = _steady(output)
            shutil.rmtree(output)
            return watch.use, wall, float(matched), outcome.status.decoded, steady

        def measure() -> dict[tuple[str, str], float]:
            use, wall, matched, alerts, steady = run(memory=False)
            bare, bare_wall, *_, bare_steady = run(memory=False, filtered=False)
            kinds = {(f"CPU, {kind}", "us/alert"): cpu / alerts * 1e6 for kind, cpu in use.cpu_s.items()}
            return {
                ("rate", "alerts/s"): alerts / wall,
                **kinds,
                ("CPU, all processes", "us/alert"): use.cpu / alerts * 1e6,
                ("matches", "messages"): matched,
                (f"batch of {BATCH}, after the first", "s"): steady,
                ("  with filters and topics / without", ""): steady / bare_steady,
                ("run, wall, with / without", ""): wall / bare_wall,
                ("run, CPU, with / without", ""): use.cpu / bare.cpu,
            }

        half = len(packets) // 2
        _fill(broker, packets[:half])
        run(memory=False)
        peaks = [Number(f"peak memory, {half} alerts", "MiB", (run(memory=True)[0].peak_mib,))]
        _fill(broker, packets[half:])
        peaks.append(Number(f"peak memory, {len(packets)} alerts", "MiB", (run(memory=True)[0].peak_mib,)))
        return [*repeated(measure, bench.repeats), *peaks]


def latency(bench: Bench) -> list[Number]:
    """50 alerts/s arriving: from produce to the matched message at a listener; then a kill, and back to work.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    RuntimeError
        If a match does not come.
    """
    with empty_folder() as folder, _broker(folder) as broker:
        filters = slices(folder / "filters", everything=True)
        config = _config(bench, broker, filters, folder / "output", prefix="strix", continuous=True)
        packets = list(_packets(bench))
        listener = _Listener(broker, "strix.ztf.everything")
        with _job(config, folder) as job:
            _send_slowly(broker, packets[:_WARM], listener)
            listener.wait_for(_WARM)
            arriving = packets[_WARM : len(packets) - bench.repeats][: int(ARRIVING * ARRIVING_S)]
            _send_slowly(broker, arriving, listener)
            listener.wait_for(_WARM + len(arriving))
            job.kill()
        waits = sorted(listener.waits[_WARM:])
        restarts = [_restart(config, folder, broker, listener, packet) for packet in packets[-bench.repeats :]]
        listener.stop()
    if len(waits) != len(arriving):
        raise RuntimeError(f"{len(arriving)} alerts were sent, {len(waits)} matches came")
    return [
        Number(f"produce to match, {ARRIVING}/s, median", "s", (statistics.median(waits),)),
        Number("  99 of 100 within", "s", (waits[int(0.99 * len(waits))],)),
        Number("  longest", "s", (waits[-1],)),
        Number("restart to next match", "s", tuple(restarts)),
    ]


@contextmanager
def filled_broker(bench: Bench, folder: Path) -> Iterator[KafkaBroker]:
    """A broker with the packets in a topic.

    Parameters
    ----------
    bench : Bench
    folder : pathlib.Path
        For the broker.
    """
    with _broker(folder) as broker:
        _fill(broker, list(_packets(bench)))
        yield broker


def topic_settings(broker: KafkaBroker, filters: Path | None, prefix: str) -> dict[str, Any]:
    """A job's keys for reading the topic, and for writing matches of filters.

    Parameters
    ----------
    broker : KafkaBroker
    filters : pathlib.Path or None
        Their directory; None for no matches.
    prefix : str
        Of the topics written.
    """
    reading = {"input": (), "kafka": {"bootstrap": broker.bootstrap}, "topics": [TOPIC], "survey": "ztf"}
    writing = {"filters": str(filters), "publish": {"prefix": prefix, "partitions": "2"}} if filters else {}
    return {**reading, **writing, "max_alerts_per_batch": BATCH}


def slices(directory: Path, everything: bool = False) -> Path:
    """25 filters, each of which matches 1 % of a uniform sky; or 24 and one that matches all.

    Parameters
    ----------
    directory : pathlib.Path
        Made here; the answer is the same.
    everything : bool
        Whether there is one that matches all.
    """
    directory.mkdir(parents=True)
    about = {"description": "bench", "owner": "bench", "annotations": {"brightness": "mag", "p_real": "real_bogus"}}
    for number in range(FILTERS):
        where = f"ra >= {14.4 * number} AND ra < {14.4 * number + 3.6} AND mag IS NOT NULL"
        (directory / f"slice_{number}.yaml").write_text(json.dumps({**about, "where": where}))  # JSON is YAML
    if everything:
        (directory / "slice_0.yaml").unlink()
        (directory / "everything.yaml").write_text(json.dumps({**about, "where": "n_detections >= 0"}))
    return directory


def _config(
    bench: Bench, broker: KafkaBroker, filters: Path | None, output: Path, prefix: str, continuous: bool = False
) -> JobConfig:
    looks = {"trigger": "continuous", "interval_s": 0.2} if continuous else {}
    return bench.config(output, **topic_settings(broker, filters, prefix), **looks)


def _packets(bench: Bench) -> Iterator[bytes]:
    """Packets one by one, in a container each, as ZTF sends them."""
    for file in bench.files():
        with open(file, "rb") as stream:
            records_: Iterator[Any] = fastavro.reader(stream)
            for record in records_:
                yield container([record])


def _fill(broker: KafkaBroker, values: Sequence[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 50}, logger=SILENT)
    for number, value in enumerate(values):
        producer.produce(TOPIC, value=value, partition=number % PARTITIONS)
        producer.poll(0)
        if number % 1000 == 999:
            producer.flush()
    producer.flush()


def _make(broker: KafkaBroker, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap}, logger=SILENT)
    if topic not in admin.list_topics(timeout=BROKER_TIMEOUT_S).topics:
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(BROKER_TIMEOUT_S)


def require_accounted(output: Path) -> None:
    """Check the ledger of an output: packets, files, what topics and HBase acknowledged.

    Parameters
    ----------
    output : pathlib.Path

    Raises
    ------
    RuntimeError
        If not every packet is accounted for.
    """
    checked = check_ledger(Layout(output))
    if checked.gaps:
        raise RuntimeError(f"not every packet is accounted for: {checked.gaps[0]}")


def _checked(output: Path) -> int:
    """How many messages the topics acknowledged; every packet must be accounted for."""
    require_accounted(output)
    return sum(record.sinks["kafka"]["messages"] for record in records(Layout(output)))


def _steady(output: Path) -> float:
    """Seconds of a batch from plan to close, median; the first has made the topics, and the last may be small."""
    batches = [sum(record.timings_s.values()) for record in records(Layout(output))]
    return statistics.median(batches[1:-1] or batches)


@dataclass
class _Listener:
    """Reads a topic as its readers do, and notes how long each alert took."""

    broker: KafkaBroker
    topic: str
    sent: dict[int, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def wait_for(self, count: int) -> None:
        """Until so many matches have come."""
        deadline = time.monotonic() + BROKER_TIMEOUT_S
        while len(self.waits) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(self.waits)} matches in {BROKER_TIMEOUT_S:g} s, {count} wanted")
            time.sleep(0.02)

    def stop(self) -> None:
        """Receive no more."""
        self._stop.set()
        self._thread.join()

    def _hear(self) -> None:
        settings = {
            "bootstrap.servers": self.broker.bootstrap,
            "group.id": "bench",
            "isolation.level": "read_committed",
        }
        consumer = Consumer({**settings, "allow.auto.create.topics": False}, logger=SILENT)
        reader = MessageReader(Connection.of({"bootstrap": self.broker.bootstrap}))
        while self.topic not in consumer.list_topics(timeout=BROKER_TIMEOUT_S).topics:
            if self._stop.wait(0.2):
                return
        consumer.assign([TopicPartition(self.topic, number, 0) for number in range(2)])
        while not self._stop.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                now = time.monotonic()
                _, record = reader.read(self.topic, message.value() or b"")
                self.waits.append(now - self.sent[record["alert_id"]])
        consumer.close()


def _send_slowly(broker: KafkaBroker, packets: Sequence[bytes], listener: _Listener) -> None:
    """Send packets at a steady rate, each when its time has come."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 0}, logger=SILENT)
    ids = [_candid(value) for value in packets]
    begun = time.monotonic()
    for number, (value, candid) in enumerate(zip(packets, ids, strict=True)):
        time.sleep(max(0.0, begun + number / ARRIVING - time.monotonic()))
        listener.sent[candid] = time.monotonic()
        producer.produce(TOPIC, value=value, partition=number % PARTITIONS)
        producer.poll(0)
    producer.flush(BROKER_TIMEOUT_S)


def _candid(value: bytes) -> int:
    record: Any = next(iter(fastavro.reader(io.BytesIO(value))))
    return int(record["candid"])


def _restart(config: JobConfig, folder: Path, broker: KafkaBroker, listener: _Listener, packet: bytes) -> float:
    """Seconds from the command, after a SIGKILL, to the match of a packet that came while nobody worked."""
    before = len(listener.waits)
    _send_slowly(broker, [packet], listener)
    started = time.monotonic()
    with _job(config, folder) as job:
        listener.wait_for(before + 1)
        taken = time.monotonic() - started
        job.kill()
    return taken


@contextmanager
def _job(config: JobConfig, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`strix night` in a process of its own."""
    write_job_file(config, folder / "stream.yaml")
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--config", str(folder / "stream.yaml")]
    with open(folder / "job.log", "ab") as log:
        job = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield job
    finally:
        if job.poll() is None:
            job.send_signal(signal.SIGTERM)
        job.wait()


@contextmanager
def _broker(folder: Path) -> Iterator[KafkaBroker]:
    broker = start_kafka(folder / "kafka")
    try:
        _make(broker, TOPIC)
        yield broker
    finally:
        broker.stop()
