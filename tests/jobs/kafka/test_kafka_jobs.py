"""Whole jobs over topics: the same tables as from files, every offset in the ledger."""

import io
import json
import threading
import time

import fastavro
import pyarrow.dataset as ds
import pytest
from confluent_kafka import Producer, TopicPartition

from jobs.audit.check import check_ledger
from jobs.cli import run as cli
from jobs.cli.stream import main as stream
from jobs.common import faults
from jobs.common.job import job_of
from jobs.config import load
from jobs.launcher.run import run_job
from jobs.packets.problems import ServiceUnavailable
from jobs.services.kafka import start_kafka
from jobs.services.process import free_port

pytestmark = [pytest.mark.kafka, pytest.mark.spark]


def gaps(ran):
    return [str(gap) for gap in check_ledger(ran.layout).gaps]


class Died(BaseException):
    """Stands for SIGKILL at a named point: nothing behind it runs."""


def die_at(monkeypatch, *points):
    left = list(points)

    def point(name, batch):
        if left and left[0] == (name, batch):
            left.pop(0)
            raise Died(name)

    monkeypatch.setattr(faults, "point", point)


@pytest.fixture(scope="session")
def from_files(packets, spark, tmp_path_factory):
    """The science table of the same packets read from files."""
    scratch = tmp_path_factory.mktemp("from_files")
    (scratch / "in").mkdir()
    for number, packet in enumerate(packets):
        (scratch / "in" / f"{number:03d}.avro").write_bytes(packet)
    keys = {"input": [str(scratch / "in")], "output": str(scratch / "out"), "modules": "stetson_k", "settle_s": 0}
    run_job("night", load(None, keys), spark)

    return ds.dataset(scratch / "out" / "science").to_table().drop_columns("provenance").sort_by("alert_id")


def test_a_stream_that_dies_twice_leaves_the_tables_that_files_give_and_a_ledger_that_balances(
    run, topics, packets, from_files, monkeypatch
):
    listed, nightly = topics.make(topics.name("listed_"), 3), topics.make(topics.name("ztf_20240210_b"))
    topics.write(listed, packets[:40], partitions=3)
    topics.write(nightly, packets[40:])
    die_at(monkeypatch, ("after_stage", 1), ("after_seal", 2))
    for _ in range(2):
        with pytest.raises(Died):
            run(listed, "^ztf_.*_b", max_alerts_per_batch=16)
    ran = run(listed, "^ztf_.*_b", max_alerts_per_batch=16)
    assert [each.batch for each in ran.records] == [0, 1, 2, 3]
    assert gaps(ran) == []
    assert sum(each.records for record in ran.records for each in record.tallies) == len(packets)
    assert ran.table().equals(from_files)
    origins = ran.layout.table("raw")

    rows = ds.dataset(origins).to_table(["provenance"])["provenance"].to_pylist()
    places = {(each["topic"], each["partition"], each["offset"]) for each in rows}
    assert len(places) == len(packets) and {each[0] for each in places} == {listed, nightly}
    assert all(each["timestamp"] is not None and each["file"] is None for each in rows)
    again = run(listed, "^ztf_.*_b")
    assert again.outcome.status.batches == 0, "nothing is read twice"


