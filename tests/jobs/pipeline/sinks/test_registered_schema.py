"""Where there is a schema registry, messages carry its id, and listeners find the schema there and in the topic."""

import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from sending import Output
from topic_reader import read_topics

from jobs.listen.listener import listen
from jobs.packets.problems import ServiceUnavailable
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.sinks.kafka.message import schema_json
from jobs.services.kafka import KafkaBroker

pytestmark = [pytest.mark.kafka, pytest.mark.spark]
ID = 4242


class Served(ThreadingHTTPServer):
    """A registry that gives every schema the same id."""

    def __init__(self) -> None:
        self.subjects: dict[str, str] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Served

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.subjects[self.path.split("/")[2]] = content["schema"]
        self._answer({"id": ID})

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer({"schema": next(iter(self.server.subjects.values()))})

    def _answer(self, content: dict[str, object]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.shutdown()
    server.server_close()


def test_messages_carry_the_registrys_id(
    kafka: KafkaBroker, output: Output, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIX_CACHE", str(tmp_path / "cache"))
    registry = Registry.of({"url": served.url}, tmp_path / "cache")
    own = dataclasses.replace(output, settings=dataclasses.replace(output.settings, registry=registry))
    own.sink(kafka.bootstrap).write(own.batches[0])
    read = read_topics(kafka.bootstrap, own.topics)
    assert {each.value[:5] for each in read} == {b"\x00" + ID.to_bytes(4, "big")}
    assert set(served.subjects) == {f"{topic}-value" for topic, _ in own.matched()}
    assert set(served.subjects.values()) == {schema_json()}
    received = list(listen(f"^{own.settings.prefix}\\.ztf", kafka.bootstrap, "earliest", to_end=True))
    assert len(received) == len(read) and served.asked == []
    # Without the topic of schemas the registry is asked, once.
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.delete_topics([own.settings.schemas])[own.settings.schemas].result(20)
    again = list(
        listen(f"^{own.settings.prefix}\\.ztf", kafka.bootstrap, "earliest", to_end=True, registry={"url": served.url})
    )
    assert sorted(each["alert_id"] for each in again) == sorted(each["alert_id"] for each in received)
    assert served.asked == [f"/schemas/ids/{ID}"]


def test_a_registry_that_is_away_holds_the_batch(kafka: KafkaBroker, output: Output, tmp_path: Path) -> None:
    registry = Registry.of({"url": "http://127.0.0.1:9"}, tmp_path)
    own = dataclasses.replace(output, settings=dataclasses.replace(output.settings, registry=registry))
    with pytest.raises(ServiceUnavailable, match="did not register"):
        own.sink(kafka.bootstrap).write(own.batches[0])
    assert read_topics(kafka.bootstrap, own.topics) == []
