"""What the verbs that look at an output share: finding it, and printing tables that are not cut in a pipe."""

import sys
from pathlib import Path

from jobs.cli.console import Console
from jobs.config import ConfigError
from jobs.corridor.layout import Layout

_WIDTH_IN_A_PIPE = 240


def output_of(directory: str) -> Layout:
    """The output in a directory.

    Raises
    ------
    ConfigError
        If no job has written there.
    """
    layout = Layout(Path(directory).resolve())
    if not layout.ledger.is_dir():
        raise ConfigError(f"{layout.root} is no output of a job: it has no ledger/ folder")
    return layout


def console() -> Console:
    """As wide as the terminal, or wide."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH_IN_A_PIPE)
