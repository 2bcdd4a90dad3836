import json
import socket

import pytest

from jobs.cli.services import main
from jobs.services.process import alive, free_port

pytestmark = pytest.mark.kafka


def connects(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_up_gives_a_broker_that_answers_and_down_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STRIX_SERVICES", str(tmp_path / "services"))
    port = free_port()
    assert main(["up", "kafka", "--port", str(port)]) == 0
    content = json.loads((tmp_path / "services" / "kafka" / "service.json").read_text())
    (pid,) = map(int, content["pids"])
    assert connects(f"127.0.0.1:{port}")
    assert main(["up", "kafka"]) == 0, "a second up must be no second broker"
    assert list(json.loads((tmp_path / "services" / "kafka" / "service.json").read_text())["pids"]) == [str(pid)]
    assert main(["up", "kafka", "--port", "1"]) == 3
    assert main(["down"]) == 0
    assert not alive(pid)
    assert not connects(f"127.0.0.1:{port}")
    assert list((tmp_path / "services").iterdir()) == []
    capsys.readouterr()
    assert main(["list"]) == 0
    assert "no service runs" in capsys.readouterr().out


def test_an_unknown_service_is_named_with_those_that_exist(capsys):
    assert main(["up", "hbose"]) == 2
    assert "hbose" in (said := capsys.readouterr().err) and "kafka" in said
