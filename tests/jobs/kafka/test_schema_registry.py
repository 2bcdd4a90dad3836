"""Writer schemas from a registry: kept on disk, asked for politely, and unknown, never a crash, where it is down."""

import base64
import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fastavro
import pytest

from jobs.audit.check import check_ledger
from jobs.kafka.secrets import SettingsError
from jobs.packets.messages import Message
from jobs.pipeline.decode import registry
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.registry import Registry, SchemaPlaces
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.services.process import free_port

SCHEMA_ID = 4711


class Served:
    """A registry on a port of this machine; `answers` by path, `asked` is what came."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.answers, self.asked, self.headers = {}, [], []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                served.asked.append(self.path)
                served.headers.append(dict(self.headers))
                status, body = served.answers.get(self.path, (404, b'{"error_code": 40403}'))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def know(self, schema_id, schema):
        self.answers[f"/schemas/ids/{schema_id}"] = (200, json.dumps({"schema": json.dumps(schema)}).encode())

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def served():
    server = Served()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    monkeypatch.setattr(registry, "_REMEMBERED", {})


def asking(served, tmp_path, **more):
    return Registry.of({"url": f"http://127.0.0.1:{served.port}", **more}, tmp_path)


def wire(packet):
    """A packet's datum in wire format, and its writer schema."""
    reader = fastavro.reader(io.BytesIO(packet))
    datum = io.BytesIO()
    fastavro.schemaless_writer(datum, reader.writer_schema, next(iter(reader)))
    return b"\0" + SCHEMA_ID.to_bytes(4, "big") + datum.getvalue(), reader.writer_schema


def test_a_schema_is_asked_for_once_and_lives_on_when_the_registry_is_gone(tmp_path):
    served = Served()
    served.know(7, {"type": "string"})
    asked = asking(served, tmp_path)
    assert json.loads(asked(7).read_text()) == {"type": "string"}
    served.stop()
    assert json.loads(asked(7).read_text()) == {"type": "string"}
    assert served.asked == ["/schemas/ids/7"]


def test_an_unknown_id_is_not_asked_for_again_at_once_and_is_found_later(served, tmp_path, monkeypatch):
    asked = asking(served, tmp_path)
    for _ in range(3):
        with pytest.raises(Fault, match="answers 404"):
            asked(7)
    assert len(served.asked) == 1
    served.know(7, {"type": "string"})
    monkeypatch.setattr(registry, "AGAIN_S", 0.0)
    registry._REMEMBERED.clear()
    assert asked(7).exists()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, b"<html>"), "no schema"),
        ((200, b"[]"), "no schema"),
        ((200, b'{"schema": "{"}'), "no schema"),
        ((200, b'{"schemaType": "PROTOBUF", "schema": "{}"}'), "PROTOBUF"),
        ((200, b'{"schema": "{}", "references": [{"name": "a"}]}'), "references"),
        ((503, b"down"), "503"),
        ((302, b'{"schema": "\\"string\\""}'), "302"),
        ((200, b""), "no schema"),
        ((200, b"\xff\xfe\x00"), "no schema"),
        ((200, b"[" * 900_000), "RecursionError"),
        ((200, b'{"schema": "' + b"[" * 400_000 + b'"}'), "no schema"),
        ((200, b'{"schema": {"type": "string"}}'), "wants a schema in a string, found a dict"),
        ((200, b'{"schema": 7}'), "found a int"),
        ((200, b'{"schema": null}'), "found a NoneType"),
        ((200, b'{"schema": "7"}'), "no schema"),
        ((200, b'{"schema": "{\\"type\\": \\"record\\", \\"name\\": [7], \\"fields\\": {}}"}'), "no schema"),
        ((200, b'{"schema": "\\"\\ud800\\""}'), "UnicodeEncodeError"),
        ((200, b'{"schema": "\\"string\\"", "schemaType": [1]}'), "of type"),
        ((200, b'{"schema": "' + b" " * 600_000 + b'\\"string\\""}'), "at most 524288"),
        ((200, b'{"schema": "' + b" " * 3_000_000 + b'\\"string\\""}'), "no schema"),
        ((200, b'{"schema": "{\\"type\\": \\"array\\", \\"items\\": \\"null\\"}"}'), "at least one byte"),
    ],
)
def test_an_answer_that_is_no_schema_is_an_unknown_schema(served, tmp_path, answer, told):
    served.answers["/schemas/ids/7"] = answer
    with pytest.raises(Fault, match=told) as fault:
        asking(served, tmp_path)(7)
    assert fault.value.reason == "unknown_schema"
    assert not list(tmp_path.rglob("*.avsc"))  # what is kept is never asked for again


