"""What a job is told: a YAML file, or options of the command line, to typed sections."""

from jobs.config.job_config import JobConfig, load
from jobs.config.keys import ConfigError
from jobs.config.options import add_options, overrides, pairs
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

__all__ = [
    "ConfigError",
    "FiltersConfig",
    "JobConfig",
    "LimitsConfig",
    "MonitoringConfig",
    "QueryConfig",
    "ScienceConfig",
    "SourceConfig",
    "SparkConfig",
    "TablesConfig",
    "add_options",
    "load",
    "overrides",
    "pairs",
]
