"""Puts that nobody takes: how long they keep whoever writes, and what they say."""

import socket
import time

import pytest
from store_tables import address_of

from jobs.hbase import connection
from jobs.hbase.connection import HBaseAddress, Pool, StoreRefused
from jobs.packets.problems import ServiceUnavailable
from jobs.services.hbase import HBaseServer
from jobs.store import writing
from jobs.store.rows import Rows
from jobs.store.tables import TYPES
from jobs.store.writing import StoreWriter

PUT = Rows(TYPES, [(b"key", [(b"t:type", b"x")])])


def test_a_put_that_hangs_is_given_up_without_another_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thrift with HBase gone behind it: a read that asks why would hang as the put did."""
    calls: list[HBaseAddress] = []

    def quick(address: HBaseAddress) -> Pool:
        calls.append(address)
        return Pool(address, timeout_s=0.3, pauses_s=(0.01,) * 5)

    monkeypatch.setattr(writing, "pool", quick)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        writer = StoreWriter(HBaseAddress("127.0.0.1", silent.getsockname()[1]))
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="does not answer: timed out"):
            writer._put(PUT)
    assert len(calls) == 1
    assert time.monotonic() - began < connection.HANGING_CALLS * 0.3 + 1.0


@pytest.mark.hbase
def test_a_put_without_tables_says_what_makes_them(hbase: HBaseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "pool", lambda address: Pool(address, pauses_s=()))
    with pytest.raises(StoreRefused, match="`strix store init` makes the tables"):
        StoreWriter(address_of(hbase), "nobody")._put(PUT)
