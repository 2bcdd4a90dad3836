"""How large the store is: regions and bytes of each table, and what an alert takes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean

import happybase

from jobs.hbase.admin_gateway import JavaAdmin
from jobs.hbase.connection import HBaseAddress, pool
from jobs.store.tables import ALERT_INDEX, TABLES, StoreTable, qualified

_ROWS = 5000


@dataclass(frozen=True)
class TableSize:
    """A table's size.

    Attributes
    ----------
    table : StoreTable
    files_mb, memory_mb : tuple of float, length regions
        Of each region: in files (compressed), and in memory until the next flush; HBase tells whole MB.
    rows, cells : int or None
        None if nobody counted.
    """

    table: StoreTable
    files_mb: tuple[float, ...]
    memory_mb: tuple[float, ...]
    rows: int | None = None
    cells: int | None = None

    @property
    def mb(self) -> float:
        """In files."""
        return sum(self.files_mb)

    @property
    def uneven(self) -> float | None:
        """The largest region over the mean; None for a single region or an empty table."""
        return max(self.files_mb) / mean(self.files_mb) if len(self.files_mb) > 1 and self.mb else None


def sizes(java: JavaAdmin, namespace: str, flush: bool = False) -> list[TableSize]:
    """Regions and bytes of all tables that are there.

    Parameters
    ----------
    java : JavaAdmin
    namespace : str
    flush : bool
        Write what is in memory to files before.
    """
    named = java.jvm.org.apache.hadoop.hbase.TableName.valueOf
    there = [table for table in TABLES if java.admin.tableExists(named(qualified(namespace, table)))]
    if flush:
        for table in there:
            java.admin.flush(named(qualified(namespace, table)))
    return [_size(java, table, named(qualified(namespace, table))) for table in there]


def _size(java: JavaAdmin, table: StoreTable, name: object) -> TableSize:
    mega = java.jvm.org.apache.hadoop.hbase.Size.Unit.MEGABYTE
    regions = [each for server in java.admin.getRegionServers() for each in java.admin.getRegionMetrics(server, name)]
    return TableSize(
        table,
        tuple(float(each.getStoreFileSize().get(mega)) for each in regions),
        tuple(float(each.getMemStoreSize().get(mega)) for each in regions),
    )


def with_counts(
    size: TableSize, address: HBaseAddress, namespace: str, tell: Callable[[StoreTable, int], None]
) -> TableSize:
    """The same with rows and cells: all keys are read, some 20,000 rows a second.

    Parameters
    ----------
    size : TableSize
    address : HBaseAddress
        Of a Thrift server.
    namespace : str
    tell : callable
        Told of the table and the rows so far, now and then.
    """
    rows = cells = 0
    for many, own in _pages(address, qualified(namespace, size.table)):
        rows, cells = rows + many, cells + own
        tell(size.table, rows)
    return TableSize(size.table, size.files_mb, size.memory_mb, rows, cells)


def _pages(address: HBaseAddress, name: str) -> Iterator[tuple[int, int]]:
    """Rows and cells, some thousand rows at a time: a connection that goes away costs one page."""
    start = b""
    while True:

        def read(connection: happybase.Connection, start: bytes = start) -> tuple[int, int, bytes]:
            rows = cells = 0
            last = b""
            table = connection.table(name)
            for key, columns in table.scan(row_start=start, filter="KeyOnlyFilter()", limit=_ROWS, batch_size=_ROWS):
                rows, cells, last = rows + 1, cells + len(columns), key
            return rows, cells, last

        rows, cells, last = pool(address).call(read)
        if rows:
            yield rows, cells
        if rows < _ROWS:
            return
        start = last + b"\x00"


def alerts_in(found: list[TableSize]) -> int | None:
    """How many alerts the store has, by the index of alerts; None if nobody counted.

    Parameters
    ----------
    found : list of TableSize
    """
    return next((each.rows for each in found if each.table is ALERT_INDEX), None)
