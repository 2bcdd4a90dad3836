"""Topics by command, and packets fed into them."""

import io
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from jobs.cli.replay import main as replay
from jobs.cli.services import main as services
from jobs.services.kafka import KafkaBroker
from jobs.services.process import free_port
from jobs.simulation import simulate

pytestmark = pytest.mark.kafka


def read_all(bootstrap: str, topic: str, partitions: int) -> list[Message]:
    """Every message of a topic, by a plain consumer."""
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "group.id": "x", "enable.partition.eof": True}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    found, ended = [], 0
    while ended < partitions:
        message = consumer.poll(10)
        assert message is not None
        if (error := message.error()) is not None:
            assert error.code() == KafkaError._PARTITION_EOF
            ended += 1
        else:
            found.append(message)
    consumer.close()
    return found


def test_a_topic_is_made_listed_and_removed(kafka: KafkaBroker, capsys: pytest.CaptureFixture[str]) -> None:
    def topic(*more: str) -> tuple[int, str]:
        code = services(["topic", *more, "--bootstrap", kafka.bootstrap])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert topic("st.one", "--partitions", "3", "--retention-days", "0.5") == (
        0,
        f"topic st.one at {kafka.bootstrap}: made, 3 partitions, kept 0.5 days\n",
    )
    code, said = topic("st.one", "--partitions", "3", "--retention-days", "0.5")
    assert code == 0 and "is there already" in said
    code, said = topic("st.one")
    assert code == 2 and "with 3 partitions, kept 0.5 days; wanted 1, kept 7 days" in said
    code, said = topic("--list")
    assert code == 0 and "st.one: 3 partitions, 0 offsets\n" in said
    code, said = topic("not a name")
    assert code == 2 and "'not a name' cannot be made" in said
    assert topic("st.one", "--delete")[0] == 0
    code, said = topic("st.one", "--delete")
    assert code == 2 and "no topic st.one" in said
    assert topic()[0] == topic("x", "--list")[0] == 2
    for wrong in ("0", "-1", "x", "nan"):
        with pytest.raises(SystemExit):
            topic("st.one", "--retention-days", wrong)
    assert services(["topic", "x", "--bootstrap", f"127.0.0.1:{free_port()}"]) == 3
    assert "does not answer" in capsys.readouterr().err


def test_replay_feeds_every_packet_once(kafka: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(tmp_path / "night", 40, 0, "containers", 25)
    (tmp_path / "night" / "z.avro").write_bytes(b"no packet")
    at = ["--bootstrap", kafka.bootstrap]
    options = [str(tmp_path / "night"), "--to-topic", "replayed", *at]
    assert replay([*options, "--rate", "0"]) == 2
    assert (
        "no topic replayed" in (said := capsys.readouterr().err) and "`strix services topic replayed` makes it" in said
    )
    assert services(["topic", "replayed", "--partitions", "2", *at]) == 0
    assert replay([*options, "--rate", "80"]) == 0
    said = capsys.readouterr()
    assert "40 packets sent to replayed" in said.out
    assert "1 that cannot be read" in said.err and "first unreadable: not_avro" in said.err
    found = read_all(kafka.bootstrap, "replayed", 2)
    ids = [next(iter(fastavro.reader(io.BytesIO(each.value() or b""))))["candid"] for each in found]  # type: ignore[index, call-overload]
    files = sorted((tmp_path / "night").glob("simulated*.avro"))
    assert sorted(ids) == sorted(row["candid"] for path in files for row in fastavro.reader(open(path, "rb")))  # type: ignore[index, call-overload]
    assert {each.key() for each in found} == {None}
    # 40 packets at 80/s: the last is sent 39/80 s after the first.
    times = [each.timestamp()[1] for each in found]
    assert 400 < max(times) - min(times) < 5000
    assert replay([*options, "--rate", "0", "--limit", "7"]) == 0
    assert "7 packets sent" in capsys.readouterr().out
    assert replay(["nowhere", "--to-topic", "replayed", *at]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_packet_that_the_broker_does_not_take_is_told(
    kafka: KafkaBroker, topics: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate(tmp_path / "night", 3, 0, "files")
    name = topics.make("small", max_message_bytes="2000")
    assert replay([str(tmp_path / "night"), "--to-topic", name, "--rate", "0", "--bootstrap", kafka.bootstrap]) == 1
    said = capsys.readouterr()
    assert "0 packets sent" in said.out
    assert "3 that the broker did not take" in said.err and "too large" in said.err
