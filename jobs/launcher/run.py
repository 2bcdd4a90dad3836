"""From a configuration to a running job: what night, ingest and enrich have in common."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from jobs.common.java import EnvironmentProblem, find_java
from jobs.config import ConfigError, JobConfig
from jobs.kafka.connection import Connection
from jobs.launcher.publication import Publication
from jobs.ledger.records import open_stream
from jobs.modules import weights as models
from jobs.pipeline.batch.processor import BatchSpec
from jobs.pipeline.decode.registry import Registry, SchemaPlaces
from jobs.pipeline.enrichment.isolation import Limits
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.kafka.source import KafkaSource
from jobs.services.jars import cache
from jobs.spark.session import build_session, check_executors
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock
from jobs.streaming.last_words import told_in_status
from jobs.streaming.metrics import served
from jobs.streaming.runner import Runner, Source
from jobs.streaming.status import Status
from jobs.streaming.stopping import Stopping
from science_modules import registry
from science_modules.common.contract import ScienceModule

LEAST_FREE = 0.05


@dataclass(frozen=True)
class Science:
    """The modules of a job with their artefacts, and the modules that were left out, with the reason."""

    modules: tuple[ScienceModule, ...]
    artefacts: Mapping[str, Mapping[str, bytes]]
    left_out: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modules, in the order in which they run."""
        return tuple(module.name for module in self.modules)


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


def tables_of(job: str, config: JobConfig) -> tuple[str, ...]:
    """The tables that a job writes; ingest: raw; enrich: science, cutouts; night: all."""
    raw = ("raw",) if config.raw else ()
    cutouts = ("cutouts",) if config.cutouts else ()
    return {"ingest": ("raw",), "enrich": ("science", *cutouts), "night": (*raw, "science", *cutouts)}[job]


def run_job(job: str, config: JobConfig, spark: SparkSession | None = None, source: Source | None = None) -> Outcome:
    """Check everything that can be checked, then run a job to its end.

    Parameters
    ----------
    source : Source, optional
        Where packets come from, if not from what the configuration names.

    Raises
    ------
    ConfigError, EnvironmentProblem, OutputInUse, LedgerError, ArtefactError, ValueError
        Before anything is read; the message says both sides.
    """
    layout = Layout(Path(os.path.abspath(config.output)))
    status = Status(layout, job)
    with Stopping() as stop, told_in_status(status, lock_is_held=False):
        source = source or source_of(job, config, layout)
        source.check()
        science = prepare_science(config) if job != "ingest" else Science((), {}, {})
        publication = Publication.of(job, config, science.names)
        if spark is None:
            find_java()  # before anything is made in the output
        check_output(layout.root)
        with OutputLock(layout.lock, job), session_of(job, config, spark) as session:
            stop.take()
            check_executors(session, science.names)
            runner = _runner(job, config, session, source, science, publication, status, stop)
            with served(config.metrics_host, config.metrics_port, runner.status.content):
                runner.run(config.trigger, config.interval_s)
    return Outcome(layout, status.stream, status, science, stop.asked.is_set())


def _runner(
    job: str,
    config: JobConfig,
    session: SparkSession,
    source: Source,
    science: Science,
    publication: Publication,
    status: Status,
    stop: Stopping,
) -> Runner:
    checkpoint = Path(config.checkpoint) if config.checkpoint else status.layout.checkpoint(job)
    stream = open_stream(status.layout, job, checkpoint, config.append)
    return Runner(
        session,
        status.layout,
        job,
        stream,
        source,
        _spec(job, config, science, publication, session),
        config.max_alerts_per_batch,
        publication.sinks(session, status.layout, stream, config.surveys, config.durable),
        patience_s=config.patience_s,
        stop=stop,
        told=status,
    )


def prepare_science(config: JobConfig) -> Science:
    """Resolve the modules and find their artefacts, adding published weights from `model_sources` where they lack.

    Raises
    ------
    ValueError
        For an unknown module (names the nearest), a gap or a loop.
    ArtefactError
        If artefacts are missing and `missing_models` is error.
    """
    left_out = without_weights(config, config.modules)
    kept = registry.resolve([name for name in config.modules if name not in left_out])
    return Science(tuple(kept), {module.name: models.find(module, Path(config.models)) for module in kept}, left_out)


