"""Removing what is old: the only deletes there are, by hand and never by a stream."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import happybase
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from Hbase_thrift import BatchMutation, Mutation

from jobs.hbase.connection import pool
from jobs.store import keys
from jobs.store.loaded_files import LoadedFiles
from jobs.store.presence import cells_there, rows_there
from jobs.store.reading import StoreReader
from jobs.store.rows import pixels_of
from jobs.store.scanning import Row
from jobs.store.tables import ALERT_INDEX, ALERTS, CUTOUTS, LATEST, OBJECTS, SKY, StoreTable, qualified

_ROWS = 500


@dataclass
class Expiry:
    """Removes the alerts of nights before one.

    Parameters
    ----------
    reader : StoreReader
    before : int
        The first night that stays, YYYYMMDD.
    cutouts_only : bool
        Whether only their cutouts go.
    dry_run : bool
        Count what would go, and remove nothing.
    """

    reader: StoreReader
    before: int
    cutouts_only: bool = False
    dry_run: bool = False

    def run(self) -> Iterator[tuple[str, dict[str, int]]]:
        """Remove night by night, the list of a night behind its alerts; then from the lists of filters and bodies.

        Broken off, it is run again.

        Yields
        ------
        what : str
            A night, or `lists`.
        removed : dict of str to int
            Rows that were there and were removed (cells of `objects`), by table.
        """
        if not self.dry_run:
            # Before anything goes: broken off, a night that is half there is loaded again.
            LoadedFiles(self.reader).forget(self.before, self.cutouts_only)
        for night in self._nights():
            if night.isdigit() and int(night) < self.before:
                yield night, self._expire(night)
        if not self.cutouts_only:
            yield "lists", {LATEST.name: sum(self._expire_lists(kind) for kind in ("filter", "sso"))}

    def _expire(self, night: str) -> dict[str, int]:
        removed: Counter[str] = Counter()
        for rows in self._pages(keys.latest_prefix("night", night)):
            removed.update(self._remove(self._summaries(rows), [key for key, _ in rows]))
        return dict(removed)

    def _remove(self, summaries: pa.Table, listed: list[bytes]) -> dict[str, int]:
        alerts = _Keys(summaries)
        there = {CUTOUTS.name: rows_there(self.reader, CUTOUTS, alerts.alerts)}
        if not self.cutouts_only:
            there |= {name: cells_there(self.reader, *cells) for name, cells in alerts.small_cells().items()}
            there[LATEST.name] = len(listed)
        if not self.dry_run:
            self._delete_all(alerts, listed)
        return there

    def _delete_all(self, alerts: "_Keys", listed: list[bytes]) -> None:
        self._delete(CUTOUTS, alerts.alerts)
        if self.cutouts_only:
            return
        self._delete(ALERTS, alerts.alerts)
        self._delete(SKY, alerts.sky)
        self._delete(ALERT_INDEX, alerts.index)
        self._delete(OBJECTS, alerts.objects, alerts.cells)
        self._delete(LATEST, listed)

    def _expire_lists(self, kind: str) -> int:
        """All lists of a kind are read once: which of them hold an alert, nothing else knows."""
        removed = 0
        for rows in self._pages(keys.name(kind)):
            old = pc.less(self._summaries(rows)["night"], self.before).fill_null(False).to_pylist()
            expired = [key for (key, _), is_old in zip(rows, old, strict=True) if is_old]
            removed += len(expired)
            if not self.dry_run:
                self._delete(LATEST, expired)
        return removed

    def _summaries(self, rows: list[Row]) -> pa.Table:
        return self.reader.summaries([cell for _, cells in rows for cell in cells.values()])

    def _delete(self, table: StoreTable, rows: list[bytes], columns: list[bytes] | None = None) -> None:
        name = qualified(self.reader.namespace, table).encode()
        # A family without a colon is all of its cells; with one it is the column without a name.
        cells = columns or [table.family.encode()] * len(rows)
        pairs = list(zip(rows, cells, strict=True))
        for start in range(0, len(pairs), _ROWS):
            batch = [
                BatchMutation(row, [Mutation(isDelete=True, column=column)])
                for row, column in pairs[start : start + _ROWS]
            ]

            def delete(connection: happybase.Connection, batch: list[BatchMutation] = batch) -> None:
                connection.client.mutateRows(name, batch, {})

            pool(self.reader.address).call(delete)

    def _pages(self, prefix: bytes) -> Iterator[list[Row]]:
        start, stop = prefix, keys.after(prefix)
        while rows := self.reader.range(LATEST, start, stop, _ROWS):
            yield rows
            start = rows[-1][0] + b"\x00"

    def _nights(self) -> list[str]:
        """The nights that have a list, each found by one row."""
        prefix = keys.name("night")
        start, stop, found = prefix, keys.after(prefix), []
        while rows := self.reader.range(LATEST, start, stop, 1):
            name = rows[0][0][len(prefix) :].split(keys.END, 1)[0].decode()
            found.append(name)
            start = keys.after(keys.latest_prefix("night", name))
        return found


class _Keys:
    """Where the tables keep some alerts, from their summaries."""

    def __init__(self, summaries: pa.Table) -> None:
        self.surveys = summaries["survey"].to_pylist()
        self.ids = summaries["alert_id"].combine_chunks().to_numpy(zero_copy_only=False)
        self.mjd = summaries["mjd"].combine_chunks().to_numpy(zero_copy_only=False)
        names = zip(self.surveys, summaries["object_id"].to_pylist(), strict=True)
        self.numbers = keys.numbers(self.ids)
        self.objects = [keys.object_key(*name) for name in names]
        self.alerts = keys.alert_keys(self.objects, self.mjd, self.ids)
        self.index = [keys.index_key(*each) for each in zip(self.surveys, self.numbers, strict=True)]
        times = zip(keys.numbers(self.mjd), self.numbers, strict=True)
        self.cells = [f"{OBJECTS.family}:".encode() + mjd + alert for mjd, alert in times]
        self.sky = self._sky(summaries)

    def small_cells(self) -> dict[str, tuple[StoreTable, list[tuple[bytes, bytes]]]]:
        """By table, a cell of each row that tells whether it is there."""
        return {
            ALERTS.name: (ALERTS, [(key, b"a:s") for key in self.alerts]),
            SKY.name: (SKY, [(key, b"s:s") for key in self.sky]),
            ALERT_INDEX.name: (ALERT_INDEX, [(key, b"i:k") for key in self.index]),
            OBJECTS.name: (OBJECTS, list(zip(self.objects, self.cells, strict=True))),
        }

    def _sky(self, summaries: pa.Table) -> list[bytes]:
        ra, dec = (np.asarray(summaries[name].combine_chunks().fill_null(np.nan), np.float64) for name in ("ra", "dec"))
        known = np.isfinite(ra) & np.isfinite(dec)
        surveys = [survey for survey, is_known in zip(self.surveys, known, strict=True) if is_known]
        return keys.sky_keys(pixels_of(ra[known], dec[known]), surveys, self.ids[known])
