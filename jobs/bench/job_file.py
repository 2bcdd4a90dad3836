"""A configuration as the file that `strix night` reads, for jobs that are measured in a process of their own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.config import JobConfig
from jobs.config.job_config import KEYS


def write_job_file(config: JobConfig, path: Path) -> None:
    """Write the keys that are not as they are by default.

    Parameters
    ----------
    config : JobConfig
        What the job is told.
    path : pathlib.Path
        The file; JSON is YAML.
    """
    usual = JobConfig()
    content = {name: _plain(config.value(name)) for name in KEYS if config.value(name) != usual.value(name)}
    path.write_text(json.dumps(content), encoding="utf-8")


def _plain(value: Any) -> Any:
    """Tuples and mappings as JSON knows them."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
