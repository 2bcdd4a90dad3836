"""Runs the filters of a job over a sealed batch, once, and fixes what is sent.

On the driver: a batch of up to some thousand alerts is evaluated as a LocalRelation, without a job, and a larger one as
a Spark job on the executors (`filters/engine.py`). What `per_object` and `max_per_night` remember is one state, decided
in the order of all alerts of the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from jobs.common import faults
from jobs.ledger.records import Record
from jobs.ledger.sent_file import Sent, read_sent, sent_path, write_sent
from jobs.pipeline.filters import Filter, apply_state, empty_state
from jobs.pipeline.filters.judging import Budget, Judge
from jobs.pipeline.sinks.sink import SinkContext
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_table

# The one before the batch in hand, and one more for a look at what happened.
STATES_KEPT = 3


@dataclass
class MatchSink:
    """Finds the matches of a batch and writes what is sent beside the ledger, whether or not anybody publishes it."""

    spark: SparkSession
    layout: Layout
    stream: str
    filters: Sequence[Filter]
    durable: bool = False
    name: str = "filters"
    budget: Budget = field(default_factory=Budget)

    @classmethod
    def of(cls, filters: Sequence[Filter], budget: Budget, context: SinkContext) -> "MatchSink":
        """The sink of a stream.

        Parameters
        ----------
        filters : sequence of Filter
            Read and checked.
        budget : Budget
            What each may take for a batch.
        context : SinkContext
            Of the stream.
        """
        return cls(context.spark, context.layout, context.stream, filters, context.durable, budget=budget)

    def __post_init__(self) -> None:
        self._judge = Judge(self.spark, self.filters, self.budget)

    def write(self, batch: Record) -> dict[str, Any]:
        """Evaluate all filters over the sealed files of a batch.

        Parameters
        ----------
        batch : Record
            Sealed; its files are published.

        Returns
        -------
        dict of str to dict
            By filter: its version, what it asks for, and counts: matched, sent, held back, unknown.
        """
        science = [file for file in batch.files if file.table == "science"]
        files = [file.name for file in science]
        judged = self._judge.judge([self.layout.root / name for name in files])
        sent, state, held = apply_state(judged.matches, self._state_before(batch.batch), self.filters)
        self._keep_state(batch.batch, state)
        alerts = sum(file.rows for file in science)
        counts = {
            each.name: {
                "version": each.version,
                "cutouts": each.cutouts,
                "with_private": each.private,
                **held[each.name],
                **_unknown(judged.unknown.get(each.name), alerts),
            }
            for each in self.filters
        }
        write_sent(sent_path(self.layout, self.stream, batch.batch), Sent(_named(sent, files), counts), self.durable)
        faults.point("after_filter", batch.batch)
        return counts

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """The counts of a batch whose filters have run; None if they have not.

        Parameters
        ----------
        batch : Record
            Sealed.
        """
        sent = read_sent(self.layout, self.stream, batch.batch)
        return None if sent is None else sent.filters

    def _state_path(self, batch: int) -> Path:
        return self.layout.stream_ledger(self.stream) / f"{batch:09d}.state.parquet"

    def _state_before(self, batch: int) -> pa.Table:
        """The state after the latest batch before this one: never this one's own, should it run again."""
        before = [at for at in self._states() if at < batch]
        return pq.read_table(self._state_path(before[-1])) if before else empty_state()

    def _keep_state(self, batch: int, state: pa.Table) -> None:
        replace_table(self._state_path(batch), state, self.durable)
        for at in [at for at in self._states() if at <= batch][:-STATES_KEPT]:
            self._state_path(at).unlink(missing_ok=True)

    def _states(self) -> list[int]:
        paths = self.layout.stream_ledger(self.stream).glob("[0-9]*.state.parquet")
        return sorted(int(path.name.split(".")[0]) for path in paths)


def _unknown(reason: str | None, alerts: int) -> dict[str, Any]:
    """How many alerts a filter has not evaluated, and why."""
    return {"unknown": 0} if reason is None else {"unknown": alerts, "unknown_reason": reason}


def _named(sent: pa.Table, files: list[str]) -> pa.Table:
    """With the names of the files instead of their numbers, and without annotations that no filter has."""
    names = pa.array(files, pa.string()).take(sent["file"].combine_chunks())
    sent = sent.set_column(sent.schema.get_field_index("file"), "file", names).drop_columns(["is_public"])
    # Parquet cannot hold a struct without fields.
    empty = not sent.schema.field("annotations").type.num_fields
    return sent.drop_columns(["annotations"]) if empty else sent
