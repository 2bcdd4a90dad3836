"""Directories of $STRIX_MODULE_PATH that are not there yet: said by what lists modules; a job refuses them."""

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.cli.console import complain
from jobs.common.search_path import MODULE_PATH, existing_alone


@contextmanager
def listed() -> Iterator[None]:
    """Let modules be looked for in the directories that are there, and say which are not."""
    with existing_alone(MODULE_PATH) as absent:
        for directory in absent:
            complain(
                f"{MODULE_PATH} names {directory}, which is not there yet: a job refuses it, this goes on without it"
            )
        yield
