"""Configuration: a YAML file to a frozen dataclass; every key is also an option on the command line."""

import argparse
import dataclasses
import difflib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jobs.common.local_paths import NoLocalPath, local_name
from jobs.common.plain_yaml import NotPlain, read_plain_yaml
from jobs.pipeline.sources.files.names import PATTERNS

# Numbers that cannot be 0: with no alerts per batch a job would read nothing, and say that all is read.
LEAST = {"max_alerts_per_batch": 1, "module_memory_mb": 1, "filter_timeout_s": 0.1}
NULLS = ("null", "~")  # as YAML writes it
# Of a job file: pages of it have some kB.
MAX_BYTES = 262_144
# Keys that name places in the file system.
PATHS = ("input", "output", "schemas", "models", "filters", "checkpoint")
TRIGGERS = ("available_now", "continuous")


class ConfigError(ValueError):
    """The configuration says something that Strix cannot do; the message names what it can."""


def _key(default: Any, help_: str, choices: Sequence[str] = ()) -> Any:
    """A configuration key: its default, what it means (with its unit) and, for some, the values it takes."""
    metadata = {"help": help_, "choices": tuple(choices)}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class JobConfig:
    """What a job is told. Paths that are not absolute are taken from the working directory."""

    input: tuple[str, ...] = _key(
        (), "files, directories, globs, .tar or .tar.gz archives; for enrich: the output of ingest"
    )
    output: str = _key("data", "directory of the tables, the ledger and the status")
    survey: str = _key("auto", "whose packets are taken; the others go to quarantine", ("auto", "ztf", "lsst"))
    modules: tuple[str, ...] = _key(
        ("stetson_k", "braai", "acai", "lc_features", "rise", "anomaly"), "science modules, by name"
    )
    raw: bool = _key(True, "keep the packets as received (table raw), which replay reads")
    cutouts: bool = _key(True, "write the stamps as a table of their own")
    trigger: str = _key("available_now", "stop when everything is read, or keep looking for new input", TRIGGERS)
    interval_s: float = _key(5.0, "s; continuous: time between two looks at the input")
    max_alerts_per_batch: int = _key(5000, "alerts; a larger input is read as several batches")
    settle_s: float = _key(2.0, "s; a file younger than this waits for the next look")
    patterns: tuple[str, ...] = _key(
        PATTERNS, "file names that are taken from a directory; others that hold packets are, too, unless this is given"
    )
    schemas: str | None = _key(None, "directory of Avro schemas for the Confluent wire format; default $STRIX_SCHEMAS")
    registry: Mapping[str, str] = _key(
        dict, "schema registry for ids that the directory lacks: url, username, password_env or password_file, ca_file"
    )
    kafka: Mapping[str, str] = _key(
        dict,
        "Kafka to read from: bootstrap (host:port, or local: the broker of `strix services`), protocol, mechanism, username,"
        " password_env or password_file, ca_file, ...",
    )
    topics: tuple[str, ...] = _key((), "Kafka topics to read instead of input: names, or patterns that begin with ^")
    start: str = _key(
        "earliest", "where a new stream begins: earliest, latest, a time (ISO UTC), or topic:partition=offset;..."
    )
    patience_s: float = _key(300.0, "s; available_now: how long a broker may be away before the job stops")
    metrics_port: int = _key(0, "TCP port on which Prometheus can ask how the job does; 0: none")
    metrics_host: str = _key(
        "127.0.0.1", "address on which it can ask; this machine alone by default, 0.0.0.0 for others, too"
    )
    models: str = _key("models", "directory of trained artefacts (`strix models add`)")
    model_sources: tuple[str, ...] = _key(
        (), "paths or URLs that hold published weights, one folder per module; used where models lacks them"
    )
    missing_models: str = _key(
        "error", "a module without its artefacts: stop, or go on without it and say so", ("error", "skip")
    )
    filters: str | None = _key(None, "directory of filters (or one file) that are applied to every batch")
    filter_timeout_s: float = _key(
        10.0, "s; what a filter may take for a batch, and one more per thousand alerts; over it, it is left out"
    )
    publish: Mapping[str, str] = _key(
        dict,
        "topics for what the filters match: partitions, retention_days, format, ... and a bootstrap of its own, if it is"
        " not kafka's",
    )
    checkpoint: str | None = _key(None, "directory of the stream's identity; default <output>/_checkpoints/<job>")
    append: bool = _key(
        False, "let a new checkpoint write to an output that holds other streams; known alerts are dropped"
    )
    max_failures_per_batch: int = _key(
        100, "alerts; more failed answers than this stop the job, the batch is not sealed"
    )
    on_error: str = _key("record", "a module's failure: record it in its error field, or raise", ("record", "raise"))
    module_timeout_s: float = _key(
        120.0, "s; a step that takes longer on a chunk of alerts is ended, its alert quarantined"
    )
    module_memory_mb: int = _key(4096, "MiB; for a step that is run alone after it lost its worker twice")
    master: str | None = _key("local", "Spark master; local uses every core; null leaves it to spark-submit")
    driver_memory: str = _key("1g", "heap of Spark's JVM")
    tasks: int = _key(0, "tasks per batch; 0: two per core")
    durable: bool = _key(False, "sync files before each rename, against power loss")
    spark: Mapping[str, str] = _key(dict, "further Spark configuration, key to value")

    def __post_init__(self) -> None:
        for name in PATHS:
            object.__setattr__(self, name, _local(name, getattr(self, name)))
        for each in dataclasses.fields(self):
            choices = each.metadata["choices"]
            value = getattr(self, each.name)
            if choices and value not in choices:
                raise ConfigError(f"{each.name} is {value!r}, it can be {', '.join(choices)}")
            least = LEAST.get(each.name, 0)
            if isinstance(value, int | float) and not least <= value < math.inf:
                raise ConfigError(f"{each.name} is {value}, it should be at least {least}")

    @property
    def surveys(self) -> tuple[str, ...]:
        """Names of the surveys whose packets are taken."""
        return ("ztf", "lsst") if self.survey == "auto" else (self.survey,)

    @property
    def schema_directory(self) -> str | None:
        """Where the schemas of the wire format are, absolute, or None."""
        given = self.schemas or os.environ.get("STRIX_SCHEMAS")
        return os.path.abspath(given) if given else None


