"""A file gets its name in one step, when it is whole: who reads sees all of it, the one before, or none.

Temporary names begin with a point and end with `.tmp`; no reader takes them, and what a kill leaves of them is removed by
`remove_halves`.
"""

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.storage.checksums import CHECKED

_NUMBER = itertools.count()


@contextmanager
def replacing(path: Path, durable: bool = False) -> Iterator[Path]:
    """A name to write to, whose content takes the file's place at the end of the block; nothing is left if that raises.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if it is not there.
    durable : bool
        Sync file and folder, against power loss.

    Yields
    ------
    pathlib.Path
        Beside the file, of this process and call alone.
    """
    with _beside(path, durable) as temporary:
        yield temporary
        if durable:
            sync_file(temporary)
        os.replace(temporary, path)
    if durable:
        sync_directory(path.parent)


@contextmanager
def _beside(path: Path, durable: bool) -> Iterator[Path]:
    """A name beside a file, which is gone at the end."""
    make_folder(path.parent, durable)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_NUMBER)}.tmp")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: Path, text: str, durable: bool = False) -> None:
    """Write a text file whole.

    Parameters
    ----------
    path, durable
        As `replacing`.
    text : str
        Written as UTF-8.
    """
    with replacing(path, durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def replace_bytes(path: Path, data: bytes, durable: bool = False) -> None:
    """`replace_file` with bytes.

    Parameters
    ----------
    path, durable
        As of `replacing`.
    data : bytes
        All that the file will hold.
    """
    with replacing(path, durable) as temporary:
        temporary.write_bytes(data)


def replace_json(path: Path, content: Any, durable: bool = False) -> None:
    """`replace_file` with JSON.

    Parameters
    ----------
    path, durable
        As of `replacing`.
    content : object
        What `json` can write.
    """
    replace_file(path, _as_text(content), durable)


def create_json(path: Path, content: Any, durable: bool = False) -> bool:
    """Write a JSON file whole unless it is there already: of processes that do so at once, one is the first.

    Parameters
    ----------
    path, durable
        As of `replacing`.
    content : object
        What `json` can write.

    Returns
    -------
    bool
        Whether this was the first; if not, the file is as it was.
    """
    with _beside(path, durable) as temporary:
        temporary.write_text(_as_text(content), encoding="utf-8")
        if durable:
            sync_file(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    if durable:
        sync_directory(path.parent)
    return True


def _as_text(content: Any) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def replace_table(path: Path, table: pa.Table, durable: bool = False) -> None:
    """`replace_file` with a Parquet file, its pages with checksums.

    Parameters
    ----------
    path, durable
        As of `replacing`.
    table : pyarrow.Table
        All that the file will hold.
    """
    with replacing(path, durable) as temporary:
        pq.write_table(table, temporary, compression="zstd", **CHECKED)


def remove_halves(folder: Path) -> None:
    """Remove what a killed process was about to rename in a folder. Nobody else may be writing there.

    Parameters
    ----------
    folder : pathlib.Path
        Those below it are not looked at.
    """
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def make_folder(path: Path, durable: bool = False) -> None:
    """Make a folder and those above it; durable: they survive power loss too.

    Parameters
    ----------
    path : pathlib.Path
        One that is there stays as it is.
    durable : bool
        Synchronise each folder in which one was made.
    """
    made = [each for each in (path, *path.parents) if not each.exists()] if durable else []
    path.mkdir(parents=True, exist_ok=True)
    for each in made:
        sync_directory(each.parent)


def sync_directory(path: Path) -> None:
    """Make renames in a directory survive power loss.

    Parameters
    ----------
    path : pathlib.Path
        Of the directory in which files were renamed.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content survive power loss.

    Parameters
    ----------
    path : pathlib.Path
        Of the file, closed by who wrote it.
    """
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())
