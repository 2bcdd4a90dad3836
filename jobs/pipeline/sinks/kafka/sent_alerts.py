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
        Rows of the science table, each alert once, file by file.
    which : numpy.ndarray of int64
        Per match, its alert's row.
    cutouts : dict
        As received, by survey and alert id, then by kind; of alerts whose filters ask for them.
    """

    table: pa.Table
    which: np.ndarray[Any, np.dtype[np.int64]]
    cutouts: dict[tuple[str, int], dict[str, bytes | None]]

    @classmethod
    def of(cls, layout: Layout, batch: Record, sent: Sent) -> "Alerts":
        """Read what is sent, a file at a time.

        Parameters
        ----------
        layout : Layout
            Of the output.
        batch : Record
            Its files are published.
        sent : Sent
            What its filters send.
        """
        matches = sent.matches.select(["file", "row"])
        unique = matches.group_by(["file", "row"], use_threads=False).aggregate([])
        unique = unique.sort_by([("file", "ascending"), ("row", "ascending")])
        number = {tuple(place.values()): at for at, place in enumerate(unique.to_pylist())}
        which = [number[tuple(place.values())] for place in matches.to_pylist()]
        asking = [name for name, about in sent.filters.items() if about["cutouts"]]
        wanted = sent.matches.filter(pc.is_in(sent.matches["filter"], pa.array(asking, pa.string())))
        return cls(_gather(layout, unique), np.array(which, np.int64), _stamps(layout, batch, wanted))

    def rows(self, first: int, count: int) -> tuple[pa.Table, np.ndarray[Any, np.dtype[np.int64]]]:
        """The alerts of some matches, and which of them each match is.

        Parameters
        ----------
        first, count : int
            Matches, in the order of the sent file.

        Returns
        -------
        pyarrow.Table, numpy.ndarray of int64
            Each alert once; per match, its row.
        """
        which = self.which[first : first + count]
        unique, at = np.unique(which, return_inverse=True)
        whole = len(unique) == self.table.num_rows
        return self.table if whole else self.table.take(pa.array(unique)), at

    def stamps(self, survey: str, alert_id: int) -> dict[str, bytes | None] | None:
        """The cutouts of an alert; None if no filter asks for them or they were not kept.

        Parameters
        ----------
        survey : str
            As the science table has it.
        alert_id : int
            Within the survey.
        """
        return self.cutouts.get((survey, alert_id))


def _gather(layout: Layout, places: pa.Table) -> pa.Table:
    """Rows of several files, in the order of the places: by file, then by row."""
    tables = []
    for file in places["file"].unique().to_pylist():
        rows = places["row"].filter(pc.equal(places["file"], file))
        tables.append(pq.ParquetFile(layout.root / file).read().take(rows))
    return pa.concat_tables(tables).combine_chunks()


def _stamps(layout: Layout, batch: Record, wanted: pa.Table) -> dict[tuple[str, int], dict[str, bytes | None]]:
    found: dict[tuple[str, int], dict[str, bytes | None]] = {}
    files = [file.name for file in batch.files if file.table == "cutouts"] if wanted.num_rows else []
    for file in files:
        ids = pc.field("alert_id").isin(pa.array(wanted["alert_id"].unique()))
        for row in pq.read_table(layout.root / file, filters=ids, partitioning=None).to_pylist():
            stamps = {name: row[f"cutout_{name}"] for name in CUTOUT_NAMES}
            found[(row["survey"], row["alert_id"])] = stamps
    return found
