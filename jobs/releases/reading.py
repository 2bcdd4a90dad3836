"""The stars of one partition of a release, in the common view: read, joined, each where it belongs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.releases.cells import FINE_ORDER, edge_cells, healpix, in_ranges
from jobs.releases.copies import copies, repeated_names
from jobs.releases.format import Format, Index, ReadOptions
from jobs.releases.joining import stars
from jobs.releases.objects import Objects, concatenated
from jobs.releases.plan import Partition, Plan, PlannedFile, cells_in
from jobs.releases.refused import DUPLICATE_ID, REFUSED, UNREADABLE, FileRefused, refused
from jobs.releases.view import Stars, grouped, view

ROWS_AT_ONCE = 2048  # of the view and of a row group: memory holds so many, a look-up reads so many


@dataclass(frozen=True)
class Reading:
    """What reading is told, the same for all partitions.

    Attributes
    ----------
    plan : Plan
    release : Format
    options : ReadOptions
    ranges : list of (int, int)
        Only these runs of cells; all where there are none.
    where : pyarrow.compute.Expression or None
        Which stars are kept.
    """

    plan: Plan
    release: Format
    options: ReadOptions
    ranges: list[tuple[int, int]]
    where: pc.Expression | None


def read_partition(reading: Reading, partition: Partition) -> tuple[Iterator[pa.Table] | None, pa.Table]:
    """A partition's own stars, in the order of the sky, and what was refused.

    Parameters
    ----------
    reading : Reading
    partition : Partition
        Of its plan.

    Returns
    -------
    views : iterator of pyarrow.Table, or None
        Of VIEW_SCHEMA, ROWS_AT_ONCE rows at most each, made as they are asked for; None if no file could be read.
    refused : pyarrow.Table
        Of REFUSED.
    """
    found, bad, strangers = _read(reading, partition)
    views = None
    if found:
        objects, doubled = _each_once(reading, concatenated(found))
        bad.append(doubled)
        joined = _stars(reading, objects)
        views = _viewed(reading, joined, _own(reading, partition, joined), partition.limit)
    refusals = pa.concat_tables([REFUSED.empty_table(), *bad])
    strange = pc.is_in(refusals["object_id"], value_set=pa.array(strangers, pa.string()))
    return views, refusals.filter(pc.invert(strange))


def _viewed(reading: Reading, found: Stars, own: Any, limit: int | None) -> Iterator[pa.Table]:
    left = len(own) if limit is None else limit
    for start in range(0, len(own), ROWS_AT_ONCE):
        rows = own[start : start + ROWS_AT_ONCE]
        release = reading.release
        survey = release.survey or reading.options.survey
        table = view(found, rows, survey, release.name, release.simulated, release.public)
        table = table if reading.where is None else table.filter(reading.where)
        table = table.slice(0, left)
        left -= table.num_rows
        if table.num_rows:
            yield table
        if left <= 0:
            return


def _read(reading: Reading, partition: Partition) -> tuple[list[Objects], list[pa.Table], list[str]]:
    """The objects of all files, what was refused, and names of objects beyond the edge, which another partition tells of.

    A file that cannot be read is refused, the others are read.
    """
    found: list[Objects] = []
    bad: list[pa.Table] = []
    strangers: list[str] = []
    for file in (reading.plan.files[number] for number in partition.files):
        choosing = partial(_wanted, reading, partition, strangers)
        try:
            _check_same(file)
            objects, refusals = reading.release.read(Path(file.path), reading.options, choosing)
        except FileRefused as error:
            bad.append(refused(error.reason, file.path, [None], [str(error)]))
            continue
        found.append(objects)
        bad.append(refusals)
    return found, bad, strangers


def _check_same(file: PlannedFile) -> None:
    try:
        now = PlannedFile.of(file.path)
    except OSError as error:
        raise FileRefused(UNREADABLE, f"was there when the release was planned; {error.strerror}") from None
    if now != file:
        told = f"planned with {file.size} bytes of mtime {file.mtime_ns} ns, it has {now.size} of {now.mtime_ns}"
        raise FileRefused(UNREADABLE, f"changed since the release was planned: {told}; use a new --output")


def _wanted(reading: Reading, partition: Partition, strangers: list[str], index: Index) -> NDArray[np.bool_]:
    """The rows of the partition's cells, and those at their edges, which may belong to its stars: their names are added."""
    cells = cells_in(index, reading.release)
    inside = np.asarray((cells >= partition.first) & (cells < partition.behind))
    if not reading.release.by_position:
        return inside & in_ranges(cells, reading.ranges)
    around = edge_cells(index.ra, index.dec)
    beyond = ((around >= partition.first) & (around < partition.behind)).any(axis=1) & ~inside
    strangers += index.name.filter(pa.array(beyond)).to_pylist()
    return np.asarray(inside | beyond)


def _each_once(reading: Reading, objects: Objects) -> tuple[Objects, pa.Table]:
    """Where a name says which object is which star's part, a name that is there twice is refused the second time."""
    if not reading.release.by_position:
        return objects, REFUSED.empty_table()
    again = np.flatnonzero(repeated_names(objects.name))
    names = objects.name.take(pa.array(again)).to_pylist()
    told = refused(DUPLICATE_ID, "", names, ["wants each objectid once, it was read before"] * len(names))
    return objects.take(np.setdiff1d(np.arange(len(objects)), again)), told


def _stars(reading: Reading, objects: Objects) -> Stars:
    """Objects that belong together; in the order of names, so that nothing depends on what else a partition reads."""
    objects = objects.take(np.argsort(objects.name.to_numpy(zero_copy_only=False).astype(str), kind="stable"))
    if reading.release.by_position:
        return grouped(objects, stars(objects.ra, objects.dec, objects.catalogue))
    names = objects.name.to_numpy(zero_copy_only=False).astype(str)
    _, first, star = np.unique(names, return_index=True, return_inverse=True)
    return grouped(objects, first[star], copies(objects, star))


def _own(reading: Reading, partition: Partition, found: Stars) -> Any:
    """Stars whose first object lies in the partition's cells, by their place on the sky; the others have a partition too."""
    objects, place = found.objects, found.first
    ra, dec = objects.ra[place], objects.dec[place]
    cells = cells_in(Index(objects.name.take(pa.array(place)), ra, dec, np.empty(0, np.int64)), reading.release)
    own = np.flatnonzero((cells >= partition.first) & (cells < partition.behind) & in_ranges(cells, reading.ranges))
    return own[np.lexsort((own, healpix(ra[own], dec[own], FINE_ORDER)))]
