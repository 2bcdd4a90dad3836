"""A job as a service: SCRAM, its secret, what Prometheus and Spark's pages see of it, SIGTERM."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import psutil
import pytest
import yaml

from jobs.audit.check import check_ledger
from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import Connection
from jobs.ledger.streams import records
from jobs.packets.problems import AccessDenied
from jobs.services.process import free_port
from jobs.storage.layout import Layout

pytestmark = [pytest.mark.kafka, pytest.mark.spark]
SECRET = "tr0ub4dor-and-three"
START_TIMEOUT_S = 150


def until(condition, process):
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (found := condition()):
        assert process.poll() is None, process.stderr.read().decode()[-2000:]
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)
    return found


def status(root):
    try:
        return json.loads((root / "status.json").read_text())
    except FileNotFoundError:
        return {"state": "", "read": 0}


def page(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def spark_pages(port):
    """What Spark's user interface shows of a job."""
    api = f"http://localhost:{port}/api/v1/applications"
    name = json.loads(page(api))[0]["id"]
    paths = ["environment/", "jobs/", "stages/", "SQL/", "executors/"]
    calls = ["environment", "sql?details=true", "jobs", "stages", "allexecutors"]
    pages = [page(f"http://localhost:{port}/{path}") for path in paths]
    return b"".join([*pages, *(page(f"{api}/{name}/{call}") for call in calls)])


def command_lines(process):
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    lines = []
    for each in family:
        with suppress(psutil.NoSuchProcess):  # a zombie has none
            lines.append(" ".join(each.cmdline()))
    return "\n".join(lines).encode()


def everything_below(*directories):
    return {path: path.read_bytes() for each in directories for path in each.rglob("*") if path.is_file()}


def test_a_scram_secret_is_seen_nowhere_and_sigterm_finishes_the_batch_in_hand(
    kafka, topics, packets, tmp_path, monkeypatch
):
    kafka.add_user("strix-reader", SECRET)
    topic = topics.make(topics.name(), 2)
    topics.write(topic, packets[:10], partitions=2)
    out, events, scratch = (tmp_path / name for name in ("out", "events", "scratch"))
    for directory in (events, scratch):
        directory.mkdir()
    ui, metrics = free_port(), free_port()
    scram = {"protocol": "SASL_PLAINTEXT", "mechanism": "SCRAM-SHA-512", "username": "strix-reader"}
    spark = {"spark.ui.enabled": "true", "spark.ui.port": str(ui), "spark.eventLog.enabled": "true"}
    spark |= {"spark.eventLog.dir": events.as_uri(), "spark.eventLog.compress": "false"}
    config = {
        "output": str(out),
        "modules": ["stetson_k"],
        "topics": [topic],
        "trigger": "continuous",
        "interval_s": 0.2,
        "metrics_port": metrics,
        "kafka": {"bootstrap": kafka.scram, **scram, "password_env": "STRIX_TEST_PASSWORD"},
        "spark": spark,
    }
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--config", str(tmp_path / "job.yaml")]
    environment = {**os.environ, "STRIX_TEST_PASSWORD": SECRET, "TMPDIR": str(scratch)}
    environment["SPARK_LOCAL_DIRS"] = str(scratch)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: status(out)["state"] == "idle" and status(out)["read"] == 10, process)
        shown = spark_pages(ui) + command_lines(process)
        told = page(f"http://localhost:{metrics}/metrics").decode()
        (ledger,) = (out / "ledger").glob("stream=*")
        topics.write(topic, packets[10:], partitions=2)
        until((ledger / "000000001.plan.json").exists, process)
        process.send_signal(signal.SIGTERM)
        said = b"".join(process.communicate(timeout=START_TIMEOUT_S))
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    left = everything_below(out, events, scratch)
    assert b"strix night" in shown and b"SparkListenerJobEnd" in b"".join(left.values())
    assert topic.encode() in b"".join(left.values())
    assert SECRET.encode() not in shown + said + told.encode()
    assert [path for path, content in left.items() if SECRET.encode() in content] == []
    sealed = list(records(Layout(out)))
    assert [each.state for each in sealed] == ["closed"] * len(sealed)
    assert len(sealed) >= 2 and not (ledger / f"{len(sealed):09d}.plan.json").exists()
    assert check_ledger(Layout(out)).gaps == []
    assert status(out)["state"] == "stopped"
    assert_metrics(told, topic)


def assert_metrics(told, topic):
    numbers = dict(line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    assert float(numbers["strix_read_total"]) == 10
    assert float(numbers['strix_state{state="idle"}']) == 1
    lags = [float(numbers[f'strix_kafka_lag{{partition="{number}",topic="{topic}"}}']) for number in range(2)]
    positions = [float(numbers[f'strix_kafka_position{{partition="{number}",topic="{topic}"}}']) for number in range(2)]
    assert (lags, positions) == ([0, 0], [5, 5])
    assert float(numbers["strix_newest_alert_age_seconds"]) > 0
    assert float(numbers["strix_lost_total"]) == 0


def test_a_wrong_password_is_refused_at_once_and_not_repeated(kafka, topics, monkeypatch):
    kafka.add_user("strix-wrong", "right")
    monkeypatch.setenv("STRIX_TEST_PASSWORD", SECRET)
    monkeypatch.setattr("jobs.kafka.cluster.TIMEOUT_S", 2.0)
    scram = {"protocol": "SASL_PLAINTEXT", "mechanism": "SCRAM-SHA-512", "username": "strix-wrong"}
    mapping = {"bootstrap": kafka.scram, **scram, "password_env": "STRIX_TEST_PASSWORD"}
    with pytest.raises(AccessDenied, match="refuses us") as refused:
        Cluster(Connection.of(mapping)).snapshot(["^.*"])
    assert SECRET not in str(refused.value)
