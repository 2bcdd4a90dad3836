"""Listening: decoded without knowing the schema, taken up where it stopped, in files once each."""

import base64
import importlib
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
from jobs.common.counting import counted
from jobs.listen.listener import listen
from jobs.listen.starts import parse_time
from jobs.pipeline.sinks.kafka.message import SCHEMA_ID
from jobs.services.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.spark]


@pytest.fixture
def sent(kafka: KafkaBroker, output: Output) -> Output:
    """Both batches are sent."""
    sink = output.sink(kafka.bootstrap)
    for batch in output.batches:
        sink.write(batch)
    read_topics(kafka.bootstrap, output.topics)
    return output


def everything(output: Output) -> str:
    return f"^{output.settings.prefix}\\.ztf"


def test_a_listener_hears_what_any_consumer_reads(kafka: KafkaBroker, sent: Output) -> None:
    received = {
        (each.topic, each.partition, each.offset): each.record
        for each in listen(everything(sent), kafka.bootstrap, "earliest", to_end=True)
    }
    read = {each[:3]: each.record for each in read_topics(kafka.bootstrap, sent.topics)}
    assert received.keys() == read.keys() and len(read) > 60
    assert json.dumps([received[key] for key in sorted(read)], default=repr) == json.dumps(
        [read[key] for key in sorted(read)], default=repr
    )
    assert jobs.listen is listen


def test_a_listener_goes_on_where_it_stopped(kafka: KafkaBroker, sent: Output) -> None:
    received: list[tuple[str, int, int]] = []
    for _ in range(4):
        for number, each in enumerate(
            listen(everything(sent), kafka.bootstrap, to_end=True, group=sent.settings.prefix)
        ):
            # What is in hand when a listener stops was not received to its end: it comes again.
            if number == 13:
                break
            received.append((each.topic, each.partition, each.offset))
    for each in listen(everything(sent), kafka.bootstrap, to_end=True, group=sent.settings.prefix):
        received.append((each.topic, each.partition, each.offset))
    assert Counter(received) == Counter(each[:3] for each in read_topics(kafka.bootstrap, sent.topics))


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
    assert parse_time("99999999999d", now) == parse_time("1969-01-01", now) == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="7d"):
        parse_time("yesterday")


