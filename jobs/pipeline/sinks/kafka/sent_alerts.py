"""The alerts that a batch sends, read from its sealed files."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent
from jobs.pipeline.sinks.kafka.message import CUTOUT_NAMES
from jobs.storage.layout import Layout


@dataclass(frozen=True)
class Alerts:
    """The alerts that a batch sends, from its sealed files.

    Attributes
    ----------
    table : pyarrow.Table
        Rows of the science table, each alert once, in the order in which they are first sent.
    which : numpy.ndarray of int64
        Per match, its alert's row.
    """

    table: pa.Table
    which: np.ndarray[Any, np.dtype[np.int64]]
    cutouts: dict[tuple[str, int], dict[str, bytes | None]]

    @classmethod
    def of(cls, layout: Layout, batch: Record, sent: Sent) -> "Alerts":
        """Read what is sent, a file at a time."""
        places = list(zip(sent.matches["file"].to_pylist(), sent.matches["row"].to_pylist(), strict=True))
        unique = list(dict.fromkeys(places))
        number = {place: at for at, place in enumerate(unique)}
        table = _gather(layout, unique)
        asking = [name for name, about in sent.filters.items() if about["cutouts"]]
        wanted = sent.matches.filter(pc.is_in(sent.matches["filter"], pa.array(asking, pa.string())))
        return cls(table, np.array([number[place] for place in places]), _stamps(layout, batch, wanted))

    def rows(self, first: int, count: int) -> tuple[pa.Table, np.ndarray[Any, np.dtype[np.int64]]]:
        """The alerts of some matches, and which of them each match is."""
        which = self.which[first : first + count]
        unique, at = np.unique(which, return_inverse=True)
        return self.table.take(pa.array(unique)), at

    def stamps(self, survey: str, alert_id: int) -> dict[str, bytes | None] | None:
        """The stamps of an alert, if they were kept."""
        return self.cutouts.get((survey, alert_id))


def _gather(layout: Layout, places: list[tuple[str, int]]) -> pa.Table:
    """Rows of several files, in the given order."""
    by_file: dict[str, list[int]] = {}
    for at, (file, _) in enumerate(places):
        by_file.setdefault(file, []).append(at)
    tables, order = [], []
    for file, wanted in by_file.items():
        table = pq.ParquetFile(layout.root / file).read()
        tables.append(table.take(pa.array([places[at][1] for at in wanted], pa.int64())))
        order += wanted
    back = np.argsort(np.array(order, np.int64))
    return pa.concat_tables(tables).take(pa.array(back)).combine_chunks()


def _stamps(layout: Layout, batch: Record, wanted: pa.Table) -> dict[tuple[str, int], dict[str, bytes | None]]:
    found: dict[tuple[str, int], dict[str, bytes | None]] = {}
    files = [file.name for file in batch.files if file.table == "cutouts"] if wanted.num_rows else []
    for file in files:
        ids = pc.field("alert_id").isin(pa.array(wanted["alert_id"].unique()))
        for row in pq.read_table(layout.root / file, filters=ids, partitioning=None).to_pylist():
            stamps = {name: row[f"cutout_{name}"] for name in CUTOUT_NAMES}
            found[(row["survey"], row["alert_id"])] = stamps
    return found
