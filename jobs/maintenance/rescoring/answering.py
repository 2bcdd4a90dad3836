"""The first of two steps, on the executors: answers for the rows of a plan, in files of their own."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import TaskContext

from jobs.common import faults
from jobs.maintenance.rescoring.cutouts import StampReader
from jobs.maintenance.rescoring.inputs import ScienceRows, input_schema, reads_stamps
from jobs.maintenance.rescoring.windows import Stamps, blocks
from jobs.pipeline.batch.stage import CHUNK_MESSAGES, GUARDED_ATTEMPT
from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.enrichment.isolation import Limits, Watchdog, WorkerCrash, bisect
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.tables import science_schema
from science_modules import registry
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import ScienceModule
from science_modules.common.results import reason_column

NO_STAMPS = "no input: the alert's stamps are in neither cutouts nor raw any more"
PLACE = ("file", "group", "row")
# What a task tells the driver: one line of JSON per piece of work.
TOLD = pa.schema([("told", pa.string())])


@dataclass(frozen=True)
class Answering:
    """What a task needs, pickled to the executors; callable by `mapInArrow`. Row i of the input stands for window i.

    Attributes
    ----------
    directory : str
        Where answers are written.
    plan : str
        `windows.write_windows` wrote it.
    science : tuple of str
        The science files, by number.
    stamps : tuple of Stamps
        Files with cutouts, by number.
    lacking : tuple of dict
        Per set of lacking columns: modules that cannot answer, and why.
    modules, read : tuple of str
        Modules that are run, and those whose answers are read from the files.
    """

    directory: str
    plan: str
    science: tuple[str, ...]
    stamps: tuple[Stamps, ...]
    lacking: tuple[Mapping[str, str], ...]
    modules: tuple[str, ...]
    read: tuple[str, ...]
    surveys: tuple[str, ...]
    schemas: str | SchemaPlaces | None
    now_mjd: float
    limits: Limits
    artefacts: Callable[[], Mapping[str, Mapping[str, bytes]]]
    on_error: Literal["null", "raise"] = "null"

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Work through one task; yields a line per window."""
        context = TaskContext.get()
        science = _Science(self, guarded=bool(context and context.attemptNumber() >= GUARDED_ATTEMPT))
        for batch in batches:
            for number in batch.column(0).to_pylist():
                told = {"window": number, "file": self._window(science, number)}
                yield pa.RecordBatch.from_pydict({"told": [json.dumps(told)]}, schema=TOLD)

    def _window(self, science: "_Science", number: int) -> str:
        name = f"answers-{number:06d}-{uuid.uuid4().hex[:12]}.parquet"
        with pq.ParquetFile(self.plan) as file:
            plan = file.read_row_group(number)
        with pq.ParquetWriter(Path(self.directory) / name, science.schema, compression="zstd") as writer:
            for table in science.answers(plan):
                writer.write_table(table)
                faults.maintenance("in_answers")
        return name


class _Science:
    """The modules over the rows of a window."""

    def __init__(self, task: Answering, guarded: bool) -> None:
        self.task = task
        self.guarded = guarded
        self.modules = [registry.get(name) for name in task.modules]
        read = [registry.get(name) for name in task.read]
        self.rows = ScienceRows(task.science, input_schema(self.modules, read))
        self.stamps = StampReader(task.stamps, decoder(task.surveys, task.schemas), task.now_mjd)
        self.with_stamps = any(map(reads_stamps, self.modules))
        self.watchdog = Watchdog(task.limits)
        self.artefacts = task.artefacts()
        self.columns = [science_schema([module]).field(module.name) for module in self.modules]
        self.schema = pa.schema([*((name, pa.int32()) for name in PLACE), *self.columns])

    def answers(self, plan: pa.Table) -> Iterator[pa.Table]:
        """Answers for the rows of a plan, with their place."""
        inputs, at = self.rows.take(plan), 0
        for block in blocks(plan, CHUNK_MESSAGES):
            table = inputs.slice(at, block.num_rows)
            at += block.num_rows
            if self.with_stamps:
                self.watchdog.step("stamps")
                stamps = self.stamps.take(block)
                for name in stamps.column_names:
                    table = table.append_column(name, stamps[name])
            enrichment = self._enrichment(block)
            answers = self._guarded(enrichment, table) if self.guarded else self._run(enrichment, table)
            self.watchdog.rest()
            columns = [*(block[name] for name in PLACE), *(answers[field.name] for field in self.columns)]
            yield pa.Table.from_arrays(columns, schema=self.schema)

    def _enrichment(self, block: pa.Table) -> Enrichment:
        """The modules for a block of rows: those that lack an input there give the reason."""
        silent = dict(self.task.lacking[block["lacks"][0].as_py()])
        if block["stamps"][0].as_py() < 0:
            silent |= {module.name: NO_STAMPS for module in self.modules if reads_stamps(module)}
        modules = [_silent(module, silent[module.name]) if module.name in silent else module for module in self.modules]
        return Enrichment(modules, self.artefacts, self.task.on_error, self.watchdog)

    def _run(self, enrichment: Enrichment, table: pa.Table) -> pa.Table:
        return enrichment.run(table).select([module.name for module in self.modules])

    def _guarded(self, enrichment: Enrichment, table: pa.Table) -> pa.Table:
        """The same in child processes: an alert that kills or hangs its process has no answer, with the reason."""

        def some(rows: list[int]) -> pa.Table:
            return self._run(enrichment, table.take(pa.array(rows)))

        tables = []
        for outcome in bisect(some, range(table.num_rows), self.watchdog):
            tables.append(outcome if isinstance(outcome, pa.Table) else self._dead(outcome[1]))
        return pa.concat_tables(tables)

    def _dead(self, crash: WorkerCrash) -> pa.Table:
        reason = f"failed: killed_worker: its process {crash.how} in {crash.step}"
        return pa.table({module.name: reason_column(module, reason, 1) for module in self.modules})


def _silent(module: ScienceModule, reason: str) -> ScienceModule:
    """The module without its run: every alert has the same reason."""
    return replace(module, load=None, run=partial(_nothing, module, reason))


def _nothing(module: ScienceModule, reason: str, batch: AlertBatch, state: Any) -> pd.DataFrame:
    del state
    nothing = {field.name: np.full(len(batch), None, dtype=object) for field in module.outputs}
    return pd.DataFrame({**nothing, "error": np.full(len(batch), reason, dtype=object)})
