"""A job's YAML file to its sections; every key is also an option on the command line (`options.py`)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from jobs.common.plain_yaml import NotPlain, read_plain_yaml
from jobs.common.typed_names import did_you_mean
from jobs.config.keys import ConfigError, Section, convert
from jobs.config.sections import (
    FiltersConfig,
    LimitsConfig,
    MonitoringConfig,
    QueryConfig,
    ScienceConfig,
    SourceConfig,
    SparkConfig,
    TablesConfig,
)
from jobs.config.sinks import SinksConfig

# Of a job file: pages of it have some kB.
MAX_BYTES = 262_144


@dataclass(frozen=True)
class Sections:
    """What a kind of job is told, by section. Paths that are not absolute are taken from the working directory."""

    @classmethod
    def kinds(cls) -> dict[str, type[Section]]:
        """The sections by name, in their order."""
        return {each.name: cast("type[Section]", each.default_factory) for each in dataclasses.fields(cls)}

    @classmethod
    def keys(cls) -> dict[str, dataclasses.Field[Any]]:
        """The keys of all sections by name: each belongs to one."""
        return {each.name: each for kind in cls.kinds().values() for each in dataclasses.fields(kind)}

    def value(self, name: str) -> Any:
        """The value of a key, whichever its section.

        Parameters
        ----------
        name : str
            One of `keys()`.
        """
        section = next(
            title for title, kind in self.kinds().items() if name in {each.name for each in dataclasses.fields(kind)}
        )
        return getattr(getattr(self, section), name)

    def but(self, **keys: Any) -> Self:
        """The same with other values of some keys, each put into its section.

        Parameters
        ----------
        **keys : object
            New values by name of the key, each in the key's type; of `keys()`: another name is passed over.

        Raises
        ------
        ConfigError
            For a value that a key does not take.
        """
        changed = {}
        for name, section in self.kinds().items():
            own = {each.name: keys[each.name] for each in dataclasses.fields(section) if each.name in keys}
            if own:
                changed[name] = replace(getattr(self, name), **own)
        return replace(self, **changed)


@dataclass(frozen=True)
class JobConfig(Sections):
    """What night, ingest and enrich are told."""

    source: SourceConfig = field(default_factory=SourceConfig)
    tables: TablesConfig = field(default_factory=TablesConfig)
    science: ScienceConfig = field(default_factory=ScienceConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    sinks: Section = field(default_factory=SinksConfig)
    query: QueryConfig = field(default_factory=QueryConfig)
    monitoring: MonitoringConfig = field(default_factory=MonitoringConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    spark: SparkConfig = field(default_factory=SparkConfig)


Told = TypeVar("Told", bound=Sections)
SECTIONS = JobConfig.kinds()
KEYS = JobConfig.keys()


def load(
    path: str | Path | None, overrides: Mapping[str, Any] | None = None, defaults: Mapping[str, Any] | None = None
) -> JobConfig:
    """Read a job's YAML file.

    Parameters
    ----------
    path : str, pathlib.Path or None
        Of `key: value` lines; None for a job that is told by its command line alone.
    overrides, defaults : mapping, optional
        Values by key: overrides win over the file, the file over defaults.

    Raises
    ------
    ConfigError
        For a file that is no mapping, an unknown key (names the known ones and the nearest), a value of another type.
    """
    config = load_as(JobConfig, path, overrides, defaults)
    return config.but(kafka=_found(config.source.kafka), publish=_found(config.filters.publish))


def load_as(
    kind: type[Told],
    path: str | Path | None,
    overrides: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Told:
    """Read the YAML file of a kind of job; see `load`.

    Parameters
    ----------
    kind : type of Sections
        Its sections have the known keys.
    path, overrides, defaults
        As of `load`.

    Raises
    ------
    ConfigError
        As `load`.
    """
    content: dict[str, Any] = dict(defaults or {})
    if path is not None:
        content |= _read(Path(path))
    content |= dict(overrides or {})
    keys = kind.keys()
    for name in content:
        if name not in keys:
            raise ConfigError(f"unknown key {name!r}{did_you_mean(name, keys)}; known keys: {', '.join(sorted(keys))}")
    return kind().but(**{name: convert(keys[name], value) for name, value in content.items()})


def _found(kafka: Mapping[str, str]) -> Mapping[str, str]:
    """Settings of brokers, with the address of those that `strix services` started for `bootstrap: local`."""
    if kafka.get("bootstrap") != "local":
        return kafka
    from jobs.services.running import usual_bootstrap

    return {**kafka, "bootstrap": usual_bootstrap()}


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
