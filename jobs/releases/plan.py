"""From the files of a release to partitions of one weight: runs of HEALPix cells, cut where the weight says so.

The plan is written once (`_reprocess/plan.json`) and is all that a restart needs: partitions that have a record are done, the
others are read again from the same files.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.pipeline.sources.files.patterns import named
from jobs.releases.cells import cells_of, edge_cells, in_ranges
from jobs.releases.format import Format, Index, ReadOptions
from jobs.releases.objects import Ints
from jobs.releases.refused import FileRefused

# What an object costs beside its points, in points: reading a row, a row of 200 statistics.
POINTS_PER_OBJECT = 40
PARTITION_POINTS = 500_000  # about the size of a partition, where nothing else is said
CELLS = pa.schema(
    [
        ("file", pa.int64()),
        ("cell", pa.int64()),
        ("objects", pa.int64()),
        ("weight", pa.int64()),
        ("reason", pa.string()),
        ("message", pa.string()),
    ]
)


@dataclass(frozen=True)
class PlannedFile:
    """A file as it was when the release was planned."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str) -> "PlannedFile":
        """The file as it is now.

        Parameters
        ----------
        path : str
            Of a file that is there.
        """
        status = os.stat(path)
        return cls(path, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Partition:
    """A run of cells.

    Attributes
    ----------
    first, behind : int
        Its first cell, and the one behind its last.
    objects, weight : int
        Rows of the release in it, and what they cost.
    files : tuple of int
        Numbers of the files that it reads.
    limit : int or None
        The most stars that are taken of it.
    """

    first: int
    behind: int
    objects: int
    weight: int
    files: tuple[int, ...]
    limit: int | None = None


@dataclass(frozen=True)
class Plan:
    """How a release is read.

    Attributes
    ----------
    asked : dict
        What it was made for: a restart that asks for something else is refused.
    files : tuple of PlannedFile
    refused : tuple of dict
        Files that cannot be read: file, reason, message.
    partitions : tuple of Partition
    """

    asked: dict[str, Any]
    files: tuple[PlannedFile, ...]
    refused: tuple[dict[str, str], ...]
    partitions: tuple[Partition, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is written."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Plan":
        """The plan of what `to_json` gave.

        Parameters
        ----------
        content : dict
        """
        partitions = [Partition(**{**each, "files": tuple(each["files"])}) for each in content["partitions"]]
        files = tuple(PlannedFile(**each) for each in content["files"])
        return cls(content["asked"], files, tuple(content["refused"]), tuple(partitions))


def files_of(inputs: Iterable[str], release: Format) -> list[str]:
    """The files of a release, by name, each once.

    Parameters
    ----------
    inputs : iterable of str
        Files, folders and patterns, as of `strix night`; of folders those with the format's endings, hidden ones and those
        below hidden folders left out.
    release : Format
    """
    found: list[Path] = []
    for each in (Path(path) for given in inputs for path in named(given)):
        each = each / release.folder if release.folder and (each / release.folder).is_dir() else each
        below = each.rglob("*") if each.is_dir() else [each]
        found += [path for path in below if path.is_file() and (not each.is_dir() or _is_data(path, each, release))]
    return sorted({os.path.abspath(path) for path in found})


def _is_data(path: Path, root: Path, release: Format) -> bool:
    parts = path.relative_to(root).parts
    own = not any(part[0] in "._" for part in parts) and any(part.startswith(release.called) for part in parts)
    return own and path.name.lower().endswith(release.endings)


def cells_in_file(number: int, path: str, release: Format, options: ReadOptions) -> pa.Table:
    """What a file holds, by cell; a file that is refused is one row with the reason.

    Parameters
    ----------
    number : int
        Of the file.
    path : str
    release : Format
    options : ReadOptions

    Returns
    -------
    pyarrow.Table
        Of CELLS. A cell at whose edge the file has objects is there with none.
    """
    try:
        index = release.index(Path(path), options)
    except FileRefused as error:
        row = {"file": number, "reason": error.reason, "message": str(error)}
        return pa.Table.from_pylist([row], schema=CELLS)
    cells = cells_in(index, release)
    distinct, place = np.unique(cells, return_inverse=True)
    objects = np.bincount(place, minlength=len(distinct))
    weight = np.bincount(place, weights=index.n_points + POINTS_PER_OBJECT, minlength=len(distinct))
    edges = _edges(index, release, distinct)
    cell = np.concatenate([distinct, edges])
    none = np.zeros(len(edges), dtype=np.int64)
    numbers = [np.full(len(cell), number), cell, np.r_[objects, none], np.r_[weight.astype(np.int64), none]]
    nothing = pa.nulls(len(cell), pa.string())
    return pa.table([*(pa.array(each, pa.int64()) for each in numbers), nothing, nothing], schema=CELLS)


def cells_in(index: Index, release: Format) -> Ints:
    """The cell of each row of an index.

    Parameters
    ----------
    index : Index
    release : Format
    """
    return cells_of(index.ra, index.dec, index.name, release.in_cells_of_names)


def _edges(index: Index, release: Format, own: Ints) -> Ints:
    """Cells in which the file has no object, but one near them."""
    if not release.by_position or not len(index.ra):
        return np.empty(0, dtype=np.int64)
    around = np.unique(edge_cells(index.ra, index.dec))
    return np.setdiff1d(around[around >= 0], own)


def partitions(
    cells: pa.Table, points: int, ranges: Sequence[tuple[int, int]] = (), limit: int | None = None
) -> tuple[Partition, ...]:
    """Runs of cells of about one weight.

    Parameters
    ----------
    cells : pyarrow.Table
        Of CELLS, of all files.
    points : int
        About the weight of a partition: its points, and POINTS_PER_OBJECT for each object.
    ranges : sequence of (int, int)
        Only these runs of cells; all where there are none.
    limit : int, optional
        The most objects.
    """
    number, cell, objects, weight = (
        np.asarray(cells[name].to_numpy(), dtype=np.int64) for name in ("file", "cell", "objects", "weight")
    )
    allowed = in_ranges(cell, ranges)
    distinct, place = np.unique(cell[allowed & (objects > 0)], return_inverse=True)
    chosen = np.flatnonzero(allowed & (objects > 0))
    total = np.bincount(place, weights=weight[chosen], minlength=len(distinct)).astype(np.int64)
    count = np.bincount(place, weights=objects[chosen], minlength=len(distinct)).astype(np.int64)
    found, left = [], limit
    for begin, end in _runs(total, points):
        first, behind = int(distinct[begin]), int(distinct[end - 1]) + 1
        files = np.unique(number[(cell >= first) & (cell < behind)]).tolist()
        held = int(count[begin:end].sum())
        found.append(Partition(first, behind, held, int(total[begin:end].sum()), tuple(files), left))
        left = left if left is None else left - held
        if left is not None and left <= 0:
            break
    return tuple(found)


def _runs(weight: Ints, points: int) -> list[tuple[int, int]]:
    """Where to cut, so that all runs have about one weight: at equal shares of the sum."""
    if not len(weight):
        return []
    behind = np.cumsum(weight)
    n = max(round(int(behind[-1]) / points), 1)
    share = np.minimum(((behind - weight / 2) * n / behind[-1]).astype(np.int64), n - 1)
    cuts = [0, *(np.flatnonzero(np.diff(share)) + 1).tolist(), len(weight)]
    return list(pairwise(cuts))
