"""From rows of the store to Arrow: whole alerts, and the summaries that lists and cones show."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import happybase
import pyarrow as pa

from jobs.hbase.connection import HBaseAddress, pool
from jobs.storage.schema_union import joined
from jobs.store import light_curve_codec
from jobs.store.arranging import arranged
from jobs.store.rows import LIGHT_CURVE, MODULE, SCALARS
from jobs.store.scanning import KeyRange, Row, rows_of, rows_of_ranges
from jobs.store.struct_codec import StructCodec, UnknownCell, codec, described, type_id
from jobs.store.summary import summary_schema
from jobs.store.tables import ALERTS, CUTOUTS, NAMESPACE, TYPES, StoreTable, qualified
from science_modules.common.view import CUTOUTS as CUTOUT_COLUMNS

Cells = Mapping[bytes, bytes]
# Of one call: 100 rows are a round trip of some milliseconds.
ROWS_PER_CALL = 100


@dataclass
class StoreReader:
    """Reads the tables of a namespace.

    Parameters
    ----------
    address : HBaseAddress
        Of a Thrift server.
    namespace : str
        Of the tables.
    """

    address: HBaseAddress
    namespace: str = NAMESPACE
    _codecs: dict[bytes, StructCodec] = field(default_factory=dict)

    def range(self, table: StoreTable, start: bytes, stop: bytes, limit: int | None = None) -> list[Row]:
        """The rows whose keys are in a range.

        Parameters
        ----------
        table : StoreTable
        start, stop : bytes
            The first key, and the first one behind.
        limit : int, optional
            The first so many only.

        Raises
        ------
        ServiceUnavailable, StoreRefused
            As `Pool.call` does.
        """

        name = qualified(self.namespace, table)
        return pool(self.address).call(lambda connection: rows_of(connection, name, start, stop, limit))

    def ranges(self, table: StoreTable, ranges: Sequence[KeyRange]) -> list[Row]:
        """The rows whose keys are in one of some ranges.

        Parameters
        ----------
        table : StoreTable
        ranges : sequence of (bytes, bytes)
            The first key, and the first one behind; in order, none reaching into another.

        Raises
        ------
        ServiceUnavailable, StoreRefused
            As `Pool.call` does.
        """
        name = qualified(self.namespace, table)
        return pool(self.address).call(lambda connection: rows_of_ranges(connection, name, ranges))

    def rows(self, table: StoreTable, keys: Sequence[bytes]) -> list[Cells]:
        """The rows of some keys.

        Parameters
        ----------
        table : StoreTable
        keys : sequence of bytes, length n

        Returns
        -------
        list of mapping of bytes to bytes, length n
            In the order of the keys; empty for one that is not there.
        """
        found: dict[bytes, Cells] = {}
        for start in range(0, len(keys), ROWS_PER_CALL):
            some = list(keys[start : start + ROWS_PER_CALL])

            def read(connection: happybase.Connection, some: list[bytes] = some) -> list[Row]:
                return list(connection.table(qualified(self.namespace, table)).rows(some))

            found |= dict(pool(self.address).call(read))
        return [found.get(key, {}) for key in keys]

    def alerts(self, rows: Sequence[Cells]) -> pa.Table:
        """Whole alerts.

        Parameters
        ----------
        rows : sequence of mapping of bytes to bytes, length n
            Cells of `alerts`; not empty.

        Returns
        -------
        pyarrow.Table, shape (n,)
            In the order of the rows: the view's columns, candidate, content_hash, provenance, modules by name.
        """
        alike: dict[tuple[tuple[bytes, bytes], ...], list[int]] = defaultdict(list)
        prefix = f"{ALERTS.family}:".encode()
        named = [{name.removeprefix(prefix): cell for name, cell in row.items()} for row in rows]
        for at, cells in enumerate(named):
            alike[_types_of(cells)].append(at)
        tables = [self._alerts([named[at] for at in places]) for places in alike.values()]
        return _in_order(arranged(joined(tables) if len(tables) > 1 else tables[0]), list(alike.values()))

    def _alerts(self, rows: Sequence[Cells]) -> pa.Table:
        """Alerts whose cells are of the same types."""
        scalars = self._decode([row[SCALARS] for row in rows])
        columns = dict(zip(scalars.type.names, scalars.flatten(), strict=True))
        if LIGHT_CURVE in rows[0]:
            columns |= light_curve_codec.decode([row[LIGHT_CURVE] for row in rows])
        for name in sorted(set(rows[0]) - {SCALARS, LIGHT_CURVE}):
            column = name.removeprefix(MODULE).decode()
            columns[column] = self._decode([row[name] for row in rows])
        return pa.table({name: columns[name] for name in columns})

    def summaries(self, cells: Sequence[bytes]) -> pa.Table:
        """Summaries of alerts.

        Parameters
        ----------
        cells : sequence of bytes, length n
            Of `objects`, `sky` or `latest`.

        Returns
        -------
        pyarrow.Table, shape (n,)
            In the order of the cells, with all columns of a summary; NULL where a module did not run.
        """
        alike: dict[bytes, list[int]] = defaultdict(list)
        for at, cell in enumerate(cells):
            alike[type_id(cell)].append(at)
        tables = [_as_summary(self._decode([cells[at] for at in places])) for places in alike.values()]
        if not tables:
            return summary_schema().empty_table()
        return _in_order(pa.concat_tables(tables), list(alike.values()))

    def _decode(self, cells: Sequence[bytes]) -> pa.StructArray:
        return self._codec(type_id(cells[0])).decode(cells)

    def _codec(self, name: bytes) -> StructCodec:
        if name not in self._codecs:
            (row,) = self.rows(TYPES, [name])
            if not row:
                raise UnknownCell(f"the store's table {TYPES.name} does not know the type {name.hex()} of a cell")
            self._codecs[name] = codec(described(row[f"{TYPES.family}:type".encode()].decode()))
        return self._codecs[name]


def _in_order(table: pa.Table, places: Sequence[Sequence[int]]) -> pa.Table:
    """Rows of several groups in the order that they had; of one they have it."""
    if len(places) < 2:
        return table
    order = [at for group in places for at in group]
    return table.take(pa.array(sorted(range(len(order)), key=order.__getitem__), pa.int64()))


def cutouts_of(rows: Sequence[Cells]) -> dict[str, pa.Array]:
    """The cutouts of rows of `cutouts`.

    Parameters
    ----------
    rows : sequence of mapping of bytes to bytes, length n

    Returns
    -------
    dict of str to pyarrow.Array, shape (n,)
        NULL where the row has none.
    """
    names = [column.name for column in CUTOUT_COLUMNS]
    return {
        name: pa.array([row.get(f"{CUTOUTS.family}:{name}".encode()) for row in rows], pa.binary()) for name in names
    }


def _types_of(cells: Cells) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, b"" if name == LIGHT_CURVE else type_id(cell)) for name, cell in sorted(cells.items()))


def _as_summary(structs: pa.StructArray) -> pa.Table:
    given = dict(zip(structs.type.names, structs.flatten(), strict=True))
    columns: Iterable[pa.Array] = (
        given[each.name].cast(each.type) if each.name in given else pa.nulls(len(structs), each.type)
        for each in summary_schema()
    )
    return pa.table(list(columns), summary_schema())
