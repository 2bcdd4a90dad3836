"""The second step, on the executors: science files written again with new answers, every other column as it was."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.common import faults
from jobs.ledger.counts import Counts, add_counts, count_module
from jobs.ledger.records import LedgerError
from jobs.maintenance.rescoring.answering import PLACE, TOLD
from jobs.pipeline.batch.night_file import FEW_ROWS, write_parquet_options
from jobs.pipeline.tables import science_schema
from jobs.storage.checksums import size_and_crc
from science_modules import registry

NOT_RUN = "not run"
_IDENTITY = ["survey", "alert_id", "content_hash"]


@dataclass(frozen=True)
class Rewritten:
    """A file to write.

    Attributes
    ----------
    path : str
        The science file as it is.
    file : int
        Its number in the plan.
    groups : tuple of int
        The row groups that the new file holds.
    answers : tuple of str
        Files that hold its answers, among others.
    """

    path: str
    file: int
    groups: tuple[int, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Rewriting:
    """What a task needs, pickled to the executors; callable by `mapInArrow`. Row i of the input stands for works[i]."""

    directory: str
    works: tuple[Rewritten, ...]
    modules: tuple[str, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Work through one task; yields a line per file."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                told = {"work": number, **_File(self, self.works[number]).write()}
                yield pa.RecordBatch.from_pydict({"told": [json.dumps(told)]}, schema=TOLD)


class _File:
    """A science file that is written again."""

    def __init__(self, task: Rewriting, work: Rewritten) -> None:
        self.task = task
        self.work = work
        self.old = pq.ParquetFile(work.path)
        new = science_schema([registry.get(name) for name in task.modules])
        self.fields = [new.field(name) for name in task.modules]
        self.modules: dict[str, Counts] = {name: {} for name in task.modules}

    def write(self) -> dict[str, Any]:
        """Write it and read it again; name, rows, bytes, and per module the numbers before and now."""
        path = Path(self.task.directory) / f"science-{self.work.file:06d}-{uuid.uuid4().hex[:12]}.parquet"
        schema = with_columns(self.old.schema_arrow, self.fields)
        rows = sum(self.old.metadata.row_group(group).num_rows for group in self.work.groups)
        options = write_parquet_options(schema, "snappy" if rows < FEW_ROWS else "zstd")
        kept = []
        with pq.ParquetWriter(path, schema, **options) as writer:
            for group in self.work.groups:
                table = self.old.read_row_group(group)
                kept.append(table.select(_IDENTITY))
                writer.write_table(self._answered(table, group, schema), row_group_size=max(table.num_rows, 1))
                faults.maintenance("in_rewrite")
        if not pq.read_table(path, columns=_IDENTITY, partitioning=None).equals(pa.concat_tables(kept)):
            raise LedgerError(f"{self.work.path}: what was written does not hold the rows that were read")
        return {"staged": path.name, "rows": rows, **size_and_crc(path), "modules": self.modules}

    def _answered(self, table: pa.Table, group: int, schema: pa.Schema) -> pa.Table:
        """A row group with its new answers."""
        answers = self._answers(group, table.num_rows)
        for field in self.fields:
            old = table[field.name].combine_chunks() if field.name in table.column_names else None
            add_counts(self.modules[field.name], _compared(old, answers[field.name].combine_chunks()))
        columns = [answers[name] if name in self.modules else table[name] for name in schema.names]
        return pa.Table.from_arrays(columns, schema=schema)

    def _answers(self, group: int, rows: int) -> pa.Table:
        """The answers for a row group, in the order of its rows."""
        here = (pc.field("file") == self.work.file) & (pc.field("group") == group)
        paths = [str(Path(self.task.directory) / name) for name in self.work.answers]
        found = pq.read_table(paths, filters=here, partitioning=None).sort_by("row")
        if not np.array_equal(found["row"].to_numpy(), np.arange(rows)):
            raise LedgerError(f"{self.work.path}: row group {group} has {rows} rows, {found.num_rows} were answered")
        return found.drop_columns(list(PLACE))


def with_columns(schema: pa.Schema, fields: Sequence[pa.Field]) -> pa.Schema:
    """A schema with some columns replaced, where it has them, or behind its last.

    Parameters
    ----------
    schema : pyarrow.Schema
    fields : sequence of pyarrow.Field
        The columns to replace or add.
    """
    for field in fields:
        place = schema.get_field_index(field.name)
        schema = schema.append(field) if place < 0 else schema.set(place, field)
    return schema


def _compared(old: pa.StructArray | None, new: pa.StructArray) -> Counts:
    """Versions and numbers of a module before, its numbers now, and how many answers were lost because an input is gone."""
    if old is None:
        return {"before": {NOT_RUN: len(new)}, "was": {}, "now": count_module(new), "lost": 0}
    versions = Counter(str(each or NOT_RUN) for each in pc.struct_field(old, "version").to_pylist())
    gone = pc.fill_null(pc.starts_with(pc.struct_field(new, "error"), "no input"), False)
    lost = int(np.count_nonzero(_answered(old) & ~_answered(new) & gone.to_numpy(zero_copy_only=False)))
    return {"before": dict(versions), "was": count_module(old), "now": count_module(new), "lost": lost}


def _answered(column: pa.StructArray) -> Any:
    """Which alerts have any output."""
    answered = np.zeros(len(column), dtype=bool)
    for place, field in enumerate(column.type):
        if field.name not in ("version", "error"):
            answered |= column.field(place).is_valid().to_numpy(zero_copy_only=False)
    return answered
