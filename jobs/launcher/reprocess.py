"""A release through the science modules on Spark: planned, worked through partition by partition, gone on with after a kill."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.common.java import find_java
from jobs.config import ConfigError
from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.run import check_output
from jobs.launcher.science import Science, prepare_science
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.sources.files.patterns import is_pattern, named
from jobs.releases.cells import sky_ranges
from jobs.releases.condition import condition
from jobs.releases.format import ReadOptions
from jobs.releases.formats import FORMATS
from jobs.releases.partition import Work, do
from jobs.releases.plan import CELLS, Plan, PlannedFile, cells_in_file, files_of, partitions
from jobs.releases.reading import Reading
from jobs.releases.records import QUARANTINED, WITHOUT_LIGHT_CURVES, Run
from jobs.spark.session import check_executors, session_for
from jobs.spark.warming import warm_workers
from jobs.storage.lock import OutputLock
from science_modules import registry

JOB = "reprocess"
_ROWS = "changes of the rows that Strix makes of the format"
_DONE = pa.schema([("partition", pa.int64())])
_LOOK_S = 5.0  # between two lines of progress at a terminal; elsewhere twelve times as long
# A third attempt means that a partition ended its worker twice, with a signal or by taking too long.
_LAST_ATTEMPT = 2


@dataclass(frozen=True)
class Reprocessed:
    """What a run did.

    Attributes
    ----------
    run : Run
    plan : Plan
    records : dict of int to dict
        Of all partitions, those of earlier runs too.
    done_before : int
        Partitions that an earlier run had done.
    left_out : mapping
        Modules that were left out, with the reason.
    seconds : float
        Of this run.
    """

    run: Run
    plan: Plan
    records: dict[int, dict[str, Any]]
    done_before: int
    left_out: Mapping[str, str]
    seconds: float


def reprocess(
    config: ReprocessConfig, spark: SparkSession | None = None, tell: Callable[[str], None] = lambda line: None
) -> Reprocessed:
    """Run modules over a release; what an earlier run into the same output has done is not done again.

    Parameters
    ----------
    config : ReprocessConfig
    spark : pyspark.sql.SparkSession, optional
        A session to run in; one of its own is started, and stopped at the end, otherwise.
    tell : callable
        Takes a line of progress.

    Raises
    ------
    ConfigError, EnvironmentProblem, OutputInUse, ArtefactError, ValueError
        Before anything is read; the message says both sides.
    """
    began = time.monotonic()
    run = Run.at(os.path.abspath(config.release.output))
    _check(config)
    science = prepare_science(config.science, config.release.options)
    if spark is None:
        find_java()
    check_output(run.layout.root)
    with OutputLock(run.layout.lock, JOB), _session(config, spark) as session:
        run.sweep()
        check_executors(session, science.names)
        plan = _planned(config, science, run, session)
        if config.release.retry:
            run.forget(QUARANTINED)
        before = run.records()
        waiting = [number for number in range(len(plan.partitions)) if number not in before]
        with _progress(run, plan, waiting, tell):
            _work(config, science, run, plan, waiting, session)
    return Reprocessed(run, plan, run.records(), len(before), science.left_out, time.monotonic() - began)


def _check(config: ReprocessConfig) -> None:
    release = config.release
    if not release.input:
        raise ConfigError("reprocess needs --input: files, directories or patterns of a release")
    for each in release.input:
        if not named(each):
            raise ConfigError(f"--input {each} is not there" + (", no path matches it" if is_pattern(each) else ""))
    sky_ranges(release.healpix)
    if release.where is not None:
        condition(release.where)
    FORMATS[release.format].check(_options(config))


@contextmanager
def _session(config: ReprocessConfig, spark: SparkSession | None) -> Iterator[SparkSession]:
    if spark is not None:
        yield spark
        return
    told = config.spark
    with session_for(JOB, told.master, told.driver_memory, told.settings) as session:
        warm_workers(session)
        yield session


def _options(config: ReprocessConfig) -> ReadOptions:
    release = config.release
    return ReadOptions(release.strict, release.columns, release.survey, release.baseline)


def _asked(config: ReprocessConfig, science: Science) -> dict[str, Any]:
    """All that decides what the tables hold."""
    release = config.release
    # What an output of an earlier version could not be asked for stands there only where it is.
    options = {f"{each.name}.{name}": value for each in science.modules for name, value in each.given}
    rows_changed = FORMATS[release.format].rows_changed
    return {
        "format": release.format,
        "input": [os.path.abspath(each) for each in release.input],
        "survey": release.survey,
        "columns": dict(release.columns),
        "strict": release.strict,
        "limit": release.limit,
        "healpix": list(release.healpix),
        "where": release.where,
        "modules": {name: f"{registry.get(name).version} {registry.source_hash(name)[:16]}" for name in science.names},
        **({"options": options} if options else {}),
        **({"baseline": release.baseline} if release.baseline is not None else {}),
        **({WITHOUT_LIGHT_CURVES: True} if release.without_light_curves else {}),
        **({_ROWS: rows_changed} if rows_changed else {}),
    }


def _planned(config: ReprocessConfig, science: Science, run: Run, spark: SparkSession) -> Plan:
    """The plan that the output has, if it is for what is asked; else a new one."""
    asked, known = _asked(config, science), run.plan()
    if known is None:
        run.keep_plan(_new_plan(config, asked, spark))
        known = run.plan()
    assert known is not None
    if known.asked != asked:
        differ = [name for name in {**known.asked, **asked} if known.asked.get(name) != asked.get(name)]
        told = "; ".join(f"{name} was {known.asked.get(name)!r}, now {asked.get(name)!r}" for name in differ)
        raise ConfigError(f"{run.layout.root} holds a run over something else: {told}; name another --output")
    return known


def _new_plan(config: ReprocessConfig, asked: dict[str, Any], spark: SparkSession) -> Plan:
    release, told = FORMATS[config.release.format], config.release
    paths = files_of(told.input, release)
    if not paths:
        raise ConfigError(f"no file in {', '.join(told.input)} ends in {' or '.join(release.endings)}")
    files = tuple(PlannedFile.of(path) for path in paths)
    tasks = min(len(paths), max(config.spark.tasks_per_batch, len(paths) // 16))
    step = _Indexing(tuple(paths), told.format, _options(config))
    cells = spark.range(0, len(paths), 1, tasks).mapInArrow(step, from_arrow_schema(CELLS)).toArrow()
    bad = cells.filter(cells["reason"].is_valid()).to_pylist()
    refused = [{"file": paths[row["file"]], "reason": row["reason"], "message": row["message"]} for row in bad]
    good = cells.filter(cells["reason"].is_null())
    runs = partitions(good, told.partition_points, sky_ranges(told.healpix), told.limit)
    return Plan(asked, files, tuple(sorted(refused, key=lambda each: each["file"])), runs)


@dataclass(frozen=True)
class _Indexing:
    """A task of planning, pickled to the executors: files by number to their cells."""

    paths: tuple[str, ...]
    format: str
    options: ReadOptions

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                cells = cells_in_file(number, self.paths[number], FORMATS[self.format], self.options)
                yield from cells.combine_chunks().to_batches(max_chunksize=65536)


def _work(
    config: ReprocessConfig, science: Science, run: Run, plan: Plan, waiting: Sequence[int], spark: SparkSession
) -> None:
    """One Spark job, a task per partition; a task publishes and records what it did, so that no driver is waited for."""
    if not waiting:
        return
    step = _Step(
        tuple(waiting),
        str(run.layout.root),
        spark.sparkContext.broadcast((plan, dict(science.artefacts))),
        science.names,
        config,
    )
    spark.range(0, len(waiting), 1, len(waiting)).mapInArrow(step, from_arrow_schema(_DONE)).toArrow()


@dataclass(frozen=True)
class _Step:
    """What a task needs, pickled to the executors."""

    waiting: tuple[int, ...]
    output: str
    shared: Any
    modules: tuple[str, ...]
    config: ReprocessConfig

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        attempt = context.attemptNumber() if context is not None else 0
        for batch in batches:
            for row in batch.column(0).to_pylist():
                self._do(self.waiting[row], attempt)
                yield pa.RecordBatch.from_pydict({"partition": [self.waiting[row]]}, schema=_DONE)

    def _do(self, number: int, attempt: int) -> None:
        work = self._prepared()
        if work.run.is_done(number):  # by an attempt whose executor was lost before it could say so
            return
        if attempt >= _LAST_ATTEMPT:
            told = f"ended its worker {attempt} times, by a signal or by more than the limits allow"
            work.run.record(number, {"state": QUARANTINED, "message": told})
            return
        do(work, number)

    def _prepared(self) -> Work:
        plan, artefacts = self.shared.value
        config, release = self.config, self.config.release
        watchdog = Watchdog(Limits(config.limits.module_timeout_s, config.limits.module_memory_mb))
        on_error: Literal["null", "raise"] = "raise" if config.science.on_error == "raise" else "null"
        return Work(
            run=Run.at(Path(self.output)),
            reading=Reading(
                plan=plan,
                release=FORMATS[release.format],
                options=_options(config),
                ranges=sky_ranges(release.healpix),
                where=condition(release.where) if release.where is not None else None,
            ),
            enrichment=Enrichment(registry.resolve(self.modules, release.options), artefacts, on_error, watchdog),
            light_curves=not release.without_light_curves,
            on_error=on_error,
            rest=watchdog.rest,
        )


@contextmanager
def _progress(run: Run, plan: Plan, waiting: Sequence[int], tell: Callable[[str], None]) -> Iterator[None]:
    """A line now and then: what is done, how long the rest will take."""
    look = Look(run, plan, tuple(waiting))
    ended = threading.Event()
    every = _LOOK_S if sys.stderr.isatty() else 12 * _LOOK_S

    def watch() -> None:
        while not ended.wait(every):
            tell(look.line())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True)
class Look:
    """How far a run is.

    Attributes
    ----------
    run : Run
    plan : Plan
    waiting : tuple of int
        Partitions that were not done when it began.
    began : float
        Monotonic clock [s].
    """

    run: Run
    plan: Plan
    waiting: tuple[int, ...]
    began: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """Partitions done of all, share of the weight, time left."""
        parts = self.plan.partitions
        done = [number for number in self.waiting if self.run.is_done(number)]
        weight, total = sum(parts[each].weight for each in done), sum(parts[each].weight for each in self.waiting)
        before = len(parts) - len(self.waiting)
        share = 100 * weight / total if total else 100.0
        left = (time.monotonic() - self.began) * (total - weight) / weight if weight else None
        rest = "time left not known yet" if left is None else f"about {left / 60:.1f} min left"
        return f"{before + len(done)} of {len(parts)} partitions, {share:.0f} % of this run's points, {rest}"
