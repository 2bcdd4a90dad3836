"""Which rows are there, without reading what is in them where that is much."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import happybase

from jobs.hbase.connection import pool
from jobs.store.reading import ROWS_PER_CALL, StoreReader
from jobs.store.tables import StoreTable, qualified

_CONNECTIONS = 4


def rows_there(reader: StoreReader, table: StoreTable, keys: Sequence[bytes]) -> int:
    """How many rows of some keys a table has: of large cells the keys alone are read, a call for each that is there.

    Parameters
    ----------
    reader : StoreReader
    table : StoreTable
    keys : sequence of bytes
    """
    ordered = sorted(set(keys))
    if not ordered:
        return 0
    parts = [part for part in (ordered[at::_CONNECTIONS] for at in range(_CONNECTIONS)) if part]
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        return sum(threads.map(lambda part: _found(reader, table, part), parts))


def cells_there(reader: StoreReader, table: StoreTable, cells: Sequence[tuple[bytes, bytes]]) -> int:
    """How many of some cells a table has.

    Parameters
    ----------
    reader : StoreReader
    table : StoreTable
    cells : sequence of (bytes, bytes)
        Row key, and family:column.
    """
    found = 0
    for start in range(0, len(cells), ROWS_PER_CALL):
        some = set(cells[start : start + ROWS_PER_CALL])
        rows, columns = sorted({row for row, _ in some}), sorted({column for _, column in some})

        def read(
            connection: happybase.Connection, rows: list[bytes] = rows, columns: list[bytes] = columns
        ) -> set[tuple[bytes, bytes]]:
            given = connection.table(qualified(reader.namespace, table)).rows(rows, columns)
            return {(row, column) for row, own in given for column in own}

        found += len(some & pool(reader.address).call(read))
    return found


def _found(reader: StoreReader, table: StoreTable, ordered: Sequence[bytes]) -> int:
    """The next row there is passes over all keys before it: an empty table is one call."""
    found, at = 0, 0
    while at < len(ordered):
        there = _next_row(reader, table, ordered[at], ordered[-1] + b"\x00")
        if there is None:
            break
        while at < len(ordered) and ordered[at] < there:
            at += 1
        if at < len(ordered) and ordered[at] == there:
            found, at = found + 1, at + 1
    return found


def _next_row(reader: StoreReader, table: StoreTable, start: bytes, stop: bytes) -> bytes | None:
    def read(connection: happybase.Connection) -> bytes | None:
        given = connection.table(qualified(reader.namespace, table))
        keys_only = given.scan(row_start=start, row_stop=stop, filter="KeyOnlyFilter()", limit=1, batch_size=1)
        return next((key for key, _ in keys_only), None)

    return pool(reader.address).call(read)
