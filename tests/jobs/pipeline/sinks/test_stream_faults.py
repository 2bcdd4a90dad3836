"""A stream from Kafka to Kafka on its bad days, with counts: nothing is lost, nothing is sent twice; run by `.ci/soak`."""

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from job_process import Job
from publishing import LIMIT, MODULES, Published

from jobs.ledger.streams import records
from jobs.services.kafka import KafkaBroker, start_kafka
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout

AWAY_S = 30.0
IN_USE = 4

pytestmark = [pytest.mark.soak, pytest.mark.kafka, pytest.mark.spark, pytest.mark.timeout(1800)]


def good(first: int, count: int) -> list[bytes]:
    return [container([packet(21, number)[0]]) for number in range(first, first + count)]


def from_the_future() -> bytes:
    record = packet(22, 0)[0]
    record["candidate"]["jd"] = datetime.now(UTC).timestamp() / 86400 + 2440587.5 + 30
    return container([record])


class Night:
    """Topics that packets come from, and the job that reads them."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.bootstrap = broker.bootstrap
        self.admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})

    def make(self, topic: str) -> None:
        self.admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)

    def send(self, topic: str, values: list[bytes], partition: int = 0) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 10_000_000})
        for value in values:
            producer.produce(topic, value=value, partition=partition)
        assert producer.flush(60) == 0


def counts(output: Path) -> Counter[str]:
    told: Counter[str] = Counter()
    for record in records(Layout(output)):
        if record.state == "closed":
            for night in record.nights.values():
                told.update({"read": night["read"], "decoded": night["decoded"], **night["quarantined"]})
    return told


def test_a_stream_keeps_its_counts_through_a_bad_night(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, start_job: Callable[..., Job]
) -> None:
    broker = start_kafka(tmp_path_factory.mktemp("bad_night"), settings={"message.max.bytes": "16777216"})
    try:
        night, output = Night(broker), tmp_path / "out"
        published = Published.prepare(tmp_path, broker.bootstrap, "bad")
        job = start_job(_arguments(published, output))
        first, second = "ztf_20240210_programid1", "ztf_20240211_programid1"
        night.make(first)
        # 1 in 100 is bad; among them what no schema is known for, what is too large, what is from the future.
        bad = [b"noise", b"\x00\x00\x0f\x42\x3f" + b"x" * 50, b"x" * 5_000_000, from_the_future()]
        night.send(first, [*good(0, 60), *bad, *good(60, 40)])
        job.wait_until(lambda: counts(output)["read"] > 0)
        broker.stop()
        time.sleep(AWAY_S)
        status = json.loads((output / "status.json").read_text())
        assert status["state"] == "waiting" and broker.bootstrap in status["last_error"]["message"]
        broker = broker.start_again()
        job.wait_until(lambda: counts(output)["read"] == 104)

        second_job = start_job(_arguments(published, output))
        assert second_job.wait() == IN_USE, second_job.said()

        night.admin.create_partitions([NewPartitions(first, 2)])[first].result(30)
        night.send(first, good(100, 20), partition=1)
        job.wait_until(lambda: counts(output)["read"] == 124)
        night.admin.delete_topics([first])[first].result(30)
        night.make(second)
        night.send(second, good(200, 300))
        job.wait_until(lambda: counts(output)["read"] == 424)
        job.process.terminate()
        job.wait()

        told = counts(output)
        assert told == {"read": 424, "decoded": 420, "not_avro": 2, "unknown_schema": 1, "time_out_of_range": 1}
        assert published.problems(output) == []
    finally:
        broker.stop()


def _arguments(published: Published, output: Path) -> list[str]:
    publish = f"bootstrap={published.bootstrap},prefix={published.prefix}"
    reading = ["--kafka", f"bootstrap={published.bootstrap}", "--topics", r"^ztf_\d{8}_programid1$", "--survey", "ztf"]
    writing = ["--filters", str(published.filters), "--publish", publish, "--output", str(output)]
    looks = ["--trigger", "continuous", "--interval-s", "0.5", "--max-alerts-per-batch", str(2 * LIMIT)]
    return ["night", "--modules", MODULES, *reading, *writing, *looks]
