"""The rows of ranges of keys by as few calls as they take.

A call goes through two servers, which costs as much as some hundred small rows. So ranges that lie close together are read by
one scanner, and what lies between them is left here; a scanner opens, reads and closes in three calls, and none asks for
more where less came than was asked for.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import happybase
from Hbase_thrift import TRowResult, TScan

Row = tuple[bytes, Mapping[bytes, bytes]]
KeyRange = tuple[bytes, bytes]
ROWS_PER_CALL = 1000
# Of several ranges: what is read in vain where many rows lie between two of them.
_ROWS_AT_A_TIME = 200


def rows_of(
    connection: happybase.Connection, table: str, start: bytes, stop: bytes, limit: int | None = None
) -> list[Row]:
    """The rows whose keys are in a range.

    Parameters
    ----------
    connection : happybase.Connection
    table : str
        With its namespace.
    start, stop : bytes
        The first key, and the first one behind.
    limit : int, optional
        The first so many only.
    """
    wanted = min(limit or ROWS_PER_CALL, ROWS_PER_CALL)
    found: list[Row] = []
    with _scanner(connection, table, start, stop, wanted) as scanner:
        while limit is None or len(found) < limit:
            asked = wanted if limit is None else min(wanted, limit - len(found))
            given = connection.client.scannerGetList(scanner, asked)
            found += map(_row, given)
            if len(given) < asked:
                break
    return found


def rows_of_ranges(connection: happybase.Connection, table: str, ranges: Sequence[KeyRange]) -> list[Row]:
    """The rows whose keys are in one of some ranges.

    Parameters
    ----------
    connection : happybase.Connection
    table : str
        With its namespace.
    ranges : sequence of (bytes, bytes)
        The first key, and the first one behind; in order, none reaching into another.
    """
    starts, stops = [start for start, _ in ranges], [stop for _, stop in ranges]
    found: list[Row] = []
    at = 0
    while at < len(ranges):
        with _scanner(connection, table, starts[at], stops[-1], _ROWS_AT_A_TIME) as scanner:
            at = _read_on(connection, scanner, starts, stops, found)
    return found


def _read_on(
    connection: happybase.Connection, scanner: int, starts: Sequence[bytes], stops: Sequence[bytes], found: list[Row]
) -> int:
    """Read until a call ends between two ranges; which is the next one, their number if none is."""
    while True:
        given = connection.client.scannerGetList(scanner, _ROWS_AT_A_TIME)
        found += [_row(each) for each in given if _within(each.row, starts, stops)]
        if len(given) < _ROWS_AT_A_TIME:
            return len(stops)
        last = given[-1].row
        at = bisect_right(stops, last)
        if at == len(stops) or last < starts[at]:
            return at


def _within(key: bytes, starts: Sequence[bytes], stops: Sequence[bytes]) -> bool:
    at = bisect_right(starts, key) - 1
    return at >= 0 and key < stops[at]


@contextmanager
def _scanner(connection: happybase.Connection, table: str, start: bytes, stop: bytes, rows: int) -> Iterator[int]:
    scan = TScan(startRow=start, stopRow=stop, caching=rows)
    scanner = int(connection.client.scannerOpenWithScan(table.encode(), scan, {}))
    try:
        yield scanner
    finally:
        connection.client.scannerClose(scanner)


def _row(given: TRowResult) -> Row:
    return given.row, {name: cell.value for name, cell in given.columns.items()}
