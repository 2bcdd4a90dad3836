"""The life of a batch: plan, stage, dedupe, seal, publish, store, close. Tasks write, the driver commits.

After SIGKILL at any point a restart either stages the batch again from the same plan or finishes what was sealed.
"""

import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from jobs.common import faults
from jobs.ledger.counts import Counts, add_counts, count_science, failures
from jobs.ledger.id_index import IdIndex, span
from jobs.ledger.not_sent import not_sent
from jobs.ledger.records import KEPT_IDS, DataFile, LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import ServiceUnavailable, raise_problem
from jobs.packets.reading import add_tallies
from jobs.packets.rejections import Refusal
from jobs.pipeline.batch.dedupe import DedupResult, deduplicate, dropped_rows, rewrite_without
from jobs.pipeline.batch.environment import ExecutorsDiffer
from jobs.pipeline.batch.manifests import Staged, gather
from jobs.pipeline.batch.night_file import NightFile
from jobs.pipeline.batch.refetch import find_packets
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.batch.staging import ORIGIN, Tables, by_night
from jobs.pipeline.enrichment.refusals import refusals_table
from jobs.pipeline.sinks.sink import Sink, write_all
from jobs.pipeline.sources.source import Source
from jobs.pipeline.sources.tasks import in_tasks
from jobs.storage.checksums import size_and_crc
from jobs.storage.layout import Layout
from jobs.storage.writing import make_folder, sync_directory, sync_file


class TooManyFailures(RuntimeError):
    """A module failed on more alerts than `max_failures_per_batch`; the batch was not sealed."""


