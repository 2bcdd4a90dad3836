"""Writes the sealed files of a batch into the store: one task per science file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from jobs.common import faults
from jobs.ledger.records import DataFile, Record
from jobs.ledger.sent_file import read_sent
from jobs.storage.layout import Layout
from jobs.store.science_file import ScienceFile, by_alert
from jobs.store.settings import StoreSettings
from jobs.store.tasks import write_files


@dataclass
class StoreSink:
    """Writes batches; what was written before a crash is written again, and is the same."""

    spark: SparkSession
    layout: Layout
    settings: StoreSettings
    name: str = "hbase"

    def write(self, batch: Record) -> dict[str, Any]:
        """Write a batch.

        Parameters
        ----------
        batch : Record
            Sealed, its files published; its filters have run if the job has any.

        Returns
        -------
        dict
            `written`: alerts; `tables`: rows by table; `store`: host:port of the Thrift server and namespace.

        Raises
        ------
        ServiceUnavailable
            If HBase does not answer: some of the batch may be there; it is written again, whole.
        StoreRefused
            If it has no such tables.
        """
        tables: Counter[str] = Counter()
        for rows in write_files(self.spark, self._files(batch), self.settings):
            tables.update(rows)
        faults.point("after_put", batch.batch)
        store = f"{self.settings.address}, namespace {self.settings.namespace}"
        return {"written": tables["alerts"], "tables": dict(sorted(tables.items())), "store": store}

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """None: a batch whose acknowledgement is not in the ledger is written again.

        Parameters
        ----------
        batch : Record
            Sealed.
        """
        return None

    def _files(self, batch: Record) -> list[ScienceFile]:
        sent = read_sent(self.layout, batch.stream, batch.batch)
        matches = by_alert(sent.matches) if sent is not None else {}
        cutouts = [file for file in batch.files if file.table == "cutouts"] if self.settings.cutouts else []
        root = self.layout.root
        return [
            ScienceFile(root / file.name, tuple(root / each.name for each in _beside(cutouts, file)), matches)
            for file in batch.files
            if file.table == "science"
        ]


def _beside(cutouts: Iterable[DataFile], science: DataFile) -> list[DataFile]:
    """The cutouts files that a science file's alerts may be in: its own part's, else all of its night."""
    night = [file for file in cutouts if file.night == science.night]
    own = [file for file in night if file.name.rsplit("/", 1)[-1] == science.name.rsplit("/", 1)[-1]]
    return own or night
