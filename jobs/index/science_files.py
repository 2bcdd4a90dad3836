"""The science files that an index is of."""

import os
from dataclasses import dataclass
from pathlib import Path

from jobs.storage.data_files import files_of_night


@dataclass(frozen=True, order=True)
class ScienceFile:
    """A file as it was seen: with the same name, size and time it is the same.

    Attributes
    ----------
    night, name : str
        Its folder's night; its name there.
    size, mtime_ns : int
        [byte], [ns]
    """

    night: str
    name: str
    size: int
    mtime_ns: int

    def path(self, table: Path) -> Path:
        """Where it is.

        Parameters
        ----------
        table : pathlib.Path
            The table's folder.
        """
        return table / f"night={self.night}" / self.name

    def is_there(self, table: Path) -> bool:
        """Whether it is still as it was seen.

        Parameters
        ----------
        table : pathlib.Path
        """
        return _seen(self.path(table), self.night) == self


def science_files(table: Path, night: str) -> frozenset[ScienceFile]:
    """The files of a night as they are now.

    Parameters
    ----------
    table : pathlib.Path
        The science table's folder.
    night : str
        YYYYMMDD or `unknown`.
    """
    seen = (_seen(path, night) for path in files_of_night(table, night))
    return frozenset(each for each in seen if each is not None)


def _seen(path: Path, night: str) -> ScienceFile | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return ScienceFile(night, path.name, status.st_size, status.st_mtime_ns)
