"""Is every cell of the store what the archive says it is? The bytes are compared: they depend on the alert alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import happybase

from jobs.hbase.connection import pool
from jobs.storage.layout import Layout
from jobs.store import keys
from jobs.store.back_fill import files_of
from jobs.store.reading import StoreReader
from jobs.store.rows import Rows
from jobs.store.tables import LATEST, qualified

MOST_TOLD = 20


@dataclass
class Verified:
    """What was compared.

    Attributes
    ----------
    alerts, cells : int
        Of the archive.
    listed : int
        Alerts that the store lists for the night: those of other archives, too.
    different : int
        Cells that the store lacks or has otherwise.
    told : list of str
        The first of them.
    """

    alerts: int = 0
    cells: int = 0
    listed: int = 0
    different: int = 0
    told: list[str] = field(default_factory=list)

    def differs(self, told: str) -> None:
        """Note a difference.

        Parameters
        ----------
        told : str
            What it is, for a person.
        """
        self.different += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(told)


def verify(layout: Layout, night: str, reader: StoreReader, cutouts: bool = False) -> Verified:
    """Compare a night of an archive with the store, cell by cell; timestamps aside.

    Parameters
    ----------
    layout : Layout
    night : str
    reader : StoreReader
    cutouts : bool
        The cutouts, too.
    """
    verified = Verified()
    for file in files_of(layout, night, cutouts):
        for alerts, rows_of_cutouts in file.alerts():
            verified.alerts += len(alerts.science)
            for rows in [*alerts.tables(), *([rows_of_cutouts] if rows_of_cutouts is not None else [])]:
                _compare(rows, reader, verified)
    verified.listed = _listed(reader, night)
    return verified


def _compare(rows: Rows, reader: StoreReader, verified: Verified) -> None:
    found = reader.rows(rows.table, [key for key, _ in rows.rows])
    for (key, wanted), cells in zip(rows.rows, found, strict=True):
        verified.cells += len(wanted)
        for column, value in wanted:
            if cells.get(column) != value:
                state = "absent" if column not in cells else "different"
                verified.differs(f"{rows.table.name} {_readable(key)} {_readable(column)}: {state}")


def _listed(reader: StoreReader, night: str) -> int:
    """How many alerts the store lists for a night."""
    prefix = keys.latest_prefix("night", night)

    def count(connection: happybase.Connection) -> int:
        table = connection.table(qualified(reader.namespace, LATEST))
        return sum(1 for _ in table.scan(row_start=prefix, row_stop=keys.after(prefix), batch_size=5000))

    return pool(reader.address).call(count)


def _readable(key: bytes) -> str:
    """A key as the shell of HBase writes it."""
    return "".join(_letters(key))


def _letters(key: bytes) -> Iterator[str]:
    codes: Iterable[int] = key
    for code in codes:
        yield chr(code) if 32 <= code < 127 and code != 92 else f"\\x{code:02X}"
