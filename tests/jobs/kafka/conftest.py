"""Topics of a real broker, packets for them, one Spark for all jobs of this folder."""

import io
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from pyspark.sql import SparkSession

from jobs.config import JobConfig, load
from jobs.kafka.connection import SILENT
from jobs.launcher.run import Outcome, run_job
from jobs.ledger.records import Record
from jobs.ledger.streams import records
from jobs.services.kafka import KafkaBroker
from jobs.simulation import simulate
from jobs.storage.layout import Layout

_NUMBERS = itertools.count()


@dataclass
class Topics:
    """Makes topics of one broker and writes to them; partitions are chosen by the test, never by chance."""

    bootstrap: str
    admin: AdminClient = field(init=False)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap}, logger=SILENT)

    def name(self, prefix: str = "ztf_20240210_programid") -> str:
        """A name that no other test uses."""
        return f"{prefix}{next(_NUMBERS)}x"

    def make(self, name: str, partitions: int = 1, **settings: str) -> str:
        config = {key.replace("_", "."): value for key, value in settings.items()}
        self._wait(self.admin.create_topics([NewTopic(name, partitions, 1, config=config)]))
        return name

    def drop(self, name: str) -> None:
        self._wait(self.admin.delete_topics([name]))

    def grow(self, name: str, partitions: int) -> None:
        self._wait(self.admin.create_partitions([NewPartitions(name, partitions)]))

    def write(self, name: str, values: Sequence[bytes], partitions: int = 1, first: int = 0) -> None:
        # A new producer each time: an old one does not know partitions that were added.
        settings = {"bootstrap.servers": self.bootstrap, "message.max.bytes": 10_000_000}
        producer = Producer(settings, logger=SILENT)
        for number, value in enumerate(values):
            producer.produce(name, value, partition=first + number % partitions)
        assert producer.flush(30) == 0

    @staticmethod
    def _wait(answers: dict[Any, Any]) -> None:
        for future in answers.values():
            future.result(timeout=30)
        time.sleep(0.1)  # the broker answers a little before its own look-ups know


@pytest.fixture(scope="session")
def topics(kafka: KafkaBroker) -> Topics:
    return Topics(kafka.bootstrap)


@pytest.fixture(scope="session")
def packets(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> list[bytes]:
    """60 ZTF packets as the survey sends them, a container each: real ones where they are, else simulated."""
    try:
        return _real(request.getfixturevalue("real_alerts"), 60)
    except pytest.skip.Exception:
        directory = tmp_path_factory.mktemp("packets") / "night"
        simulate(directory, 60, 3, "files")
        return [path.read_bytes() for path in sorted(directory.glob("*.avro"))]


def _real(directory: Path, count: int) -> list[bytes]:
    found: list[bytes] = []
    for path in sorted((directory / "ztf_alerts").glob("*.avro")):
        with open(path, "rb") as file:
            reader = fastavro.reader(file)
            for record in itertools.islice(reader, count - len(found)):
                packet = io.BytesIO()
                fastavro.writer(packet, reader.writer_schema, [record])
                found.append(packet.getvalue())
    return found


@dataclass(frozen=True)
class Ran:
    """What a job left."""

    outcome: Outcome
    layout: Layout

    @property
    def records(self) -> list[Record]:
        return list(records(self.layout))

    def table(self, name: str = "science") -> pa.Table:
        """A table without where each row came from, by alert id."""
        path = self.layout.table(name)
        if not path.exists():
            return pa.table({"alert_id": pa.array([], pa.int64())})
        return ds.dataset(path, format="parquet").to_table().drop_columns("provenance").sort_by("alert_id")


@pytest.fixture
def run(spark: SparkSession, kafka: KafkaBroker, tmp_path: Path) -> Callable[..., Ran]:
    """Runs a job that reads topics, in this process."""

    def ran(*wanted: str, out: str = "out", **more: Any) -> Ran:
        keys: dict[str, Any] = {"kafka": {"bootstrap": kafka.bootstrap}, "modules": "stetson_k", "topics": wanted}
        config: JobConfig = load(None, {**keys, "output": str(tmp_path / out), **more})
        return Ran(run_job("night", config, spark), Layout(Path(config.tables.output)))

    return ran