@dataclass
class BatchProcessor:
    """Takes planned batches of one stream through their life.

    Parameters
    ----------
    ledger : StreamLedger
        Of the stream.
    index : IdIndex
        Ids of the sealed batches.
    sinks : sequence of Sink
        In the order in which a batch goes through them.
    run : str
        A uuid of the driver's start.
    """

    spark: SparkSession
    layout: Layout
    ledger: StreamLedger
    source: Source
    spec: BatchSpec
    index: IdIndex
    sinks: Sequence[Sink] = ()
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def process(self, plan: Plan, run_tasks: Callable[[], pa.Table]) -> Record:
        """Take a planned batch from stage to close.

        Parameters
        ----------
        plan : Plan
            In the ledger already.
        run_tasks : callable
            Runs the tasks; one row of staging.manifest_schema for each.

        Returns
        -------
        Record
            Closed.

        Raises
        ------
        TooManyFailures
            If a module failed too often; nothing is sealed.
        ServiceUnavailable
            If the source did not answer: nothing is sealed; or a sink: `finish` goes on.
        ExecutorsDiffer
            If an executor has another Python, pyarrow or module than the driver; nothing is sealed.
        InputChanged, InputUnreadable
            If a planned file is not what it was when it was planned, before or after it was read; nothing is sealed.
        """
        faults.point("after_plan", plan.batch)
        clock = _Clock()
        staged = clock.time("stage", lambda: self._stage(plan, run_tasks))
        faults.point("after_stage", plan.batch)
        kept = clock.time("dedupe", lambda: self._dedupe(plan, staged))
        faults.point("after_dedupe", plan.batch)
        record = clock.time("seal", lambda: self._seal(plan, staged, kept))
        return self.finish(replace(record, timings_s=clock.seconds))

    def finish(self, record: Record) -> Record:
        """Take a sealed batch through publish, store and close; a closed one is only noted in the index.

        Parameters
        ----------
        record : Record
            Sealed or closed.

        Returns
        -------
        Record
            Closed.

        Raises
        ------
        ServiceUnavailable
            If a sink's other side does not answer: the batch stays sealed.
        LedgerError
            If a file of the batch is neither staged nor published.
        """
        clock = _Clock(dict(record.timings_s))
        if record.state != "closed":
            clock.time("publish", lambda: self._publish(record))
            faults.point("after_publish", record.batch)
            counts = clock.time("store", lambda: write_all(self.sinks, record))
            faults.point("after_store", record.batch)
            left = not_sent(record, [sink.name for sink in self.sinks])
            sinks = {"parquet": _rows(record.files), **counts, **({"not_sent": left} if left else {})}
            record = replace(record, state="closed", sinks=sinks, timings_s=clock.seconds)
            faults.point("before_close", record.batch)
            self.ledger.write(record)
            shutil.rmtree(self.layout.batch_staging(record.stream, record.batch), ignore_errors=True)
        self.index.add(record)
        faults.point("after_close", record.batch)
        return record

    def _stage(self, plan: Plan, run_tasks: Callable[[], pa.Table]) -> Staged:
        directory = self.layout.batch_staging(plan.stream, plan.batch)
        if faults.armed("in_stage", plan.batch):
            threading.Thread(target=_die_when_staged, args=(directory, plan.batch), daemon=True).start()
        staged = gather(run_tasks())
        if staged.differs:
            raise ExecutorsDiffer(staged.differs)
        if staged.unavailable:
            raise ServiceUnavailable(staged.unavailable)
        raise_problem(staged.problem)
        self._check_failures(staged)
        return staged

    def _check_failures(self, staged: Staged) -> None:
        found = failures(staged.nights)
        if sum(found.values()) > self.spec.max_failures:
            commonest, count = found.most_common(1)[0]
            raise TooManyFailures(
                f"{sum(found.values())} answers failed, max_failures_per_batch is {self.spec.max_failures};"
                f" commonest ({count} times): {commonest}"
            )

    def _dedupe(self, plan: Plan, staged: Staged) -> pa.Table:
        result = deduplicate(staged.ids, self.index)
        if result.kept.num_rows == staged.ids.num_rows:
            return result.kept
        directory = self.layout.batch_staging(plan.stream, plan.batch)
        dropped = dropped_rows([result.duplicates, result.conflicts])
        self._quarantine_conflicts(plan, staged, result, directory)
        self._rewrite(staged, dropped, directory)
        for night, rows in by_night(result.duplicates, result.duplicates["night"]):
            add_counts(staged.nights[night], {"duplicates": rows.num_rows, "decoded": -rows.num_rows})
        for night, rows in by_night(result.conflicts, result.conflicts["night"]):
            add_counts(
                staged.nights[night], {"quarantined": {"conflicting_id": rows.num_rows}, "decoded": -rows.num_rows}
            )
        return result.kept

    def _quarantine_conflicts(self, plan: Plan, staged: Staged, result: DedupResult, directory: Path) -> None:
        """Write the conflicting packets, read once more from the source, to quarantine."""
        if not result.conflicts.num_rows:
            return
        found = refetch(self.source, self.spark, plan, self.spec, result.conflicts, directory)
        schema = Tables.of((), ()).schemas["quarantine"]
        for night, rows in by_night(found, found["night"]):
            file = NightFile(directory / f"{self.run}-conflicts-quarantine-{night}.parquet", schema)
            file.append(rows)
            file.close()
            staged.files.append(_file_entry("quarantine", night, file, "conflicts"))

    def _rewrite(self, staged: Staged, dropped: dict[tuple[str, str], list[int]], directory: Path) -> None:
        """Leave the dropped rows out of every file that holds one, and out of the science counts."""
        for entry in list(staged.files):
            rows = dropped.get((entry["part"], entry["night"]))
            if not rows or entry["table"] == "quarantine":
                continue
            path = directory / entry["staged"]
            if entry["table"] == "science":
                self._uncount(staged.nights[entry["night"]], path, rows)
            rewritten = rewrite_without(path, rows)
            path.unlink()
            if rewritten is None:
                staged.files.remove(entry)
            else:
                new, table = rewritten
                entry.update(staged=new.name, rows=table.num_rows, **size_and_crc(new))

    def _uncount(self, night: Counts, path: Path, rows: list[int]) -> None:
        gone = count_science(pq.read_table(path).take(pa.array(rows)), self.spec.modules)
        add_counts(night, _negative(gone))

    def _seal(self, plan: Plan, staged: Staged, kept: pa.Table) -> Record:
        nights = {night: _without_zeros(counts) for night, counts in sorted(staged.nights.items())}
        record = Record(
            plan=plan,
            run=self.run,
            tables=self.spec.tables,
            nights=nights,
            files=tuple(self._named(plan, staged.files)),
            ids=span(kept),
            hashes=self.spec.hashes,
            tallies=add_tallies(staged.tallies),
        )
        if self.spec.durable:
            self._sync(record)
        self.ledger.write_ids(plan.batch, kept.select(KEPT_IDS.names))
        faults.point("before_seal", plan.batch)
        self.ledger.write(record)
        faults.point("after_seal", plan.batch)
        return record

    def _named(self, plan: Plan, entries: list[dict[str, Any]]) -> list[DataFile]:
        """Final names; parts are numbered per table and night in the order of the staged names."""
        staging = self.layout.batch_staging(plan.stream, plan.batch).relative_to(self.layout.root)
        parts: dict[tuple[str, str], int] = {}
        files = []
        for entry in sorted(entries, key=lambda each: (each["table"], each["night"], each["staged"])):
            key = (entry["table"], entry["night"])
            part = parts[key] = parts.get(key, -1) + 1
            final = self.layout.published(*key, plan.stream, plan.batch, part).relative_to(self.layout.root)
            files.append(DataFile(*key, str(final), str(staging / entry["staged"]), *_sizes(entry)))
        return files

    def _sync(self, record: Record) -> None:
        for file in record.files:
            sync_file(self.layout.root / file.staged)
        sync_directory(self.layout.batch_staging(record.stream, record.batch))

    def _publish(self, record: Record) -> None:
        for file in record.files:
            staged, final = self.layout.root / file.staged, self.layout.root / file.name
            make_folder(final.parent, self.spec.durable)
            if staged.exists():
                os.replace(staged, final)
                faults.point("in_publish", record.batch)
            elif not final.exists():
                raise LedgerError(f"batch {record.batch} names {file.name}, and neither it nor {file.staged} is there")
        if self.spec.durable:
            for directory in {(self.layout.root / file.name).parent for file in record.files}:
                sync_directory(directory)


