"""From a configuration to a running job: what night, ingest and enrich have in common."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import SparkSession

from jobs.common.java import EnvironmentProblem, find_java
from jobs.common.job import Job, job_of
from jobs.config import ConfigError, JobConfig, SourceConfig, TablesConfig
from jobs.launcher.science import Science, prepare_science
from jobs.launcher.sinks import sinks_of
from jobs.launcher.sources import source_of
from jobs.ledger.identity import open_stream
from jobs.modules.stored_artefacts import StoredArtefacts
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.decode.registry import Registry, SchemaPlaces
from jobs.pipeline.enrichment.isolation import Limits
from jobs.pipeline.sinks.registry import versions_of
from jobs.pipeline.sinks.sink import PreparedSink, SinkContext
from jobs.pipeline.sources.source import Source
from jobs.services.jars import cache
from jobs.spark.session import session_for
from jobs.spark.warming import warm_workers
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock
from jobs.streaming.last_words import told_in_status
from jobs.streaming.logs import logs
from jobs.streaming.metrics import served
from jobs.streaming.runner import Runner
from jobs.streaming.status import Status
from jobs.streaming.stopping import Stopping
from science_modules import registry

LEAST_FREE = 0.05


@dataclass(frozen=True)
class Outcome:
    """What a run of a job did.

    Attributes
    ----------
    asked : bool
        Whether it was asked to stop: what it did not read may still be there.
    """

    layout: Layout
    stream: str
    status: Status
    science: Science
    asked: bool = False


def tables_of(job: Job, config: TablesConfig) -> tuple[str, ...]:
    """The tables that a job writes: those that it declares, without optional ones that the configuration leaves out.

    Parameters
    ----------
    job : Job
    config : TablesConfig
        Its keys `raw` and `cutouts` leave these tables out.
    """
    left_out = {name for name in job.optional if not getattr(config, name)}
    return tuple(name for name in job.tables if name not in left_out)


def run_job(
    job: Job | str, config: JobConfig, spark: SparkSession | None = None, source: Source | None = None
) -> Outcome:
    """Check everything that can be checked, then run a job to its end.

    Parameters
    ----------
    job : Job or str
        A declaration, or the name of one.
    config : JobConfig
    spark : pyspark.sql.SparkSession, optional
        A session to run in; one of its own is started, and stopped at the end, otherwise.
    source : Source, optional
        Where packets come from, if not from what the configuration names.

    Raises
    ------
    ConfigError, EnvironmentProblem, OutputInUse, LedgerError, ArtefactError, ValueError
        Before anything is read; the message says both sides.
    """
    job = job_of(job) if isinstance(job, str) else job
    if not job.streams:
        raise ConfigError(f"{job.name} reads no packets, batch after batch: `strix {job.name}` runs it")
    layout = Layout.of(config.tables.output)
    status = Status(layout, job.name)
    with Stopping() as stop, told_in_status(status, lock_is_held=False):
        source = source or source_of(job, config, layout)
        source.check()
        science = prepare_science(config.science) if job.science else Science((), {}, {})
        sinks = sinks_of(job, config, tables_of(job, config.tables), science.names)
        if spark is None:
            find_java()  # before anything is made in the output
        check_output(layout.root)
        told = config.monitoring
        with (
            OutputLock(layout.lock, job.name),
            logs(job.name, layout.log(job.name), told.log_level, told.log_format),
            session_of(job.name, config, spark) as session,
        ):
            stop.take()
            runner = _runner(job, config, session, source, science, sinks, status, stop)
            with served(config.monitoring.metrics_host, config.monitoring.metrics_port, runner.status.content):
                runner.run(config.query.trigger, config.query.interval_s)
    return Outcome(layout, status.stream, status, science, stop.asked.is_set())


def _runner(
    job: Job,
    config: JobConfig,
    session: SparkSession,
    source: Source,
    science: Science,
    sinks: Sequence[PreparedSink],
    status: Status,
    stop: Stopping,
) -> Runner:
    checkpoint = Path(config.tables.checkpoint) if config.tables.checkpoint else status.layout.checkpoint(job.name)
    stream = open_stream(status.layout, job.name, checkpoint, config.tables.append)
    context = SinkContext(session, status.layout, stream, config.source.surveys, config.tables.durable)
    return Runner(
        session,
        status.layout,
        job.name,
        stream,
        source,
        _spec(job, config, science, sinks, status.layout),
        config.source.max_alerts_per_batch,
        [each.open(context) for each in sinks],
        patience_s=config.query.patience_s,
        stop=stop,
        told=status,
        checkpoint=checkpoint / "query",
    )


def check_output(root: Path) -> None:
    """Raise EnvironmentProblem if the output cannot be written or its disk is nearly full; nothing is left behind then.

    Parameters
    ----------
    root : pathlib.Path
        The output; it is made if it does not exist.

    Raises
    ------
    EnvironmentProblem
        If its disk has less than LEAST_FREE free, or nothing can be written there.
    """
    there = next(path for path in (root, *root.parents) if path.exists())
    usage = shutil.disk_usage(there)
    if usage.free < LEAST_FREE * usage.total:
        share = 100 * usage.free / usage.total
        raise EnvironmentProblem(f"the disk of {root} has {share:.1f} % free, a job needs {100 * LEAST_FREE:.0f} %")
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / "._probe"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise EnvironmentProblem(f"output {root} cannot be written: {error.strerror}") from None


@contextmanager
def session_of(job: str, config: JobConfig, spark: SparkSession | None) -> Iterator[SparkSession]:
    """The session that is given, or the one of this process, or one that is stopped at the end.

    Parameters
    ----------
    job : str
        Its name: that of the application.
    config : JobConfig
        Its section `spark` says how a new session is made.
    spark : SparkSession or None
        The session that is given; it is not stopped.
    """
    if spark is not None:
        yield spark
        return
    with session_for(job, config.spark.master, config.spark.driver_memory, config.spark.settings) as session:
        warm_workers(session)
        yield session


def _spec(job: Job, config: JobConfig, science: Science, sinks: Sequence[PreparedSink], layout: Layout) -> BatchSpec:
    on_error: Literal["null", "raise"] = "raise" if config.science.on_error == "raise" else "null"
    return BatchSpec(
        tables=tables_of(job, config.tables),
        surveys=config.source.surveys,
        schemas=schema_places(config.source),
        modules=science.names,
        hashes={**_hashes(config, science), **versions_of(sinks)},
        artefacts=StoredArtefacts.store(layout.artefacts, science.artefacts),
        limits=Limits(config.limits.module_timeout_s, config.limits.module_memory_mb),
        max_failures=config.limits.max_failures_per_batch,
        on_error=on_error,
        durable=config.tables.durable,
    )


def schema_places(config: SourceConfig) -> str | SchemaPlaces | None:
    """Where the schemas of the wire format are.

    Parameters
    ----------
    config : SourceConfig
        Its `schema_directory` and `registry`.

    Returns
    -------
    str, SchemaPlaces or None
        The directory, the directory and a registry, or None if neither is configured.
    """
    asked = Registry.of(config.registry, cache() / "schemas")
    return SchemaPlaces(config.schema_directory, asked) if asked else config.schema_directory


def hash_of(content: str) -> str:
    """A short name for a text: the first 16 hex digits of its sha256.

    Parameters
    ----------
    content : str
        Of any length.
    """
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _hashes(config: JobConfig, science: Science) -> dict[str, Any]:
    return {
        "config": hash_of(json.dumps(asdict(config), sort_keys=True, default=str)),
        "modules": {
            module.name: {"version": module.version, "source": registry.source_hash(module.name)}
            for module in science.modules
        },
        "artefacts": {module.name: {each.name: each.sha256 for each in module.artefacts} for module in science.modules},
    }
