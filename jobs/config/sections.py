"""What a job is told, in sections: each key belongs to one, and a part of a job is given the section that it reads."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.common.search_path import schema_directory
from jobs.config.keys import Section, key, path_key
from jobs.pipeline.sources.files.names import PATTERNS
from jobs.pipeline.surveys import AUTO, SURVEY_NAMES, surveys_of
from science_modules.registry import folder_name

TRIGGERS = ("available_now", "continuous")
LOG_LEVELS, LOG_FORMATS = ("debug", "info", "warning", "error"), ("text", "json")


@dataclass(frozen=True)
class SourceConfig(Section):
    """Where packets come from, and how they are decoded."""

    input: tuple[str, ...] = path_key(
        (), "files, directories, globs, .tar or .tar.gz archives; for enrich: the output of ingest"
    )
    survey: str = key("auto", "whose packets are taken; the others go to quarantine", (AUTO, *SURVEY_NAMES))
    max_alerts_per_batch: int = key(5000, "alerts; a larger input is read as several batches", least=1)
    settle_s: float = key(2.0, "s; a file younger than this waits for the next look")
    patterns: tuple[str, ...] = key(
        PATTERNS, "file names that are taken from a directory; others that hold packets are, too, unless this is given"
    )
    schemas: str | None = path_key(
        None, "directory of Avro schemas for the Confluent wire format; default $STRIX_SCHEMAS"
    )
    registry: Mapping[str, str] = key(
        dict, "schema registry for ids that the directory lacks: url, username, password_env or password_file, ca_file"
    )
    kafka: Mapping[str, str] = key(
        dict,
        "Kafka to read from: bootstrap (host:port, or local: the broker of `strix services`), protocol, mechanism, username,"
        " password_env or password_file, ca_file, ...",
    )
    topics: tuple[str, ...] = key((), "Kafka topics to read instead of input: names, or patterns that begin with ^")
    start: str = key(
        "earliest", "where a new stream begins: earliest, latest, a time (ISO UTC), or topic:partition=offset;..."
    )

    @property
    def surveys(self) -> tuple[str, ...]:
        """Names of the surveys whose packets are taken."""
        return surveys_of(self.survey)

    @property
    def schema_directory(self) -> str | None:
        """Where the schemas of the wire format are, absolute, or None."""
        return schema_directory(self.schemas)


@dataclass(frozen=True)
class TablesConfig(Section):
    """Where a job writes, and what."""

    output: str = path_key("data", "directory of the tables, the ledger and the status")
    raw: bool = key(True, "keep the packets as received (table raw), which replay reads")
    cutouts: bool = key(True, "write the cutouts as a table of their own")
    checkpoint: str | None = path_key(None, "directory of the stream's identity; default <output>/_checkpoints/<job>")
    append: bool = key(
        False, "let a new checkpoint write to an output that holds other streams; known alerts are dropped"
    )
    durable: bool = key(False, "sync files before each rename, against power loss")


@dataclass(frozen=True)
class ScienceConfig(Section):
    """Which modules run, and what their failures mean."""

    modules: tuple[str, ...] = key(
        ("stetson_k", "braai", "acai", "lc_features", "rise", "anomaly"),
        "science modules, by name (of a promoted version where there is one), or NAME@VERSION of an installed version",
    )
    models: str = path_key("models", "directory of trained artefacts (`strix models add`)")
    model_sources: tuple[str, ...] = key(
        (), "paths or URLs that hold published weights, one folder per module; used where models lacks them"
    )
    missing_models: str = key(
        "error", "a module without its artefacts: stop, or go on without it and say so", ("error", "skip")
    )
    on_error: str = key("record", "a module's failure: record it in its error field, or raise", ("record", "raise"))

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "modules", tuple(folder_name(name) for name in self.modules))


@dataclass(frozen=True)
class FiltersConfig(Section):
    """Which filters are applied to every batch, and where their matches are published."""

    filters: str | None = path_key(None, "directory of filters (or one file) that are applied to every batch")
    filter_timeout_s: float = key(
        10.0,
        "s; what a filter may take for a batch, and one more per thousand alerts; over it, it is left out",
        least=0.1,
    )
    publish: Mapping[str, str] = key(
        dict,
        "topics for what the filters match: partitions, retention_days, format, ... and a bootstrap of its own, if it is"
        " not kafka's",
    )


@dataclass(frozen=True)
class QueryConfig(Section):
    """When a job looks for input, and when it ends."""

    trigger: str = key("available_now", "stop when everything is read, or keep looking for new input", TRIGGERS)
    interval_s: float = key(5.0, "s; continuous: time between two looks at the input")
    patience_s: float = key(300.0, "s; available_now: how long a broker may be unavailable before the job stops")


@dataclass(frozen=True)
class MonitoringConfig(Section):
    """What a running job tells of itself; `status.json` is always there."""

    log_level: str = key(
        "info", "least level on stderr: info is a line per batch (on a terminal the progress line instead)", LOG_LEVELS
    )
    log_format: str = key("text", "lines of stderr and of the log file, output/_logs/<job>.log", LOG_FORMATS)
    metrics_port: int = key(0, "TCP port on which Prometheus can ask how the job does; 0: none")
    metrics_host: str = key(
        "127.0.0.1", "address on which it can ask; this machine alone by default, 0.0.0.0 for others, too"
    )


@dataclass(frozen=True)
class LimitsConfig(Section):
    """What a module may cost before it is stopped."""

    max_failures_per_batch: int = key(
        100, "alerts; more failed answers than this stop the job, the batch is not sealed"
    )
    module_timeout_s: float = key(
        120.0,
        "s; a step that takes longer on a chunk of alerts is ended, its alert quarantined; five times this for loading a module",
    )
    module_memory_mb: int = key(4096, "MiB; for a step that is run alone after it lost its worker twice", least=1)


@dataclass(frozen=True)
class SparkConfig(Section):
    """How Spark is started."""

    master: str | None = key("local", "Spark master; local uses every core; null leaves it to spark-submit")
    driver_memory: str = key("1g", "heap of Spark's JVM")
    tasks: int = key(0, "tasks per batch; 0: two per core")
    ui: bool = key(False, "Spark's own pages while the job runs: port 4040 of the driver, or the next that is free")
    spark: Mapping[str, str] = key(dict, "further Spark configuration, key to value")

    @property
    def settings(self) -> dict[str, str]:
        """Configuration of Spark: what `ui` stands for, then what is given key by key."""
        return {"spark.ui.enabled": str(self.ui).lower(), **self.spark}

    @property
    def tasks_per_batch(self) -> int:
        """Tasks per batch: those given, or two per core that this process may use."""
        return self.tasks or 2 * len(os.sched_getaffinity(0))
