"""A real HBase: one for the session, which faults are tried on, and one that `strix services` starts and stops."""

import gc
import json
import os
import re
import signal
import socket
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from hbase_client import connect

from jobs.cli.services import main
from jobs.common.java import EnvironmentProblem
from jobs.hbase.admin_gateway import java_gateway
from jobs.services.hbase import start_hbase, thrift_answers, usual_heap_mb
from jobs.services.hbase_java import class_path
from jobs.services.process import alive, free_port, kill, tail

pytestmark = pytest.mark.hbase


@pytest.fixture(scope="module")
def stars(hbase):
    """A table with a hundred rows, acknowledged."""
    with closing(connect(hbase)) as connection:
        connection.create_table("stars", {"s": {"max_versions": 1}})
        with connection.table("stars").batch() as batch:
            for number in range(100):
                batch.put(b"%03d" % number, {b"s:mjd": b"%d" % (60_000 + number)})
    return "stars"


def stored(server, table) -> int:
    """How many rows of `stars` are there as they were put."""
    with closing(connect(server)) as connection:
        rows = dict(connection.table(table).scan())
    return sum(rows.get(b"%03d" % number) == {b"s:mjd": b"%d" % (60_000 + number)} for number in range(100))


def ended(server) -> list[int]:
    return [pid for pid in (server.thrift_pid, server.master_pid) if not alive(pid)]


def test_what_was_put_is_got_and_tables_are_listed(hbase, stars):
    with closing(connect(hbase)) as connection:
        assert stars.encode() in connection.tables()
        assert connection.table(stars).row(b"042") == {b"s:mjd": b"60042"}
    assert stored(hbase, stars) == 100


def test_nobody_outside_this_machine_can_connect(hbase):
    hosts = {
        each.laddr.ip
        for pid in (hbase.master_pid, hbase.thrift_pid)
        for each in psutil.Process(pid).net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    }
    assert hosts <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"} and hosts


def test_all_that_it_writes_is_in_its_directory(hbase, stars):
    opened = [each.path for pid in (hbase.master_pid, hbase.thrift_pid) for each in psutil.Process(pid).open_files()]
    assert any("/WALs/" in path for path in opened)
    archives = Path(class_path().removesuffix("*")).resolve()
    elsewhere = [path for path in opened if not Path(path).is_relative_to(hbase.directory)]
    assert [path for path in elsewhere if not path.endswith((".jar", "/modules", ".so")) and "/jvm/" not in path] == []
    assert {Path(path).parent for path in elsewhere if path.endswith(".jar")} <= {archives}


def test_the_thrift_server_is_killed_and_starts_again(hbase, stars):
    dead = hbase.thrift_pid
    hbase.kill_thrift()
    assert not alive(dead) and not thrift_answers(hbase.thrift)
    hbase.start_thrift()
    assert stored(hbase, stars) == 100
    assert hbase.thrift_pid != dead and ended(hbase) == []


def test_the_master_is_killed_and_what_was_acknowledged_is_there_again(hbase, stars):
    thrift, dead = hbase.thrift_pid, hbase.master_pid
    hbase.kill_hbase()
    assert not alive(dead) and alive(thrift)
    assert hbase.start_again() is hbase
    assert stored(hbase, stars) == 100
    assert hbase.thrift_pid == thrift, "Thrift goes on by itself"


def test_a_table_of_the_java_administration_is_as_it_was_asked_for(hbase):
    with java_gateway("127.0.0.1", hbase.zookeeper_port) as java:
        client, io = java.jvm.org.apache.hadoop.hbase.client, java.jvm.org.apache.hadoop.hbase.io
        family = client.ColumnFamilyDescriptorBuilder.newBuilder(b"s")
        family.setCompressionType(io.compress.Compression.Algorithm.ZSTD).setMaxVersions(1)
        family.setBloomFilterType(java.jvm.org.apache.hadoop.hbase.regionserver.BloomType.ROW)
        name = java.jvm.org.apache.hadoop.hbase.TableName.valueOf("split")
        table = client.TableDescriptorBuilder.newBuilder(name).setColumnFamily(family.build()).build()
        java.admin.createTable(table, b"\x40", b"\xc0", 4)
    with closing(connect(hbase)) as connection:
        regions = connection.table("split").regions()
        seen = connection.table("split").families()[b"s"]
        connection.table("split").put(b"\x41 object", {b"s:s": b"\x00\xff"})
        assert connection.table("split").row(b"\x41 object") == {b"s:s": b"\x00\xff"}
    assert [each["start_key"] for each in regions] == [b"", b"\x40", b"\x80", b"\xc0"]
    assert (seen["compression"], seen["max_versions"], seen["bloom_filter_type"]) == (b"ZSTD", 1, b"ROW")


