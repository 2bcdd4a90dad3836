"""The data files of a table, night by night: what every reader takes for data, and in which order.

A table is a folder of `night=<YYYYMMDD>` folders; data is `*.parquet` in them. Names that begin with a point or `_` are no
data (half-written files, `_SUCCESS` and the like of other programs), as in Spark, Hive and pyarrow.
"""

import os
from pathlib import Path

_NIGHT = "night="


def is_data(name: str) -> bool:
    """Whether a file of this name is data of its night.

    Parameters
    ----------
    name : str
        Without folders; not empty.
    """
    return name.endswith(".parquet") and name[0] not in "._"


def nights(table: Path) -> list[str]:
    """The nights of a table's folder, ascending, `unknown` last; none if there is no such table.

    Parameters
    ----------
    table : pathlib.Path
        The table's folder.
    """
    return sorted(each.name.removeprefix(_NIGHT) for each in _entries(table) if _is_night(each))


def files_of_night(table: Path, night: str | int) -> list[Path]:
    """The data files of a night, by name; none if there is no such night.

    Parameters
    ----------
    table : pathlib.Path
        The table's folder.
    night : str or int
        YYYYMMDD or `unknown`.
    """
    return files_of_folder(table / f"{_NIGHT}{night}")


def files_of_folder(folder: Path) -> list[Path]:
    """The data files that lie in a folder itself, by name; none if there is no such folder.

    Parameters
    ----------
    folder : pathlib.Path
        A night's, or one of files that belong to no night: a release's shards, the truth of a simulation.
    """
    return [folder / name for name in sorted(each.name for each in _entries(folder) if is_data(each.name))]


def files_of_table(table: Path) -> list[Path]:
    """The data files of all nights, nights ascending, by name within a night.

    Parameters
    ----------
    table : pathlib.Path
        The table's folder; no files if there is none.
    """
    return [path for night in nights(table) for path in files_of_night(table, night)]


def night_of(path: Path) -> str:
    """The night in whose folder a data file lies.

    Parameters
    ----------
    path : pathlib.Path
        Of the file: `.../night=<night>/<name>`.
    """
    return path.parent.name.removeprefix(_NIGHT)


def _is_night(entry: "os.DirEntry[str]") -> bool:
    return entry.name.startswith(_NIGHT) and entry.is_dir()


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
