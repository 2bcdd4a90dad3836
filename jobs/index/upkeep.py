"""Making the index before somebody asks: what `strix compact` does at its end."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from jobs.index.packed_rows import ENDING, rows_path, write_rows
from jobs.index.science_files import ScienceFile, science_files
from jobs.index.science_index import ScienceIndex
from jobs.storage.layout import Layout

# What somebody begins to write is whole by then, or he was killed.
_WRITTEN_S = 3600.0


def index_nights(layout: Layout, nights: Sequence[str] = ()) -> None:
    """Bring the index of some nights up to date, their rows packed. The output's lock must be held.

    What breaks off is whole as far as it came; nothing depends on it.

    Parameters
    ----------
    layout : Layout
    nights : sequence of str
        YYYYMMDD or `unknown`; all if there are none.
    """
    index = ScienceIndex(layout)
    for night in nights or layout.nights("science"):
        index.segments(night)
        files = science_files(index.table, night)
        _pack(index, files)
        _remove_others(index, night, files)


def _pack(index: ScienceIndex, files: Iterable[ScienceFile]) -> None:
    for file in files:
        path = rows_path(index.folder(file.night), file)
        if not path.exists():
            with suppress(TypeError):  # what cells cannot hold is read from the science file
                write_rows(path, index.table, file)


def _remove_others(index: ScienceIndex, night: str, files: Iterable[ScienceFile]) -> None:
    folder = index.folder(night)
    current = {rows_path(folder, file) for file in files}
    old = [path for path in folder.glob(f"*{ENDING}") if path not in current]
    for path in (*old, *(each for each in folder.glob(".*.tmp") if _age_s(each) > _WRITTEN_S)):
        path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime if path.exists() else 0.0