def strange(good: bytes) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values that are no match, in the order of FOREIGN."""
    return [
        (None, b""),
        (b"\xff\xfe", b"noise"),
        (None, b"\x00\x00\x00\x00\x07abc"),
        (b"key", good[:40]),
        (None, b"{no json"),
        (b"gone", None),
        (None, b'{"temperature": 271.5, "alert_id": "\\ud800"}'),
        (None, b"[1, 2]"),
        (None, b'{"a":' * 5000),
        (None, b"Obj\x01 a container"),
    ]


FOREIGN = (
    "begins with nothing",
    "begins with 6e 6f 69 73 65",
    "schema id 7 is not in the topic",
    f"does not fit schema {SCHEMA_ID}: its 40 bytes end within the record",
    "is no JSON",
    "no value (a tombstone)",
    "no match: wants survey, alert_id, object_id, found no such survey, object_id",
    "wants JSON or a zero byte and a schema id, begins with 5b 31",
    "is no JSON",
    "begins with 4f 62 6a 01",
)


@pytest.fixture
def mixed(kafka: KafkaBroker, sent: Output) -> str:
    """A topic of matches with strange messages behind them, one whose time is in microseconds, and a match at its end."""
    topic = sent.settings.topic("ztf", "all")
    good = read_topics(kafka.bootstrap, topic)[0].value
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for key, value in strange(good):
        producer.produce(topic, key=key, value=value, partition=0, timestamp=1_785_000_000_000_000)
    producer.produce(topic, value=good, partition=0)
    assert producer.flush(20) == 0
    return topic


def test_what_is_no_match_is_shown_as_foreign_and_ends_nothing(
    kafka: KafkaBroker, sent: Output, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([mixed, "--from", "earliest", "--to-end", "--bootstrap", kafka.bootstrap]) == 0
    said = capsys.readouterr()
    wanted = sum(1 for name, _ in sent.matched() if name == mixed) + 1
    assert f"{wanted + len(FOREIGN)} messages, {len(FOREIGN)} of them foreign" in said.err
    assert said.out.count("SIMULATED") == wanted
    shown = [line for line in said.out.splitlines() if "FOREIGN" in line]
    assert len(shown) == len(FOREIGN)
    assert [(why, line) for why, line in zip(FOREIGN, shown, strict=True) if why not in line] == []
    received = list(listen(mixed, kafka.bootstrap, "earliest", to_end=True))
    assert len(received) == wanted and all(each.foreign == "" for each in received)
    everything_ = list(listen(mixed, kafka.bootstrap, "earliest", to_end=True, foreign=True))
    assert len(everything_) == wanted + len(FOREIGN)
    assert [each.sent_at for each in everything_ if each.foreign] == [None] * len(FOREIGN)


@pytest.mark.parametrize("format_", ["parquet", "avro", "json"])
def test_what_is_no_match_is_saved_beside_the_matches(
    format_: str, kafka: KafkaBroker, sent: Output, mixed: str, tmp_path: Path
) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    partial = {"survey": "ztf", "alert_id": "5", "object_id": "ZTF18aaaaaaa", "mjd": 61000.5}
    producer.produce(mixed, value=json.dumps(partial), partition=0)
    assert producer.flush(20) == 0
    options = ["--to-end", "--format", format_, "--save", str(tmp_path), "--bootstrap", kafka.bootstrap]
    for _ in range(2):
        assert main([mixed, *options]) == 0
    lines = [line for path in (tmp_path / mixed).glob("*.foreign.jsonl") for line in path.read_text().splitlines()]
    foreign = sorted((json.loads(line) for line in lines), key=lambda line: line["offset"])
    # What claims to be a match and is a part of one fits JSON, and no schema.
    reasons = FOREIGN if format_ == "json" else (*FOREIGN, "does not fit the schema of matches")
    assert len(foreign) == len(reasons)
    assert [
        (why, line["foreign"]) for why, line in zip(reasons, foreign, strict=True) if why not in line["foreign"]
    ] == []
    assert foreign[3]["foreign"] == FOREIGN[3]  # the whole of it: no address, no line of fastavro's
    good = read_topics(kafka.bootstrap, mixed)[0].value
    for line, (key, value) in zip(foreign, strange(good), strict=False):
        raw = line["value"].encode() if line.get("value") is not None else line.get("value_base64")
        assert (base64.b64decode(raw) if isinstance(raw, str) else raw) == value
        assert line["key"] == (None if key is None else key.decode("utf-8", "backslashreplace"))
    wanted = [id_ for name, id_ in sent.matched() if name == mixed]
    ids = [*wanted, read_topics(kafka.bootstrap, mixed)[0].record["alert_id"], *([5] if format_ == "json" else [])]
    assert sorted(saved_ids(tmp_path / mixed, format_)) == sorted(ids)


def saved_ids(directory: Path, format_: str) -> list[int]:
    """Ids of the matches in a folder's files, by plain readers."""
    found: list[int] = []
    for path in directory.glob(f"[0-9]*.{format_}"):
        if format_ == "parquet":
            found += pq.ParquetFile(path).read(["alert_id"])["alert_id"].to_pylist()
        elif format_ == "avro":
            found += [int(row["alert_id"]) for row in fastavro.reader(open(path, "rb"))]  # type: ignore[index, call-overload]
        else:
            found += [int(json.loads(line)["alert_id"]) for line in path.read_text().splitlines()]
    return found


