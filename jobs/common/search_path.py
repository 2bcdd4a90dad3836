"""Directories that environment variables name: where surveys, science modules and schemas outside of the packages are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.common.local_paths import local_name

SURVEY_PATH = "STRIX_SURVEY_PATH"
MODULE_PATH = "STRIX_MODULE_PATH"
SCHEMAS = "STRIX_SCHEMAS"


class SearchPathProblem(ValueError):
    """What such a variable names is not there, or is not what it should be; the message says which."""


def schema_directory(given: str | Path | None = None) -> str | None:
    """The directory of the wire format's Avro schemas, absolute: the one that was named, else $STRIX_SCHEMAS, else None.

    Executors have another environment: a driver asks this once and tells them.

    Parameters
    ----------
    given : str or pathlib.Path, optional
        What a configuration, an option or a caller names.
    """
    found = given or os.environ.get(SCHEMAS)
    return os.path.abspath(local_name(found, "schemas")) if found else None


def absolute(variable: str) -> str:
    """The value of such a variable with absolute paths, for processes with another working directory; "" if it is not set.

    Parameters
    ----------
    variable : str
        Name of an environment variable that holds paths, divided as $PATH is.
    """
    parts = filter(None, os.environ.get(variable, "").split(os.pathsep))
    return os.pathsep.join(os.path.abspath(part) for part in parts)


def named(variable: str) -> list[Path]:
    """The directories that such a variable names, there or not.

    Parameters
    ----------
    variable : str
        Name of an environment variable.
    """
    return [Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part]


def make_if_named(variable: str, directory: Path) -> None:
    """Make a directory that is to be written into and that such a variable names already.

    Parameters
    ----------
    variable : str
        Name of an environment variable.
    directory : pathlib.Path
    """
    if directory.resolve() in [each.resolve() for each in named(variable)]:
        directory.mkdir(parents=True, exist_ok=True)


@contextmanager
def existing_alone(variable: str) -> Iterator[list[Path]]:
    """Let such a variable name only what is there, in this process: for what lists, never for a job.

    Parameters
    ----------
    variable : str
        Name of an environment variable.

    Yields
    ------
    list of pathlib.Path
        What it names and is not there.
    """
    before, given = os.environ.get(variable), named(variable)
    os.environ[variable] = os.pathsep.join(str(path) for path in given if path.exists())
    try:
        yield [path for path in given if not path.exists()]
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before