def without_weights(config: JobConfig, modules: Iterable[str]) -> dict[str, str]:
    """Which of some modules have no artefacts, and why; published weights are added from `model_sources` where they lack.

    Raises
    ------
    ArtefactError
        If there is one and `missing_models` is error.
    """
    left_out = {}
    for module in map(registry.get, modules):
        problem = _obtain(module, Path(config.models), config.model_sources)
        if problem and config.missing_models == "error":
            raise models.ArtefactError(problem)
        if problem:
            left_out[module.name] = problem
    return left_out


def _obtain(module: ScienceModule, directory: Path, sources: tuple[str, ...]) -> str | None:
    """Make sure that a module's artefacts are there; what is wrong if they cannot be."""
    problems = []
    for source in sources if models.missing(module, directory) else ():
        try:
            models.add(module, source, directory)
            break
        except models.ArtefactError as error:
            problems.append(str(error))
    try:
        models.find(module, directory)
    except models.ArtefactError as error:
        return "; ".join([str(error), *problems])
    return None


def source_of(job: str, config: JobConfig, layout: Layout) -> Source:
    """The source that the inputs name: topics, the ledger of an ingest output for enrich, files otherwise."""
    if config.topics:
        return _kafka_source(job, config)
    if not config.input:
        raise ConfigError(f"{job} needs --input: files, directories, globs, .tar or .tar.gz archives")
    tasks = config.tasks or 2 * len(os.sched_getaffinity(0))
    first = Path(config.input[0])
    if (job == "enrich" and (first / "ledger").is_dir()) or (
        first.name == "raw" and (first.parent / "ledger").is_dir()
    ):
        root = first if (first / "ledger").is_dir() else first.parent
        return LedgerSource(Layout(Path(os.path.abspath(root))), tasks)
    if job == "enrich" and not all(name.endswith(".parquet") for name in config.input):
        raise ConfigError(f"enrich reads the output of `strix ingest`; {first} has no ledger/ folder")
    waits = config.trigger == "continuous"
    return FileSource(config.input, config.settle_s, layout.staging / "spool", config.patterns, tasks, waits)


def _kafka_source(job: str, config: JobConfig) -> Source:
    if config.input or job == "enrich":
        what = f"--input {' '.join(config.input)}" if config.input else "the output of `strix ingest`"
        raise ConfigError(f"{job} is given topics {', '.join(config.topics)} and reads {what}; give one of them")
    bounded = config.trigger == "available_now"
    tasks = config.tasks or 2 * len(os.sched_getaffinity(0))
    return KafkaSource(Connection.of(config.kafka), config.topics, config.start, bounded, tasks)


def check_output(root: Path) -> None:
    """Raise EnvironmentProblem if the output cannot be written or its disk is nearly full; nothing is left behind then."""
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
    """The session that is given, or one that is stopped at the end."""
    if spark is not None:
        yield spark
        return
    session = build_session(job, config.master, config.driver_memory, dict(config.spark))
    try:
        yield session
    finally:
        # A JVM that was killed cannot be stopped; why the job ended is told by the exception that is on its way.
        with suppress(Py4JError, ConnectionError):
            session.stop()


def _spec(job: str, config: JobConfig, science: Science, publication: Publication, spark: SparkSession) -> BatchSpec:
    broadcast = spark.sparkContext.broadcast({name: dict(files) for name, files in science.artefacts.items()})
    on_error: Literal["null", "raise"] = "raise" if config.on_error == "raise" else "null"
    return BatchSpec(
        tables=tables_of(job, config),
        surveys=config.surveys,
        schemas=schema_places(config),
        modules=science.names,
        hashes={**_hashes(config, science), "filters": publication.versions, "sinks": list(publication.names)},
        artefacts=Shared(broadcast),
        limits=Limits(config.module_timeout_s, config.module_memory_mb),
        max_failures=config.max_failures_per_batch,
        on_error=on_error,
        durable=config.durable,
    )


def schema_places(config: JobConfig) -> str | SchemaPlaces | None:
    """Where the schemas of the wire format are."""
    asked = Registry.of(config.registry, cache() / "schemas")
    return SchemaPlaces(config.schema_directory, asked) if asked else config.schema_directory


def hash_of(content: str) -> str:
    """A short name for a text: the first 16 hex digits of its sha256."""
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


@dataclass(frozen=True)
class Shared:
    """Gives a broadcast's value on the executor."""

    broadcast: Any

    def __call__(self) -> Mapping[str, Mapping[str, bytes]]:
        """The value."""
        value: Mapping[str, Mapping[str, bytes]] = self.broadcast.value
        return value