def refetch(
    source: Source, spark: SparkSession, plan: Plan, spec: BatchSpec, conflicts: pa.Table, directory: Path
) -> pa.Table:
    """The conflicting packets as quarantine rows, read once more through the source.

    Parameters
    ----------
    source : Source
        Of the batch.
    spark : SparkSession
        Reads them by tasks.
    plan : Plan
        Of the batch.
    spec : BatchSpec
        Of the job.
    conflicts : pyarrow.Table
        Rows of staging.ID_ROWS.
    directory : Path
        The batch's staging folder.

    Returns
    -------
    pyarrow.Table
        Columns of QUARANTINE and `night`.

    Raises
    ------
    ServiceUnavailable
        If the source does not answer.
    InputChanged, InputUnreadable
        If a file is not what it was when it was planned.
    """
    wanted = conflicts.select(["survey", "alert_id", "content_hash", "night", *ORIGIN]).to_pylist()
    ready = source.ready(plan.ranges, directory / "again")
    works = in_tasks(ready, source.tasks, spark.sparkContext.defaultParallelism)
    found = find_packets(spark, works, source.reader, spec.surveys, spec.schemas, wanted)
    refusal = Refusal("conflicting_id", "another measurement is committed under this id", "dedupe")
    return refusals_table(
        [refusal] * len(found),
        values=[each["value"] for each in found],
        schemas=[each["schema"] for each in found],
        provenance=[each["provenance"] for each in found],
        nights=[(each["night"], "packet") for each in found],
        surveys=[each["survey"] for each in found],
        alert_ids=[each["alert_id"] for each in found],
    )


def _file_entry(table: str, night: str, file: NightFile, part: str) -> dict[str, Any]:
    names = {"table": table, "night": night, "staged": file.path.name, "part": part}
    return {**names, "rows": file.rows, **size_and_crc(file.path)}


def _sizes(entry: dict[str, Any]) -> tuple[int, int, int]:
    return entry["rows"], entry["bytes"], entry["crc"]


def _rows(files: Sequence[DataFile]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for file in files:
        rows[file.table] = rows.get(file.table, 0) + file.rows
    return rows


def _negative(counts: Counts) -> Counts:
    return {key: _negative(value) if isinstance(value, dict) else -value for key, value in counts.items()}


def _without_zeros(counts: Counts) -> Counts:
    """Reasons that no row has any more are left out; the fixed numbers stay."""
    cleaned: Counts = {}
    for key, value in counts.items():
        if isinstance(value, dict):
            inner = _without_zeros(value) if key == "modules" or "answered" in value else value
            cleaned[key] = {name: number for name, number in inner.items() if number != 0 or name == "answered"}
        else:
            cleaned[key] = value
    return cleaned


def _die_when_staged(directory: Path, batch: int) -> None:
    while not any(directory.glob("*.parquet")):
        time.sleep(0.005)
    faults.point("in_stage", batch)


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, step: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        value = step()
        self.seconds[name] = round(time.perf_counter() - start, 4)
        return value
