"""Puts: rows of the store go to HBase a few hundred at a time; written twice, they are what they were."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import happybase
from Hbase_thrift import BatchMutation, Mutation
from Hbase_thrift import IOError as HBaseError

from jobs.hbase.connection import HBaseAddress, pool
from jobs.packets.problems import ServiceUnavailable
from jobs.store.rows import AlertRows, Rows
from jobs.store.struct_codec import StructCodec
from jobs.store.tables import CUTOUTS, NAMESPACE, TABLES, TYPES, qualified

# Of one call: 500 small rows are cheapest, rows with cutouts are 50 kB each.
ROWS_PER_CALL = 250
CUTOUT_ROWS_PER_CALL = 50


def require_tables(address: HBaseAddress, namespace: str) -> None:
    """Raise StoreRefused if HBase has not all tables of the store, ServiceUnavailable if it does not answer.

    Parameters
    ----------
    address : HBaseAddress
        Of a Thrift server.
    namespace : str
        Of the tables.
    """
    for table in TABLES:
        name = qualified(namespace, table)

        def read(connection: happybase.Connection, name: str = name) -> object:
            return connection.table(name).row(b"-")

        pool(address).call(read)


@dataclass
class StoreWriter:
    """Writes alerts into the tables of a namespace, from any process.

    Parameters
    ----------
    address : HBaseAddress
        Of a Thrift server.
    namespace : str
        Of the tables.
    """

    address: HBaseAddress
    namespace: str = NAMESPACE
    _told: set[bytes] = field(default_factory=set)

    def write(self, alerts: AlertRows, cutouts: Rows | None = None) -> dict[str, int]:
        """Write alerts into all tables.

        The rows of `alerts` come first, so that what an index names is there; a batch that broke off is written again
        from its beginning.

        Parameters
        ----------
        alerts : AlertRows
        cutouts : Rows, optional
            As `AlertRows.of_cutouts` gives them.

        Returns
        -------
        dict of str to int
            Rows by table.

        Raises
        ------
        ServiceUnavailable
            If HBase does not answer; rows may have been written.
        StoreRefused
            If it has no such tables.
        """
        self._tell_types(alerts.codecs)
        tables = alerts.tables()
        if cutouts is not None:
            tables.append(cutouts)
        for rows in tables:
            self._put(rows)
        return {rows.table.name: len(rows) for rows in tables}

    def _tell_types(self, codecs: Mapping[bytes, StructCodec]) -> None:
        """Keep the descriptions of types: before the first cell that names one."""
        new = {name: each for name, each in codecs.items() if name not in self._told}
        if not new:
            return
        column = f"{TYPES.family}:type".encode()
        self._put(Rows(TYPES, [(name, [(column, each.description.encode())]) for name, each in new.items()]))
        self._told |= new.keys()

    def _put(self, rows: Rows) -> None:
        table = qualified(self.namespace, rows.table).encode()
        many = CUTOUT_ROWS_PER_CALL if rows.table is CUTOUTS else ROWS_PER_CALL
        for start in range(0, len(rows), many):
            batch = [
                BatchMutation(row, [Mutation(column=column, value=value) for column, value in cells])
                for row, cells in rows.rows[start : start + many]
            ]

            def put(connection: happybase.Connection, batch: list[BatchMutation] = batch) -> None:
                connection.client.mutateRows(table, batch, {})

            try:
                pool(self.address).call(put)
            except ServiceUnavailable as problem:
                # A put into a table that is not there is told as one that HBase did not manage; a read says why. Where nobody
                # answered at all a read would only hang as the put did.
                if isinstance(problem.__cause__, HBaseError):
                    require_tables(self.address, self.namespace)
                raise