def test_each_message_is_saved_once_whatever_options_are_repeated(
    kafka: KafkaBroker, sent: Output, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    topic = sent.settings.topic("ztf", "all")
    places = [each[1:3] for each in read_topics(kafka.bootstrap, topic) if each.topic == topic]
    options = [topic, "--to-end", "--save", str(tmp_path), "--bootstrap", kafka.bootstrap, "--per-file", "4"]

    def get(*more: str) -> str:
        assert main([*options, *more]) == 0
        return capsys.readouterr().err

    assert "--from" not in get("--from", "earliest", "--format", "json", "--limit", "5")
    assert "--from earliest is for what" in get("--from", "earliest", "--limit", "12")
    assert "--from 1h is for what" in get("--from", "1h", "--format", "avro", "--limit", "3")
    get("--from", "latest", "--group", "another", "--format", "json")
    get()
    saved = [saved_ids(tmp_path / topic, format_) for format_ in ("json", "parquet", "avro")]
    ids = sorted(id_ for part in saved for id_ in part)
    assert ids == sorted(id_ for name, id_ in sent.matched() if name == topic)
    # A file that is gone is what --again brings back, and nothing else.
    gone = sorted((tmp_path / topic).glob("*.avro"))[0]
    lost = len(list(fastavro.reader(open(gone, "rb"))))
    gone.unlink()
    assert f"{0} messages" in get("--from", "earliest")
    assert f"{counted(lost, 'message')}; {len(places) - lost} were saved before" in get("--from", "earliest", "--again")
    saved = [saved_ids(tmp_path / topic, format_) for format_ in ("json", "parquet", "avro")]
    assert sorted(id_ for part in saved for id_ in part) == ids


def test_another_topic_of_the_name_is_not_taken_for_what_was_saved(
    kafka: KafkaBroker, sent: Output, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    topic, value = sent.settings.topic("ztf", "again"), read_topics(kafka.bootstrap, sent.topics)[0].value
    options = [topic, "--to-end", "--save", str(tmp_path), "--bootstrap", kafka.bootstrap]
    for wanted in (0, 2):
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
        producer = Producer({"bootstrap.servers": kafka.bootstrap})
        producer.produce(topic, value=value)
        assert producer.flush(20) == 0
        assert main([*options]) == wanted
        if not wanted:
            admin.delete_topics([topic])[topic].result(20)
            time.sleep(0.5)
    assert "another topic" in capsys.readouterr().err
    assert len(saved_ids(tmp_path / topic, "parquet")) == 1


def test_a_new_topic_of_a_pattern_and_a_new_partition_are_heard(
    kafka: KafkaBroker, sent: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By its own name: `jobs.listen` is the function.
    monkeypatch.setattr(importlib.import_module("jobs.listen.listener"), "_LOOK_S", 0.2)
    value = read_topics(kafka.bootstrap, sent.topics)[0].value
    received = listen(everything(sent), kafka.bootstrap, "latest")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    new = sent.settings.topic("ztf", "new")
    admin.create_topics([NewTopic(new, 1, 1)])[new].result(20)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(new, value=value)
    producer.flush(20)
    assert next(received).topic == new
    received.close()


def test_a_topic_that_is_not_there_is_waited_for(kafka: KafkaBroker, sent: Output, tmp_path: Path) -> None:
    value = read_topics(kafka.bootstrap, sent.topics)[0].value
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    prefix = f"{sent.settings.prefix}w"
    wanted = [f"^{prefix}\\.ztf\\.", f"{prefix}.plain"]
    command = [sys.executable, "-m", "jobs.cli.main", "listen", *wanted, "--bootstrap", kafka.bootstrap]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    listener = subprocess.Popen(
        [*command, "--limit", "2", "--from", "latest", "--format", "json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert listener.stderr is not None
    said = listener.stderr.readline()
    assert f"topic {', '.join(wanted)} does not exist, waiting for it (topics here:" in said
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for topic in (f"{prefix}.ztf.late", f"{prefix}.plain"):
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
        producer.produce(topic, value=value)
        assert producer.flush(20) == 0
    out, err = listener.communicate(timeout=60)
    # Their schema is in no topic of these prefixes: foreign, and yet received from the first record.
    assert {json.loads(line)["topic"] for line in out.splitlines()} == {f"{prefix}.ztf.late", f"{prefix}.plain"}
    assert "2 messages" in err and listener.returncode == 0


def test_no_topic_and_what_cannot_be_are_said(kafka: KafkaBroker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nobody.has.this", "--to-end", "--bootstrap", kafka.bootstrap]) == 2
    assert "topic nobody.has.this does not exist (topics here:" in capsys.readouterr().err
    assert main(["^(", "--bootstrap", kafka.bootstrap]) == 2
    assert "is no pattern" in capsys.readouterr().err
    assert main(["x", "--format", "parquet", "--bootstrap", kafka.bootstrap]) == 2
    assert "--save" in capsys.readouterr().err
    assert main(["x", "--again", "--bootstrap", kafka.bootstrap]) == 2
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
    sink.write(output.batches[0])
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
    sink.write(output.batches[0])
    for kill in range(3):
        listener = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
        _wait_for_more(tmp_path / "saved")
        listener.kill()
        listener.wait()
        if kill == 0:
            sink.write(output.batches[1])
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
    """Until a file appears, or for as long as a listener would take to have received all there is."""
    before = len(list(directory.glob("*/[0-9]*")))
    deadline = time.monotonic() + patience
    while len(list(directory.glob("*/[0-9]*"))) == before and time.monotonic() < deadline:
        time.sleep(0.02)
