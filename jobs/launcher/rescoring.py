"""Nights of an output scored again in place: `strix enrich --again`."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import SparkSession

from jobs.common.java import find_java
from jobs.common.times import tai_of_unix
from jobs.config import ConfigError, JobConfig
from jobs.launcher.run import check_output, schema_places, session_of
from jobs.launcher.science import without_weights
from jobs.ledger.changes import Change
from jobs.ledger.counts import Counts, failures
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.rescored import counts_of
from jobs.maintenance.rescoring.choice import Choice, choose
from jobs.maintenance.rescoring.inputs import reads_stamps
from jobs.maintenance.rescoring.night import Rescoring
from jobs.maintenance.rescoring.recipes import made_with
from jobs.maintenance.stored_files import KnownParts, all_nights, names
from jobs.modules import weights as models
from jobs.pipeline.enrichment.isolation import Limits
from jobs.spark.session import check_executors
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock
from jobs.store.back_fill import load
from jobs.store.settings import StoreSettings, settings_of
from jobs.store.writing import require_tables
from science_modules import registry

JOB = "enrich --again"


@dataclass(frozen=True)
class Asked:
    """What is to be scored again.

    Attributes
    ----------
    nights : tuple of str
        YYYYMMDD or `unknown`.
    named : bool
        Whether the modules of the configuration were named for this; otherwise those that have no input any more are left
        as they are.
    keep_old : bool
        Keep the replaced files under `_replaced/`.
    """

    nights: tuple[str, ...]
    named: bool = True
    keep_old: bool = False


@dataclass(frozen=True)
class NightDone:
    """What became of a night.

    Attributes
    ----------
    change : Change or None
        None if nothing would have changed.
    notes : tuple of str
        What a person should know of it.
    """

    night: str
    choice: Choice
    change: Change | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rescored:
    """What a run did.

    Attributes
    ----------
    left_out : dict of str to str
        The modules that were left out, with the reason.
    stored : dict of str to int
        By night, the alerts that were written to HBase; empty without a section `hbase`.
    """

    layout: Layout
    nights: tuple[NightDone, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)


def rescore(config: JobConfig, asked: Asked, spark: SparkSession | None = None) -> Rescored:
    """Run modules over nights that are scored, and put their answers in place, one night after the other.

    Parameters
    ----------
    config : JobConfig
        `output` holds the nights, `modules` are run; nothing is sent to topics or sinks.
    asked : Asked
        Which nights, and what becomes of the replaced files.
    spark : pyspark.sql.SparkSession, optional
        A session to run in; one of its own is started, and stopped at the end, otherwise.

    Raises
    ------
    ConfigError, EnvironmentProblem, OutputInUse, LedgerError, ArtefactError, ValueError
        Before anything is changed; the message says both sides.
    TooManyFailures
        If modules failed on too many alerts of a night: it is as it was.
    ServiceUnavailable, StoreRefused
        If the HBase of section `hbase` does not answer, or has no tables: before anything is changed. If it goes away
        later, nights are scored and not in HBase; the same again writes them.
    """
    store = _store(config)
    layout = Layout.of(config.tables.output)
    if not layout.ledger.is_dir():
        raise ConfigError(
            f"{layout.root} has no ledger; --output should be the output of a job, whose nights are scored"
        )
    check_output(layout.root)
    with OutputLock(layout.lock, JOB):
        maintenance = NightMaintenance(layout, config.tables.durable)
        maintenance.recover()  # a kill may have left a night that is not in its place
        _check_nights(layout, asked.nights)
        left_out: dict[str, str] = {}
        plans = [_plan(config, asked, layout, night, left_out) for night in dict.fromkeys(asked.nights)]
        run = list(dict.fromkeys(name for plan in plans for name in plan.choice.run))
        done, stored = plans, dict[str, int]()
        if run or store:
            if spark is None:
                find_java()
            with session_of(JOB, config, spark) as session:
                done = list(_nights(config, asked, maintenance, plans, run, session)) if run else plans
                stored = _stored(session, layout, [plan.night for plan in plans], store) if store else stored
        maintenance.sweep(wait=True)
    return Rescored(layout, tuple(done), left_out, stored)


def _store(config: JobConfig) -> StoreSettings | None:
    """The HBase that the configuration names, if it does; cutouts stay as they are."""
    section = vars(config.sinks).get("hbase")
    if not section:
        return None
    settings = replace(settings_of(section), cutouts=False)
    require_tables(settings.address, settings.namespace)
    return settings


def _stored(spark: SparkSession, layout: Layout, nights: Sequence[str], store: StoreSettings) -> dict[str, int]:
    """Write nights to HBase, as far as their files are not there: what was broken off after the exchange, too."""
    stored = dict.fromkeys(nights, 0)
    for each in load(spark, layout, nights, store):
        stored[each.night] += each.alerts
    return stored


def _check_nights(layout: Layout, asked: Sequence[str]) -> None:
    """Raise ConfigError for a night that is not there, or has no science."""
    there, scored = all_nights(layout), layout.nights("science")
    listed = f"{len(scored)}, {scored[0]} to {scored[-1]}" if scored else "none"
    if not asked:
        raise ConfigError(f"--again needs --night YYYYMMDD; nights of {layout.root} that have science: {listed}")
    for night in asked:
        if night not in there:
            raise ConfigError(f"no night {night} in {layout.root}; nights that have science: {listed}")
        if night not in scored:
            raise ConfigError(
                f"night {night} of {layout.root} has no science to score again; score its packets first:"
                f" strix enrich --input {layout.root} --output {layout.root}"
            )


def _plan(config: JobConfig, asked: Asked, layout: Layout, night: str, left_out: dict[str, str]) -> NightDone:
    """What is done with a night, and what a person should know of it; adds to `left_out`."""
    parts = KnownParts(layout).of("science", night)
    notes = []
    if strangers := len(set(names(layout, "science", night)) - {part.name for part in parts}):
        notes.append(
            f"{strangers} files are of no closed batch and stay as they are; start the job that wrote them again"
        )
    if not parts:
        raise ConfigError(
            f"night {night} of {layout.root} cannot be scored again: {notes[0] if notes else 'it has no files'}"
        )
    wanted = list(config.science.modules)
    if not asked.named and not _has_stamps(layout, night):
        gone = [name for name in wanted if reads_stamps(registry.get(name))]
        wanted = [name for name in wanted if name not in gone]
        notes.extend(f"{name} stays as it is: stamps and packets of the night are gone" for name in gone)
    made, failed = made_with(layout, night, parts), _failed(counts_of(layout, night))
    choice = choose(wanted, made, failed, left_out)
    if missing := without_weights(config.science, choice.run):
        left_out.update(missing)
        choice = choose(wanted, made, failed, left_out)
    notes.extend(f"{name} is scored again, too: {why}" for name, why in choice.added.items())
    notes.extend(f"{name} stays as it is: {why}; name it in --modules" for name, why in choice.behind.items())
    return NightDone(night, choice, notes=tuple(notes))


def _has_stamps(layout: Layout, night: str) -> bool:
    return any(names(layout, table, night) for table in ("cutouts", "raw"))


def _failed(counts: Counts) -> Collection[str]:
    """Modules that failed on some alert of a night."""
    return {each.partition(" ")[0] for each in failures({"": counts})}


def _nights(
    config: JobConfig,
    asked: Asked,
    maintenance: NightMaintenance,
    plans: Sequence[NightDone],
    run: Sequence[str],
    session: SparkSession,
) -> Iterator[NightDone]:
    artefacts = {name: dict(models.find(registry.get(name), Path(config.science.models))) for name in run}
    on_error: Literal["null", "raise"] = "raise" if config.science.on_error == "raise" else "null"
    check_executors(session, run)
    rescoring = Rescoring(
        spark=session,
        maintenance=maintenance,
        schemas=schema_places(config.source),
        artefacts=Shared(session.sparkContext.broadcast(artefacts)),
        now_mjd=tai_of_unix(time.time()),
        limits=Limits(config.limits.module_timeout_s, config.limits.module_memory_mb),
        max_failures=config.limits.max_failures_per_batch,
        on_error=on_error,
        tasks=config.spark.tasks_per_batch,
        keep_old=asked.keep_old,
    )
    for plan in plans:
        yield replace(plan, change=rescoring.night(plan.night, plan.choice)) if plan.choice.run else plan


@dataclass(frozen=True)
class Shared:
    """Gives a broadcast's value on the executor."""

    broadcast: Any

    def __call__(self) -> Mapping[str, Mapping[str, bytes]]:
        """The value."""
        value: Mapping[str, Mapping[str, bytes]] = self.broadcast.value
        return value
