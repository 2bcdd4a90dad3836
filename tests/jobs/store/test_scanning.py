"""Ranges of keys of a real HBase: the rows that a loop over all rows finds, by three calls where few lie between them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Any

import happybase
import numpy as np
import pytest
from hbase_client import connect

from jobs.services.hbase import HBaseServer
from jobs.store.scanning import KeyRange, Row, rows_of, rows_of_ranges

pytestmark = [pytest.mark.hbase, pytest.mark.timeout(300)]
KEYS = [(3 * number).to_bytes(4, "big") for number in range(2100)]
ONE_SCANNER = {"scannerOpenWithScan": 1, "scannerGetList": 1, "scannerClose": 1}
Filled = tuple[happybase.Connection, str]


class Counting:
    """A client of Thrift that counts its calls and the rows that came."""

    def __init__(self, client: Any) -> None:
        self.client, self.calls, self.rows = client, Counter[str](), 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls[name] += 1
            given = getattr(self.client, name)(*arguments)
            self.rows += len(given) if isinstance(given, list) else 0
            return given

        return call


@pytest.fixture(scope="module")
def filled(hbase: HBaseServer) -> Filled:
    connection, name = connect(hbase), "scanned"
    connection.create_table(name, {"t": {"max_versions": 1}})
    with connection.table(name).batch(batch_size=700) as batch:
        for key in KEYS:
            batch.put(key, {b"t:type": key[::-1]})
    return connection, name


@pytest.fixture
def counting(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> Counting:
    client = Counting(filled[0].client)
    monkeypatch.setattr(filled[0], "client", client)
    return client


def between(*numbers: int) -> KeyRange:
    start, stop = numbers
    return start.to_bytes(4, "big"), stop.to_bytes(4, "big")


def by_loop(ranges: list[KeyRange]) -> list[Row]:
    return [(key, {b"t:type": key[::-1]}) for key in KEYS if any(start <= key < stop for start, stop in ranges)]


def test_ranges_give_the_rows_that_a_loop_over_all_of_them_finds(filled: Filled) -> None:
    chance = np.random.default_rng(3)
    found = 0
    for _ in range(40):
        ends = np.sort(chance.choice(7000, 2 * int(chance.integers(1, 9)), replace=False)).tolist()
        ranges = [between(*ends[at : at + 2]) for at in range(0, len(ends), 2)]
        rows = rows_of_ranges(*filled, ranges)
        assert rows == by_loop(ranges)
        found += len(rows)
    assert found > 10_000


def test_ranges_that_touch_are_read_once(filled: Filled) -> None:
    ranges = [between(0, 600), between(600, 601), between(601, 3000)]
    assert rows_of_ranges(*filled, ranges) == by_loop(ranges)
    assert rows_of_ranges(*filled, []) == []


def test_few_rows_between_ranges_are_read_with_them_by_one_scanner(filled: Filled, counting: Counting) -> None:
    ranges = [between(0, 30), between(150, 180), between(330, 331)]
    assert rows_of_ranges(*filled, ranges) == by_loop(ranges)
    assert counting.calls == ONE_SCANNER
    assert counting.rows == bisect_left(KEYS, between(331, 331)[0])


def test_many_rows_between_two_ranges_are_passed_over(filled: Filled, counting: Counting) -> None:
    ranges = [between(0, 30), between(6000, 6030)]
    assert rows_of_ranges(*filled, ranges) == by_loop(ranges)
    assert counting.calls == dict.fromkeys(ONE_SCANNER, 2)
    assert counting.rows == 200 + 10  # of 2,010 that lie from the first key to the last


def test_a_range_is_read_to_its_end_and_a_limit_ends_it(filled: Filled, counting: Counting) -> None:
    whole = between(0, 2**32 - 1)
    assert rows_of(*filled, *whole) == by_loop([whole])
    assert counting.calls["scannerGetList"] == 3
    for limit in (1, 1000, 1500):
        counting.calls.clear()
        assert rows_of(*filled, *whole, limit) == by_loop([whole])[:limit]
        assert counting.calls == {**ONE_SCANNER, "scannerGetList": -(-limit // 1000)}


def test_nothing_in_a_range_is_known_after_one_call(filled: Filled, counting: Counting) -> None:
    assert rows_of(*filled, *between(7000, 8000)) == []
    assert counting.calls == ONE_SCANNER
