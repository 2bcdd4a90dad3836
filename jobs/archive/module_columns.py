"""Which of the modules that a filter reads an output has no column of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from jobs.storage.schema_union import is_module


@dataclass(frozen=True)
class AbsentModules:
    """Modules that none of an output's files has a column of.

    Attributes
    ----------
    absent : tuple of str
        Those that are wanted, in alphabetical order.
    there : tuple of str
        Those that some file has, in alphabetical order.
    """

    absent: tuple[str, ...]
    there: tuple[str, ...]

    def __str__(self) -> str:
        names = f"module{'s' * (len(self.absent) > 1)} {', '.join(self.absent)}"
        return f"this output has no column of {names} (modules there: {', '.join(self.there) or 'none'})"


def absent_modules(wanted: Iterable[str], files: Sequence[Path]) -> AbsentModules | None:
    """The modules that no file has a column of; None if each is in some file.

    Parameters
    ----------
    wanted : iterable of str
        Names of modules.
    files : sequence of pathlib.Path
        Science files; no more of their footers are read than it takes to find all.
    """
    lacking, there = set(wanted), set[str]()
    for path in files:
        if not lacking:
            return None
        there |= {field.name for field in pq.read_schema(path) if is_module(field.type)}
        lacking -= there
    return AbsentModules(tuple(sorted(lacking)), tuple(sorted(there))) if lacking else None
