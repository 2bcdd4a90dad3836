"""The pool against a real Thrift server: what it does when the server closes, dies or refuses."""

import os
import socket
import time

import happybase
import pytest
from store_tables import address_of, new_namespace

from jobs.hbase import connection
from jobs.hbase.connection import HANGING_CALLS, HBaseAddress, Pool, StoreRefused, pool
from jobs.packets.problems import ServiceUnavailable
from jobs.services.hbase import HBaseServer
from jobs.services.process import free_port

pytestmark = [pytest.mark.hbase, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def namespace(hbase: HBaseServer) -> str:
    return new_namespace(hbase)


def put_and_get(pool: Pool, namespace: str, value: bytes) -> bytes:
    def work(given: happybase.Connection) -> bytes:
        table = given.table(f"{namespace}:types")
        table.put(b"k", {b"t:type": value})
        return bytes(table.row(b"k")[b"t:type"])

    return pool.call(work)


def test_a_connection_is_used_again(hbase: HBaseServer, namespace: str) -> None:
    pool = Pool(address_of(hbase))
    seen = {pool.call(id) for _ in range(5)}
    assert len(seen) == 1
    assert put_and_get(pool, namespace, b"one") == b"one"
    pool.close()


def test_one_that_was_idle_too_long_is_not_used_again(
    hbase: HBaseServer, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_S", 0.2)
    pool = Pool(address_of(hbase))
    (first,) = [pool.call(lambda given: given)]
    time.sleep(0.4)
    assert pool.call(lambda given: given) is not first
    assert put_and_get(pool, namespace, b"two") == b"two"


def test_one_that_the_server_has_closed_is_replaced_without_a_word(
    hbase: HBaseServer, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_S", 3600.0)
    pool = Pool(address_of(hbase))
    pool.call(lambda given: given.tables())
    hbase.kill_thrift()
    hbase.start_thrift()
    assert put_and_get(pool, namespace, b"three") == b"three"


def test_a_server_that_is_not_there_is_unavailable_after_some_tries() -> None:
    address = HBaseAddress("127.0.0.1", free_port())
    tries: list[happybase.Connection] = []
    pool = Pool(address, pauses_s=(0.01, 0.01))
    with pytest.raises(ServiceUnavailable, match=f"^HBase at {address} does not answer: Could not connect$"):
        pool.call(tries.append)
    assert tries == []


def test_calls_that_hang_are_given_up_after_two() -> None:
    """A server that takes connections and never answers, as Thrift does while HBase is gone behind it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pool = Pool(HBaseAddress("127.0.0.1", silent.getsockname()[1]), timeout_s=0.3, pauses_s=(0.01,) * 9)
        tries: list[happybase.Connection] = []

        def hang(given: happybase.Connection) -> None:
            tries.append(given)
            given.tables()

        with pytest.raises(ServiceUnavailable, match="does not answer: timed out"):
            pool.call(hang)
    assert len(tries) == len(set(map(id, tries))) == HANGING_CALLS == 2


def test_an_error_without_words_is_told_by_its_class() -> None:
    def silent(_: happybase.Connection) -> None:
        raise TimeoutError

    given = Pool(HBaseAddress("127.0.0.1", 1), pauses_s=())
    given._idle.append((time.monotonic(), happybase.Connection("127.0.0.1", 1, autoconnect=False)))
    with pytest.raises(ServiceUnavailable, match=r"does not answer: TimeoutError$"):
        given.call(silent)


def test_what_trying_again_does_not_mend_is_refused_at_once(hbase: HBaseServer) -> None:
    pool = Pool(address_of(hbase), pauses_s=(60.0,))
    with pytest.raises(StoreRefused, match="TableNotFoundException: `strix store init` makes the tables"):
        pool.call(lambda given: given.table("nowhere:alerts").row(b"k"))


def test_a_forked_process_has_connections_of_its_own() -> None:
    address = HBaseAddress("127.0.0.1", 1)
    own = pool(address)
    assert pool(address) is own
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"own" if pool(address) is not own else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 9) == b"own"