class Dripping:
    """A server that says something, and then goes on with a byte now and then."""

    def __init__(self, says: bytes, drop: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, args=(says, drop), daemon=True).start()

    def _serve(self, says: bytes, drop: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with contextlib.suppress(OSError), connection:
                    connection.recv(10_000)
                    connection.sendall(says)
                    while drop:
                        time.sleep(0.05)
                        connection.sendall(drop)

    def stop(self) -> None:
        self.socket.close()


@pytest.mark.parametrize(
    ("says", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.0 200 OK\r\n", b"x: y\r\n"),
        (b"HTTP/1.0 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[", b""),
        (b"HTTP/1.1 99999999999 OK\r\n\r\n", b""),
        (b"\xff\xff\xff\r\n\r\n", b""),
    ],
)
def test_an_answer_without_an_end_or_sense_is_given_up_in_time(says, drop, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "ANSWER_S", 0.5)
    server = Dripping(says, drop)
    started = time.monotonic()
    with pytest.raises(Fault) as fault:
        Registry.of({"url": f"http://127.0.0.1:{server.port}"}, tmp_path)(7)
    server.stop()
    assert fault.value.reason == "unknown_schema"
    assert time.monotonic() - started < 5
    assert not list(tmp_path.rglob("*.avsc"))


def test_what_is_remembered_of_ids_that_nobody_knows_is_bounded(served, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MOST_REMEMBERED", 5)
    asked = asking(served, tmp_path)
    for number in range(12):
        with pytest.raises(Fault, match="answers 404"):
            asked(number)
        assert len(registry._REMEMBERED) <= 5


def test_a_registry_that_is_down_or_a_cache_that_cannot_be_written_is_an_unknown_schema(served, tmp_path):
    with pytest.raises(Fault, match="does not answer"):
        Registry.of({"url": f"http://127.0.0.1:{free_port()}"}, tmp_path)(7)
    served.know(7, {"type": "string"})
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="STRIX_CACHE"):
        asking(served, tmp_path / "file")(7)


def test_a_password_goes_to_the_registry_and_nowhere_else(served, tmp_path, monkeypatch):
    monkeypatch.setenv("STRIX_TEST_WORD", "sesame")
    served.know(7, {"type": "string"})
    asked = asking(served, tmp_path, username="u", password_env="STRIX_TEST_WORD", insecure="true")
    asked(7)
    assert base64.b64decode(served.headers[0]["Authorization"].split()[1]) == b"u:sesame"
    assert "sesame" not in repr(asked)
    for wrong in ({"password": "sesame"}, {"url": "http://u:sesame@host"}, {"uri": "http://host"}):
        with pytest.raises(SettingsError) as refused:
            Registry.of({"url": "http://host", **wrong}, tmp_path)
        assert "sesame" not in str(refused.value)


def test_a_password_goes_over_https_alone_unless_told(tmp_path):
    secret = {"username": "u", "password_env": "STRIX_TEST_WORD"}
    for url in ("http://registry.example:8081", "http://127.0.0.1:8081", "HTTP://registry.example"):
        with pytest.raises(SettingsError, match=r"plain http.*wants https, or insecure: true"):
            Registry.of({"url": url, **secret}, tmp_path)
        with pytest.raises(SettingsError, match="it can be true or false"):
            Registry.of({"url": url, **secret, "insecure": "1"}, tmp_path)
        assert Registry.of({"url": url, **secret, "insecure": "True"}, tmp_path).password is not None
        assert Registry.of({"url": url}, tmp_path).password is None
    assert Registry.of({"url": "https://registry.example", **secret}, tmp_path).password is not None


def test_the_directory_comes_before_the_registry(served, tmp_path, packets):
    message, schema = wire(packets[0])
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / f"{SCHEMA_ID}.avsc").write_text(json.dumps(schema))
    served.know(SCHEMA_ID, schema)
    places = SchemaPlaces(str(tmp_path / "schemas"), asking(served, tmp_path))
    assert len(decoder(("ztf",), places).decode([Message(message)]).groups) == 1
    assert served.asked == []
    places = SchemaPlaces(str(tmp_path / "absent"), asking(served, tmp_path))
    assert len(decoder(("ztf",), places).decode([Message(message)]).groups) == 1
    assert served.asked == [f"/schemas/ids/{SCHEMA_ID}"]


@pytest.mark.kafka
@pytest.mark.spark
def test_wire_messages_of_an_unknown_schema_wait_in_quarantine_and_are_replayed_once_it_is_there(
    run, topics, packets, tmp_path, monkeypatch
):
    monkeypatch.setenv("STRIX_CACHE", str(tmp_path / "cache"))
    messages = [wire(packet) for packet in packets[:6]]
    topic = topics.make(topics.name())
    topics.write(topic, [message for message, _ in messages])
    port = free_port()
    url = {"url": f"http://127.0.0.1:{port}"}
    ran = run(topic, registry=url)
    (counts,) = [record.nights for record in ran.records]
    assert [each["quarantined"] for each in counts.values()] == [{"unknown_schema": 6}]
    assert check_ledger(ran.layout).gaps == []
    served = Served(port)
    served.know(SCHEMA_ID, messages[0][1])
    command = [sys.executable, "-m", "jobs.cli.main", "quarantine", "replay", str(ran.layout.root), "--all"]
    command += ["--registry", f"url={url['url']}", "--modules", "stetson_k"]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), timeout=200)
    served.stop()
    assert done.returncode == 0, done.stderr
    wanted = sorted(next(iter(fastavro.reader(io.BytesIO(packet))))["candid"] for packet in packets[:6])
    assert ran.table()["alert_id"].to_pylist() == wanted
    assert check_ledger(ran.layout).gaps == []
    assert set(served.asked) == {f"/schemas/ids/{SCHEMA_ID}"}