def load(
    path: str | Path | None, overrides: Mapping[str, Any] | None = None, defaults: Mapping[str, Any] | None = None
) -> JobConfig:
    """Read a job's YAML file; overrides win over the file, the file over defaults.

    Raises
    ------
    ConfigError
        For a file that is no mapping, an unknown key (names the known ones and the nearest), a value of another type.
    """
    content: dict[str, Any] = dict(defaults or {})
    if path is not None:
        content |= _read(Path(path))
    content |= dict(overrides or {})
    known = {each.name: each for each in dataclasses.fields(JobConfig)}
    for name in content:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ConfigError(f"unknown key {name!r}{hint}; known keys: {', '.join(sorted(known))}")
    config = JobConfig(**{name: _convert(known[name], value) for name, value in content.items()})
    return replace(config, kafka=_found(config.kafka), publish=_found(config.publish))


def _found(kafka: Mapping[str, str]) -> Mapping[str, str]:
    """Settings of brokers, with the address of those that `strix services` started for `bootstrap: local`."""
    if kafka.get("bootstrap") != "local":
        return kafka
    from jobs.services.running import usual_bootstrap

    return {**kafka, "bootstrap": usual_bootstrap()}


def _local(name: str, value: Any) -> Any:
    """A path, or several, without the scheme `file:`."""
    try:
        return (
            tuple(local_name(each, name) for each in value)
            if isinstance(value, tuple)
            else value and local_name(value, name)
        )
    except NoLocalPath as problem:
        raise ConfigError(str(problem)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_plain_yaml(path, MAX_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"no configuration file {path}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as a configuration file: {error}") from None
    except NotPlain as error:
        raise ConfigError(f"{path} is not plain YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} should hold `key: value` lines, it holds a {type(content).__name__}")
    return content


def _convert(key: dataclasses.Field[Any], value: Any) -> Any:
    kind = _kind(key)
    try:
        if "None" in kind and (value is None or value in NULLS):  # a command line has only text
            return None
        if kind.startswith("tuple"):
            if isinstance(value, dict):
                raise TypeError(value)
            parts = value.split(",") if isinstance(value, str) else list(value)
            return tuple(str(part) for part in parts if str(part))
        if kind == "bool":
            return _boolean(value)
        if kind.startswith("Mapping"):
            return {str(name): str(setting) for name, setting in dict(value).items()}
        if value is None or isinstance(value, list | dict | bool):
            raise TypeError(value)
        return {"float": float, "int": int}.get(kind, str)(value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError(f"{key.name} is {value!r}, it should be {_in_words(kind)}") from None


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "Mapping": "KEY: VALUE pairs",
}


def _in_words(kind: str) -> str:
    """What a key wants, in words."""
    return next((words for name, words in _WORDS.items() if kind.startswith(name)), "a text")


def _kind(key: dataclasses.Field[Any]) -> str:
    """The type of a key in words: bool, int, float, str, `str | None`, tuple[str, ...], Mapping[str, str]."""
    return key.type.__name__ if key.type in (bool, int, float, str) else str(key.type).replace("collections.abc.", "")


def _boolean(value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option per key, with unit and default in its help, and `--config`."""
    parser.add_argument("--config", help="YAML file with any of the keys below")
    for each in dataclasses.fields(JobConfig):
        default = each.default if each.default is not dataclasses.MISSING else {}
        text = f"{each.metadata['help']} (default: {_show(default)})".replace("%", "%%")
        name = "--" + each.name.replace("_", "-")
        if _kind(each) == "bool":
            parser.add_argument(
                name, nargs="?", const="true", default=argparse.SUPPRESS, metavar="true|false", help=text
            )
        elif each.name == "input":
            parser.add_argument(name, nargs="+", default=argparse.SUPPRESS, help=text)
        elif _kind(each).startswith("Mapping"):
            parser.add_argument(name, type=pairs, default=argparse.SUPPRESS, metavar="KEY=VALUE,...", help=text)
        else:
            metavar = "|".join(each.metadata["choices"]) or each.name.upper()
            parser.add_argument(name, default=argparse.SUPPRESS, metavar=metavar, help=text)


def overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given on the command line, by key."""
    names = {each.name for each in dataclasses.fields(JobConfig)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def pairs(text: str) -> dict[str, str]:
    """KEY=VALUE,KEY=VALUE; a part without `=` belongs to the value before it, as in a list of brokers."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals:
            found[name] = value
        elif found:
            last = next(reversed(found))
            found[last] += f",{part}"
        else:
            raise argparse.ArgumentTypeError(f"{text!r} should be KEY=VALUE,KEY=VALUE")
    return found


def _show(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default) or "none"
    return "none" if default in (None, {}) else str(default)