def test_control_records_duplicates_bad_packets_and_lost_offsets_are_each_told_apart_and_only_loss_fails(
    run, topics, packets, capsys
):
    topic = topics.make(topics.name())
    producer = Producer({"bootstrap.servers": topics.bootstrap, "transactional.id": topic})
    producer.init_transactions()
    for number in range(3):
        producer.begin_transaction()
        for value in [packets[number], packets[0], b"rubbish", b""]:
            producer.produce(topic, value)
        producer.produce(topic, None)
        producer.commit_transaction()
    both = io.BytesIO()
    fastavro.writer(both, *_contents(packets[10:12]))
    empty = io.BytesIO()
    fastavro.writer(empty, _contents(packets[10:11])[0], [])
    topics.write(topic, [both.getvalue(), empty.getvalue()])
    first = run(topic)
    (tally,) = first.records[0].tallies
    assert (tally.records, tally.packets, tally.control, tally.lost) == (17, 18, 3, 0)
    assert first.outcome.status.read == 18
    assert (first.outcome.status.duplicates, first.outcome.status.quarantined) == (3, 10)
    assert gaps(first) == []
    topics.write(topic, packets[20:30])
    topics._wait(topics.admin.delete_records([TopicPartition(topic, 0, 24)]))
    second = run(topic)
    (gap,) = gaps(second)
    assert f"{topic}/0: offsets 20 to 23 are lost (4 records)" in gap
    assert second.table().num_rows == 3 + 2 + 6
    capsys.readouterr()
    assert stream(["status", str(second.layout.root), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert sum(told["lost_in_ledger"].values()) == 4 and told["kafka"]["lag"] == 0


def _contents(values):
    readers = [fastavro.reader(io.BytesIO(value)) for value in values]
    return readers[0].writer_schema, [record for reader in readers for record in reader]


def test_offsets_that_do_not_add_up_or_that_no_batch_planned_fail_the_check_unless_a_reset_says_so(
    run, topics, packets, kafka
):
    topic = topics.make(topics.name())
    topics.write(topic, packets[:6])
    ran = run(topic, max_alerts_per_batch=3)
    assert gaps(ran) == []
    path = next(ran.layout.ledger.glob("*/000000000.json"))
    sound = path.read_text()
    for key, told in [("control", "planned offsets"), ("records", "planned offsets"), ("packets", "packets read")]:
        content = json.loads(sound)
        content["tallies"][0][key] = 7
        path.write_text(json.dumps(content))
        assert any(told in gap for gap in gaps(ran)), (key, gaps(ran))
    path.write_text(sound)
    path = next(ran.layout.ledger.glob("*/positions.json"))
    content = json.loads(path.read_text())
    content["moves"][0]["offset"] = 1
    path.write_text(json.dumps(content))
    assert any("begins at offset 0, the one before ended at 1" in gap for gap in gaps(ran))
    content["moves"][0]["offset"] = 0
    path.write_text(json.dumps(content))
    root = str(ran.layout.root)
    assert stream(["reset", root, "--to", f"{topic}:0=2", "--kafka", f"bootstrap={kafka.bootstrap}"]) == 0
    topics.write(topic, packets[6:8])
    again = run(topic)
    assert (again.outcome.status.read, again.outcome.status.duplicates) == (6, 4)
    assert gaps(again) == []


def test_a_broker_that_is_away_for_ten_seconds_in_mid_batch_is_waited_for_and_nothing_is_lost_or_half_read(
    spark, topics, packets, from_files, tmp_path, monkeypatch
):
    own = start_kafka(tmp_path / "broker")
    brokers = [own]
    mine = type(topics)(own.bootstrap)
    try:
        topic = mine.make("away", 2)
        mine.write(topic, packets, partitions=2)
        status = tmp_path / "out" / "status.json"
        seen = []

        def back():
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                content = json.loads(status.read_text())
                seen.append((content["state"], content["last_error"]))
                time.sleep(0.2)
            brokers.append(own.start_again())

        def point(name, batch):
            if (name, batch) == ("after_plan", 1) and len(brokers) == 1 and not seen:
                own.stop()
                seen.append(("stopped by the test", None))
                threading.Thread(target=back).start()

        monkeypatch.setattr(faults, "point", point)
        monkeypatch.setattr("jobs.kafka.cluster.TIMEOUT_S", 2.0)
        keys = {"kafka": {"bootstrap": own.bootstrap}, "topics": [topic], "modules": "stetson_k"}
        config = load(None, {**keys, "output": str(tmp_path / "out"), "max_alerts_per_batch": 25, "patience_s": 90})
        outcome = run_job("night", config, spark)
        waited = [error for state, error in seen if state == "waiting"]
        assert waited and "does not answer" in waited[0]["message"]
        assert outcome.status.read == len(packets)
        assert [str(gap) for gap in check_ledger(outcome.layout).gaps] == []

        table = ds.dataset(tmp_path / "out" / "science").to_table().drop_columns("provenance").sort_by("alert_id")
        assert table.equals(from_files)
    finally:
        brokers[-1].stop()


def test_available_now_gives_up_on_a_dead_broker_with_exit_code_3_and_says_so(spark, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("jobs.kafka.cluster.TIMEOUT_S", 0.5)
    monkeypatch.setattr(cli, "run_job", lambda job, config: run_job(job, config, spark))
    bootstrap = f"127.0.0.1:{free_port()}"
    arguments = ["--output", str(tmp_path / "out"), "--modules", "stetson_k", "--topics", "t", "--patience-s", "1"]
    assert cli.main(job_of("night"), [*arguments, "--kafka", f"bootstrap={bootstrap}"]) == 3
    assert f"Kafka at {bootstrap} does not answer" in capsys.readouterr().err
    status = json.loads((tmp_path / "out" / "status.json").read_text())
    assert status["state"] == "failed" and bootstrap in status["last_error"]["message"]
    assert not list((tmp_path / "out").rglob("*.plan.json"))
    with pytest.raises(ServiceUnavailable, match="patience_s is 0"):
        keys = {"kafka": {"bootstrap": bootstrap}, "topics": ["t"], "modules": "stetson_k", "patience_s": 0}
        run_job("night", load(None, {**keys, "output": str(tmp_path / "other")}), spark)


def test_a_pattern_that_matches_nothing_says_so_and_what_there_is(topics, run):  # type: ignore[no-untyped-def]
    there = topics.make(topics.name())
    ran = run("^nothing_is_called_this")
    assert ran.records == []
    log = (ran.layout.root / "_logs" / "night.log").read_text()
    assert log.count(" WARNING night: no topic at ") == 1
    told = log.split("matches '^nothing_is_called_this' yet; the topics are ")[1]
    assert there in told.split("\n")[0].split(", ")
