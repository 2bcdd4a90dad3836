"""What the verbs that look at an output share: finding it, and saying what shows an alert of it."""

import argparse
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.common.search_path import schema_directory
from jobs.config import ConfigError
from jobs.storage.layout import Layout


def output_of(directory: str) -> Layout:
    """The output in a directory.

    Parameters
    ----------
    directory : str
        As typed.

    Raises
    ------
    ConfigError
        If no job has written there, or `strix reprocess`, which keeps no ledger.
    """
    layout = Layout.of(directory)
    if layout.is_release:
        raise ConfigError(
            f"{layout.root} is the output of `strix reprocess`, which keeps no ledger: its plan and the records of its"
            f" partitions are in {layout.release_plan.parent.name}/, what it refused in quarantine/; the same command"
            " goes on with it"
        )
    if not layout.ledger.is_dir():
        raise ConfigError(f"{layout.root} is no output of a job: it has no ledger/ folder")
    return layout


def add_schemas(options: argparse.ArgumentParser) -> None:
    """`--schemas`, for cutouts of packets that came in the wire format.

    Parameters
    ----------
    options : argparse.ArgumentParser
        Of the verb.
    """
    options.add_argument("--schemas", default=schema_directory(), help="Avro schemas of the wire format")


def shortest(path: Path) -> str:
    """A path as one would type it here.

    Parameters
    ----------
    path : pathlib.Path
        Absolute, or from the working directory on.

    Returns
    -------
    str
        From the working directory on if it lies below it, else as it was.
    """
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def show_command(row: Mapping[str, Any], layout: Layout) -> str:
    """What shows an alert of a table, as it is typed: the one that made the score, not the newest of its object.

    A star of a data release has no alert: its row is shown.

    Parameters
    ----------
    row : mapping
        With object_id and alert_id.
    layout : Layout
        Of the output.
    """
    root = shortest(layout.root)
    name = str(row["object_id"])
    if row["alert_id"] is None:
        return f"strix get object {shlex.quote(name)} --store {shlex.quote(root)}"
    if not name.isprintable() or name.startswith("-"):  # cannot be typed, or would be an option
        return f"strix show {row['alert_id']} --data {shlex.quote(root)}"
    return f"strix show {shlex.quote(name)} --alert {row['alert_id']} --data {shlex.quote(root)}"