def test_logs_whose_rows_are_in_files_go_away(hbase, stars):
    root = hbase.directory / "data" / "hbase"
    before = {path.name for path in (root / "WALs").glob("*/*") if not path.name.endswith(".meta")}
    assert before and stored(hbase, stars) == 100
    with java_gateway("127.0.0.1", hbase.zookeeper_port) as java:
        for table in java.admin.listTableNames():
            java.admin.flush(table)
        java.admin.flush(java.jvm.org.apache.hadoop.hbase.TableName.valueOf("hbase:namespace"))
        for server in java.admin.getRegionServers():
            java.admin.rollWALWriter(server)
    until = time.monotonic() + 30
    while before & (left := {path.name for path in root.rglob("*") if "WALs" in str(path)}):
        assert time.monotonic() < until, f"still there: {before & left}"
        time.sleep(0.2)
    assert stored(hbase, stars) == 100


def test_an_administration_that_cannot_connect_says_to_what(caplog):
    port, began = free_port(), time.monotonic()
    said = rf"(?s)127\.0\.0\.1, port {port} (does not answer|cannot be)"
    with pytest.raises(EnvironmentProblem, match=said), java_gateway("127.0.0.1", port, patience_s=6.0):
        pytest.fail("there is no HBase")
    assert time.monotonic() - began < 20
    # Services that other tests have killed may lie here, dead and not yet waited for: they have no command line.
    children = [each for each in psutil.Process().children(recursive=True) if each.status() != psutil.STATUS_ZOMBIE]
    assert not [each for each in children if "py4j.GatewayServer" in " ".join(each.cmdline())]
    gc.collect()
    assert not caplog.records, "py4j reports that the process is gone"


def test_one_that_does_not_start_says_why_and_leaves_no_process(tmp_path):
    with pytest.raises(EnvironmentProblem, match=r"(?s)ended before it answered; the end of .*master\.log"):
        start_hbase(tmp_path / "hbase", settings={"hbase.zookeeper.property.clientPort": "none"})
    pids = [int(path.read_text()) for path in (tmp_path / "hbase").glob("*.pid")]
    assert len(pids) == 2 and not any(map(alive, pids))


@pytest.mark.parametrize("given", ["2g", "", "100", "-512"])
def test_a_heap_that_is_none_is_refused(monkeypatch, given):
    monkeypatch.setenv("STRIX_HBASE_HEAP_MB", given)
    with pytest.raises(EnvironmentProblem, match=rf"STRIX_HBASE_HEAP_MB is {re.escape(repr(given))}.*MB"):
        usual_heap_mb()


@pytest.fixture
def services(tmp_path, monkeypatch):
    """Where `strix services` keeps what a test starts, which is ended however the test ends."""
    monkeypatch.setenv("STRIX_SERVICES", str(tmp_path / "services"))
    yield tmp_path / "services"
    main(["down"])


def test_the_service_comes_and_goes(services, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert main(["up", "hbase", "--port", str(number)]) == 3
        assert f"port {number}" in capsys.readouterr().err
    assert not services.exists(), "nothing was begun"

    port = free_port()
    assert main(["up", "hbase", "--port", str(port)]) == 0
    directory = services / "hbase"
    content = json.loads((directory / "service.json").read_text())
    thrift, master = map(int, content["pids"])
    assert content["addresses"]["thrift"] == f"127.0.0.1:{port}" and thrift_answers(f"127.0.0.1:{port}")
    assert main(["up", "hbase"]) == 0, "a second up must be no second HBase"
    assert json.loads((directory / "service.json").read_text()) == content
    assert main(["up", "hbase", "--port", "1"]) == 3

    capsys.readouterr()
    assert main(["list"]) == 0
    assert f"hbase: up, thrift 127.0.0.1:{port}, zookeeper 127.0.0.1:" in capsys.readouterr().out
    os.kill(master, signal.SIGSTOP)
    assert main(["list"]) == 3
    assert "hbase: does not answer" in capsys.readouterr().out
    os.kill(master, signal.SIGCONT)
    kill(thrift)
    assert main(["list"]) == 3
    assert "hbase: died" in capsys.readouterr().out

    began = time.monotonic()
    assert main(["down", "hbase"]) == 0
    assert time.monotonic() - began < 20
    assert not alive(thrift) and not alive(master), tail(directory / "master.log")
    assert list(services.iterdir()) == []
    capsys.readouterr()
    assert (
        main(
            [
                "list",
            ]
        )
        == 0
    )
    assert "no service runs" in capsys.readouterr().out
