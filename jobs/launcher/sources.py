"""The source that a configuration names, of the kinds that its job can read."""

from collections.abc import Callable
from pathlib import Path

from jobs.common.job import FILES, INGESTED, RAW_FILES, TOPICS, Job
from jobs.config import ConfigError, JobConfig
from jobs.kafka.connection import Connection
from jobs.pipeline.sources.archive.ledger_batches import LedgerSource
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.kafka.source import KafkaSource
from jobs.pipeline.sources.source import Source
from jobs.storage.layout import Layout

Maker = Callable[[Job, JobConfig, Layout], Source | None]


def source_of(job: Job, config: JobConfig, layout: Layout) -> Source:
    """The first source of the job's kinds that fits what is configured.

    Parameters
    ----------
    job : Job
        Its `sources` are tried in their order.
    config : JobConfig
    layout : Layout
        Of the job's own output.

    Raises
    ------
    ConfigError
        If none fits, or files and topics are both given.
    """
    given = config.source
    if given.topics and (given.input or TOPICS not in job.sources):
        what = f"--input {' '.join(given.input)}" if given.input else f"the output of `strix {job.follows}`"
        raise ConfigError(f"{job.name} is given topics {', '.join(given.topics)} and reads {what}; give one of them")
    if not given.input and not given.topics:
        raise ConfigError(f"{job.name} needs --input: files, directories, globs, .tar or .tar.gz archives")
    for kind in job.sources:
        source = MAKERS[kind](job, config, layout)
        if source is not None:
            return source
    raise ConfigError(f"{job.name} reads the output of `strix {job.follows}`; {given.input[0]} has no ledger/ folder")


def _topics(_job: Job, config: JobConfig, _layout: Layout) -> Source | None:
    given = config.source
    if not given.topics:
        return None
    bounded = config.query.trigger == "available_now"
    connection = Connection.of(given.kafka)
    return KafkaSource(connection, given.topics, given.start, bounded, config.spark.tasks_per_batch)


def _ingested(job: Job, config: JobConfig, _layout: Layout) -> Source | None:
    """The ledger of another output: of an output that the job follows, or beside a raw table that is named as input."""
    first = Path(config.source.input[0])
    roots = [first] if job.follows else []
    roots += [first.parent] if first.name == "raw" else []
    root = next((each for each in roots if (each / "ledger").is_dir()), None)
    return LedgerSource(Layout.of(root), config.spark.tasks_per_batch) if root else None


def _files(_job: Job, config: JobConfig, layout: Layout) -> Source | None:
    given, waits = config.source, config.query.trigger == "continuous"
    tasks = config.spark.tasks_per_batch
    return FileSource(given.input, given.settle_s, layout.staging / "spool", given.patterns, tasks, waits)


def _raw_files(job: Job, config: JobConfig, layout: Layout) -> Source | None:
    packed = all(name.endswith(".parquet") for name in config.source.input)
    return _files(job, config, layout) if packed else None


MAKERS: dict[str, Maker] = {TOPICS: _topics, INGESTED: _ingested, FILES: _files, RAW_FILES: _raw_files}
