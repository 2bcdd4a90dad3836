"""Which versions of the modules science files were written with: what a table says beside old answers."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq


def versions_in(files: Iterable[Path]) -> dict[str, list[str]]:
    """The versions of every module in some science files, oldest first; rows are read where statistics do not suffice.

    Parameters
    ----------
    files : iterable of pathlib.Path

    Returns
    -------
    dict of str to list of str
        By the module's name.
    """
    found: dict[str, set[str]] = {}
    for path in files:
        with pq.ParquetFile(path) as file:
            for column, name in _version_columns(file.metadata):
                for group in range(file.metadata.num_row_groups):
                    found.setdefault(name, set()).update(_versions(file, group, column))
    return {name: sorted(versions, key=_order) for name, versions in found.items()}


def mixed_versions(modules: Iterable[str], files: Iterable[Path]) -> str:
    """Which of some modules answered in several versions, in words; empty if none did.

    Parameters
    ----------
    modules : iterable of str
        Names.
    files : iterable of pathlib.Path
        Science files.
    """
    found = versions_in(files)
    several = {name: found[name] for name in sorted(modules) if len(found.get(name, [])) > 1}
    return "; ".join(f"{name} answered in versions {', '.join(versions)}" for name, versions in several.items())


def _version_columns(metadata: pq.FileMetaData) -> list[tuple[int, str]]:
    """Places of the columns `<module>.version`, with the module's name: a struct that has an `error` beside it."""
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    modules = (path.removesuffix(".version") for path in places if path.endswith(".version"))
    return [(places[f"{name}.version"], name) for name in modules if f"{name}.error" in places]


def _versions(file: pq.ParquetFile, group: int, column: int) -> set[str]:
    statistics = file.metadata.row_group(group).column(column).statistics
    if statistics is not None and statistics.has_min_max and statistics.min == statistics.max:
        return {str(statistics.min)}
    path = file.metadata.schema.column(column).path
    values = file.read_row_group(group, columns=[path]).flatten().column(0)
    return {str(each) for each in pc.unique(values).to_pylist() if each is not None}


def _order(version: str) -> tuple[tuple[int, ...], str]:
    numbers = tuple(int(part) if part.isdigit() else -1 for part in version.split("."))
    return numbers, version
