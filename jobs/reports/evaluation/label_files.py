"""The labels that alerts are held against, out of the files that are named."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from jobs.labels import table as label_table
from jobs.labels.reading import read_labels
from jobs.labels.resolving import Conflict, resolve
from jobs.training.given_labels import GivenLabels

# What the simulator leaves: of a night beside the packets or in it, of light curves.
_IN_A_DIRECTORY = ("truth.parquet", "_truth/truth.parquet", "labels.parquet")


class NothingLabelled(ValueError):
    """No alert has a label that can be counted; the message says what alerts and labels there are."""


def label_files(paths: Iterable[Path]) -> list[Path]:
    """Files of labels; of a directory that the simulator wrote the file with its truth.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        As typed.

    Raises
    ------
    NothingLabelled
        If there is no such file, or no truth in a directory.
    """
    return [_file_in(path) if path.is_dir() else _there(path) for path in paths]


def labels_of(files: Sequence[Path], level: str) -> tuple[GivenLabels, list[Conflict]]:
    """Labels of all files, and what they contradict each other in.

    Parameters
    ----------
    files : sequence of pathlib.Path
        That `read_labels` knows.
    level : str
        coarse or leaf.
    """
    known, conflicts = resolve(pa.concat_tables([read_labels(path).labels for path in files]), level)
    return GivenLabels.of(known.select(label_table.SCHEMA.names)), conflicts


def _there(path: Path) -> Path:
    if not path.is_file():
        raise NothingLabelled(f"no label file {path}")
    return path


def _file_in(directory: Path) -> Path:
    found = next((directory / name for name in _IN_A_DIRECTORY if (directory / name).is_file()), None)
    if found is None:
        raise NothingLabelled(
            f"{directory} is a directory, a file of labels is wanted; it has none of {', '.join(_IN_A_DIRECTORY)}"
        )
    return found
