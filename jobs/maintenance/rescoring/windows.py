"""Which rows are scored together: a night's science rows in the order in which their cutouts lie.

Science lies by object once it is compacted, cutouts as they were committed. Reading the cutouts, by far the larger
part, once and in order keeps both the time and the memory in bounds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

KEYS = ["survey", "alert_id"]
# A task holds the inputs of about so many alerts: 40 MB of light curves.
MOST_ROWS, LEAST_ROWS = 8192, 512
# Where a science row is, and where its cutouts are: file and row group by number, row in the group; -1: nowhere.
PLAN = pa.schema(
    [(name, pa.int32()) for name in ("lacks", "file", "group", "row", "stamps", "stamps_group", "stamps_row")]
)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Stamps:
    """A file that has cutouts: of table `cutouts`, or of `raw`, whose packets hold them."""

    table: str
    path: str


def located(paths: Sequence[Path]) -> pa.Table:
    """survey, alert_id and place (file, group, row) of every row of some files.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Files with survey and alert_id; `file` is the place in this sequence.
    """
    tables = []
    for number, path in enumerate(paths):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=KEYS)
                place = {"file": number, "group": group}
                for name, value in place.items():
                    table = table.append_column(name, pa.array(np.full(table.num_rows, value, dtype=np.int32)))
                tables.append(table.append_column("row", pa.array(np.arange(table.num_rows, dtype=np.int32))))
    schema = pa.schema([("survey", pa.string()), ("alert_id", pa.int64()), *((n, pa.int32()) for n in _PLACE)])
    return pa.concat_tables([schema.empty_table(), *(each.cast(schema) for each in tables)])


_PLACE = ("file", "group", "row")


def planned(science: pa.Table, lacks: Sequence[int], stamps: pa.Table | None) -> pa.Table:
    """The rows of a night in the order in which they are scored: PLAN.

    Parameters
    ----------
    science : pyarrow.Table
        `located` science files.
    lacks : sequence of int
        Per science file, the number of the set of columns that it lacks: files of different sets are scored apart.
    stamps : pyarrow.Table or None
        `located` files with cutouts; None if no module reads any.
    """
    rows = science.append_column("lacks", pa.array(np.array(lacks, dtype=np.int32)[science["file"].to_numpy()]))
    if stamps is None:
        nowhere = pa.array(np.full(rows.num_rows, -1, dtype=np.int32))
        for name in ("stamps", "stamps_group", "stamps_row"):
            rows = rows.append_column(name, nowhere)
    else:
        first = stamps.group_by(KEYS, use_threads=False).aggregate([(name, "first") for name in _PLACE])
        first = first.rename_columns([*KEYS, "stamps", "stamps_group", "stamps_row"])
        rows = rows.join(first, KEYS, join_type="left outer")
    columns = [pc.fill_null(rows[name], -1) for name in PLAN.names]
    plan = pa.Table.from_arrays(columns, schema=PLAN)
    # Alerts without cutouts first: then the sets that are scored apart are two blocks.
    order = ["lacks", "stamps", "stamps_group", "stamps_row", *_PLACE]
    return plan.sort_by([(name, "ascending") for name in order])


def windows(plan: pa.Table, tasks: int) -> Iterator[pa.Table]:
    """The plan cut where a row group ends, so that no two windows read the same one.

    Parameters
    ----------
    plan : pyarrow.Table
        As `planned` gives it.
    tasks : int
        How many windows are wanted, about; their rows are kept between LEAST_ROWS and MOST_ROWS, but for a row group.

    Yields
    ------
    pyarrow.Table
    """
    wanted = int(np.clip(plan.num_rows // max(tasks, 1), LEAST_ROWS, MOST_ROWS))
    ends = _group_ends(plan)
    start = 0
    for end in ends.tolist():
        if end - start >= wanted or end == plan.num_rows:
            yield plan.slice(start, end - start)
            start = end


def _group_ends(plan: pa.Table) -> Ints:
    """Behind the last row of each row group: of cutouts where there are some, of science elsewhere."""
    stamps = plan["stamps"].to_numpy()
    science = np.where(stamps < 0, plan["file"].to_numpy(), -1), np.where(stamps < 0, plan["group"].to_numpy(), -1)
    keys = [plan["lacks"].to_numpy(), stamps, plan["stamps_group"].to_numpy(), *science]
    changes = np.logical_or.reduce([np.diff(key) != 0 for key in keys])
    return np.append(np.flatnonzero(changes) + 1, plan.num_rows)


def write_windows(path: Path, plan: pa.Table, tasks: int) -> list[list[int]]:
    """Write a plan with one row group per window.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    plan : pyarrow.Table
        As `planned` gives it.
    tasks : int
        As of `windows`.

    Returns
    -------
    list of list of int
        Per window, the numbers of the science files in it.
    """
    files = []
    with pq.ParquetWriter(path, PLAN) as writer:
        for window in windows(plan, tasks):
            writer.write_table(window, row_group_size=window.num_rows)
            files.append(sorted(pc.unique(window["file"]).to_pylist()))
    return files


def blocks(plan: pa.Table, most: int) -> Iterator[pa.Table]:
    """A window in pieces whose rows lack the same columns and all have cutouts, or none.

    Parameters
    ----------
    plan : pyarrow.Table
        The window.
    most : int
        Rows of a piece, at most.

    Yields
    ------
    pyarrow.Table
    """
    kinds = [plan["lacks"].to_numpy(), plan["stamps"].to_numpy() < 0]
    cuts = np.flatnonzero(np.logical_or.reduce([np.diff(kind) != 0 for kind in kinds])) + 1
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), plan.num_rows], strict=True):
        for at in range(start, end, most):
            yield plan.slice(at, min(most, end - at))
