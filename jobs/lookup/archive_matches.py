"""What a filter sent, by the ledger: the newest of it."""

import re
from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ledger.sent_file import ENDING
from jobs.ledger.streams import StreamLedger, streams
from jobs.ledger.volumes import Volume
from jobs.storage.layout import Layout

_MJD_OF_DAY_0 = 678_576  # of date.toordinal() 0 is MJD -678576
# An alert of night YYYYMMDD is of that day, the one before or the one behind it, whatever the survey's rule.
_LATER_DAYS = 2.0
_COLUMNS = ["survey", "alert_id", "mjd"]


def newest_matches(layout: Layout, name: str, limit: int) -> set[tuple[str, int]]:
    """Alerts that a filter sent: the newest ones, and perhaps others.

    Volumes of rolled batches are read from the newest backwards, until none can hold a newer one.

    Parameters
    ----------
    layout : Layout
    name : str
        The filter's.
    limit : int
        As many of the newest are wanted.

    Returns
    -------
    set of tuple of (str, int)
        Survey and alert id; empty if it sent nothing.
    """
    found = _Newest(limit)
    volumes: list[tuple[float, StreamLedger, Volume]] = []
    for stream in streams(layout):
        ledger = StreamLedger(layout, stream)
        numbers, rolled = ledger.open_numbers(), ledger.rolled
        found.add(_matches(ledger, numbers, name))
        volumes += [(_latest_mjd(volume), ledger, volume) for volume in rolled.volumes]
    for latest, ledger, volume in sorted(volumes, key=lambda each: -each[0]):
        if latest < found.least_mjd:
            break
        found.add(_matches(ledger, range(volume.first, volume.last + 1), name))
    return set(zip(*(found.rows[column].to_pylist() for column in _COLUMNS[:2]), strict=True))


class _Newest:
    """The newest matches so far; of the last mjd all."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rows = pa.schema([("survey", pa.string()), ("alert_id", pa.int64()), ("mjd", pa.float64())]).empty_table()

    def add(self, tables: Iterator[pa.Table]) -> None:
        for table in tables:
            self.rows = pa.concat_tables([self.rows, table.select(_COLUMNS).cast(self.rows.schema)])
            self.rows = self.rows.group_by(_COLUMNS[:2]).aggregate([("mjd", "max")])
            self.rows = self.rows.rename_columns(_COLUMNS)
            self.rows = self.rows.filter(pc.greater_equal(self.rows["mjd"], self.least_mjd))

    @property
    def least_mjd(self) -> float:
        """No alert before it is wanted."""
        mjd = np.sort(self.rows["mjd"].to_numpy())
        return float(mjd[-self.limit]) if len(mjd) >= self.limit else -np.inf


def _matches(ledger: StreamLedger, batches: "list[int] | range", name: str) -> Iterator[pa.Table]:
    mine = pc.field("filter") == name
    for batch in batches:
        held = ledger.kept(batch, ENDING)
        if held is not None:
            table = pq.read_table(pa.BufferReader(held), columns=_COLUMNS, filters=mine)
            if table.num_rows:
                yield table


def _latest_mjd(volume: Volume) -> float:
    """No alert of a volume is later."""
    nights = volume.nights
    if not nights or not all(re.fullmatch(r"\d{8}", night) for night in nights):
        return np.inf
    newest = max(nights)
    try:
        day = date(int(newest[:4]), int(newest[4:6]), int(newest[6:]))
    except ValueError:
        return np.inf
    return day.toordinal() - _MJD_OF_DAY_0 + _LATER_DAYS
