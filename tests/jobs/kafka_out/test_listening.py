"""Listening: decoded without knowing the schema, taken up where it stopped, in files once each."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fastavro
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from sending import Output
from topic_reader import ROOT, read_topics

import jobs
from jobs.cli.listen import main
from jobs.listening import listen, parse_time
from jobs.services.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.spark]


@pytest.fixture
def sent(kafka: KafkaBroker, output: Output) -> Output:
    """Both batches are sent."""
    sink = output.sink(kafka.bootstrap)
    for batch in output.batches:
        sink.write(output.layout, batch)
    read_topics(kafka.bootstrap, output.topics)
    return output


def everything(output: Output) -> str:
    return f"^{output.settings.prefix}\\.ztf"


def test_a_listener_hears_what_any_consumer_reads(kafka: KafkaBroker, sent: Output) -> None:
    heard = {
        (each.topic, each.partition, each.offset): each.record
        for each in listen(everything(sent), kafka.bootstrap, "earliest", to_end=True)
    }
    read = {each[:3]: each.record for each in read_topics(kafka.bootstrap, sent.topics)}
    assert heard.keys() == read.keys() and len(read) > 60
    assert json.dumps([heard[key] for key in sorted(read)], default=repr) == json.dumps(
        [read[key] for key in sorted(read)], default=repr
    )
    assert jobs.listen is listen


def test_a_listener_goes_on_where_it_stopped(kafka: KafkaBroker, sent: Output) -> None:
    heard: list[tuple[str, int, int]] = []
    for _ in range(4):
        for number, each in enumerate(
            listen(everything(sent), kafka.bootstrap, to_end=True, group=sent.settings.prefix)
        ):
            # What is in hand when a listener stops was not heard to its end: it comes again.
            if number == 13:
                break
            heard.append((each.topic, each.partition, each.offset))
    for each in listen(everything(sent), kafka.bootstrap, to_end=True, group=sent.settings.prefix):
        heard.append((each.topic, each.partition, each.offset))
    assert Counter(heard) == Counter(each[:3] for each in read_topics(kafka.bootstrap, sent.topics))


def test_starts_are_earliest_latest_a_time_and_a_span(kafka: KafkaBroker, sent: Output) -> None:
    def count(start: str) -> int:
        return sum(1 for _ in listen(everything(sent), kafka.bootstrap, start, to_end=True))

    total = len(sent.matched())
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert [count(start) for start in ("earliest", "1h", "2020-01-01", "latest", later)] == [total, total, total, 0, 0]
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert parse_time("1.5d", now) == datetime(2025, 12, 31, 12, tzinfo=UTC)
    assert parse_time("90min", now) == datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
    assert parse_time("2026-01-02T00:00:00+02:00") == datetime(2026, 1, 1, 22, tzinfo=UTC)
    with pytest.raises(ValueError, match="7d"):
        parse_time("yesterday")


def test_what_cannot_be_decoded_is_passed_over_and_counted(
    kafka: KafkaBroker, sent: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = sent.settings.topic("ztf", "all")
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    good = read_topics(kafka.bootstrap, topic)[0].value
    for value in (b"", b"noise", b"\x00\x00\x00\x00\x07abc", good[:40], b"{no json", good):
        producer.produce(topic, value=value, partition=0)
    producer.flush(20)
    assert main([topic, "--from", "earliest", "--to-end", "--bootstrap", kafka.bootstrap]) == 0
    said = capsys.readouterr()
    wanted = sum(1 for name, _ in sent.matched() if name == topic) + 1
    assert f"{wanted} messages, 5 passed over" in said.err
    assert said.out.count("SIMULATED") == wanted


def test_a_new_topic_of_a_pattern_and_a_new_partition_are_heard(
    kafka: KafkaBroker, sent: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.listening._LOOK_S", 0.2)
    value = read_topics(kafka.bootstrap, sent.topics)[0].value
    heard = listen(everything(sent), kafka.bootstrap, "latest")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    new = sent.settings.topic("ztf", "new")
    admin.create_topics([NewTopic(new, 1, 1)])[new].result(20)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(new, value=value)
    producer.flush(20)
    assert next(heard).topic == new
    heard.close()


def test_no_topic_and_no_broker_are_said(kafka: KafkaBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nobody.has.this", "--bootstrap", kafka.bootstrap]) == 2
    assert "no topic nobody.has.this; there are" in capsys.readouterr().err
    assert main(["x", "--format", "parquet", "--bootstrap", kafka.bootstrap]) == 2
    assert "--save" in capsys.readouterr().err


def test_json_lines_hold_ids_as_strings(kafka: KafkaBroker, sent: Output, capsys: pytest.CaptureFixture[str]) -> None:
    topic = sent.settings.topic("ztf", "even")
    assert main([topic, "--from", "earliest", "--to-end", "--format", "json", "--bootstrap", kafka.bootstrap]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(topic, int(row["alert_id"])) for row in rows} == {each for each in sent.matched() if each[0] == topic}
    assert all(isinstance(row["alert_id"], str) and isinstance(row["candidate"]["candid"], str) for row in rows)


@pytest.mark.parametrize("format_", ["avro", "json"])
def test_files_hold_the_same_in_every_format(format_: str, kafka: KafkaBroker, output: Output, tmp_path: Path) -> None:
    sink = output.sink(kafka.bootstrap, format=format_)
    sink.write(output.layout, output.batches[0])
    read = {
        (each.topic, int(each.record["alert_id"])): each.record for each in read_topics(kafka.bootstrap, output.topics)
    }
    for saved in ("parquet", "avro", "json"):
        options = ["--to-end", "--format", saved, "--save", str(tmp_path / saved), "--bootstrap", kafka.bootstrap]
        assert main([everything(output), *options, "--limit", "10"]) == 0
        assert main([everything(output), *options]) == 0
    rows = [
        {**row, "topic": path.parent.name}
        for path in (tmp_path / "parquet").glob("*/*")
        for row in pq.ParquetFile(path).read().to_pylist()
    ]
    assert {(row["topic"], row["alert_id"]) for row in rows} == set(read) and len(rows) == len(read)
    for row in rows:
        record = read[(row["topic"], row["alert_id"])]
        assert row["mag"] == record["mag"] and row["lc_mjd"] == record["lc_mjd"]
        assert json.loads(row["modules"]).keys() == record["modules"].keys()
        assert row["cutouts"] is None or row["cutouts"]["science"][:2] == b"\x1f\x8b"
    avro = [row for path in (tmp_path / "avro").glob("*/*.avro") for row in fastavro.reader(open(path, "rb"))]
    assert sorted(row["alert_id"] for row in avro) == sorted(id_ for _, id_ in read)
    lines = [json.loads(line) for path in (tmp_path / "json").glob("*/*") for line in path.read_text().splitlines()]
    assert sorted(int(row["alert_id"]) for row in lines) == sorted(id_ for _, id_ in read)


@pytest.mark.timeout(600)
def test_a_listener_that_is_killed_again_and_again_saves_each_message_once(
    kafka: KafkaBroker, output: Output, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "jobs.cli.main", "listen", everything(output), "--bootstrap", kafka.bootstrap]
    command += ["--save", str(tmp_path / "saved"), "--format", "json", "--per-file", "4"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    sink = output.sink(kafka.bootstrap)
    sink.write(output.layout, output.batches[0])
    for kill in range(3):
        listener = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
        _wait_for_more(tmp_path / "saved")
        listener.kill()
        listener.wait()
        if kill == 0:
            sink.write(output.layout, output.batches[1])
    subprocess.run([*command, "--to-end"], env=environment, cwd=tmp_path, check=True)
    files = list((tmp_path / "saved").glob("*/[0-9]*.json"))
    saved = Counter(
        (path.parent.name, int(json.loads(line)["alert_id"]))
        for path in files
        for line in path.read_text().splitlines()
    )
    assert set(saved) == output.matched() and set(saved.values()) == {1}
    assert len(files) > 3


def _wait_for_more(directory: Path, patience: float = 15.0) -> None:
    """Until a file appears, or for as long as a listener would take to have heard all there is."""
    before = len(list(directory.glob("*/[0-9]*")))
    deadline = time.monotonic() + patience
    while len(list(directory.glob("*/[0-9]*"))) == before and time.monotonic() < deadline:
        time.sleep(0.02)
