"""The door for whatever a sealed batch is written to beyond Parquet: HBase, Kafka."""

from typing import Any, Protocol

from jobs.ledger.records import Record
from jobs.storage.layout import Layout


class Sink(Protocol):
    """Writes a sealed and published batch somewhere else, once.

    A sink is called again with the same batch after a crash, so `write` must be idempotent or ask `committed` of the
    other side first. What it returns goes into the ledger and is all that `strix ledger check` believes.
    """

    name: str

    def write(self, layout: Layout, batch: Record) -> dict[str, Any]:
        """Write the batch; the counts that the other side acknowledged."""
        ...

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """The counts of this batch if the other side already holds it, else None."""
        ...
