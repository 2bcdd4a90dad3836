"""What an archive holds near a position."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.archive.position import Cone
from jobs.index.holders import files_near
from jobs.storage.footers import Ranges, may_hold, ranges
from jobs.storage.layout import Layout

_COLUMNS = ["survey", "object_id", "ra", "dec"]


@dataclass(frozen=True)
class Source:
    """An object with an alert near a position.

    Attributes
    ----------
    alerts : int
        Its alerts within the circle.
    distance_arcsec : float
        Of the nearest of them.
    """

    survey: str
    object_id: str
    alerts: int
    distance_arcsec: float


def sources_near(layout: Layout, cone: Cone) -> list[Source]:
    """The objects of an output with alerts in a circle; files that the index of look-ups knows better are not opened.

    Parameters
    ----------
    layout : Layout
    cone : Cone

    Returns
    -------
    list of Source
        As of `sources`.
    """
    return sources(files_near(layout, cone.ra, cone.dec, cone.radius_arcsec), cone)


def sources(files: Iterable[Path], cone: Cone) -> list[Source]:
    """The objects with alerts in a circle, the nearest first.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Science files.
    cone : Cone

    Returns
    -------
    list of Source
        Empty if there are none; objects at the same distance by their id, then survey.
    """
    found = [
        piece.select([*_COLUMNS[:2], "distance_arcsec"]) for path in files for piece in within(path, cone, _COLUMNS)
    ]
    if not found:
        return []
    grouped = pa.concat_tables(found).group_by(_COLUMNS[:2])
    counted = grouped.aggregate([("distance_arcsec", "min"), ("distance_arcsec", "count")])
    rows = counted.select([*_COLUMNS[:2], "distance_arcsec_count", "distance_arcsec_min"]).to_pylist()
    return sorted(
        (Source(*row.values()) for row in rows), key=lambda each: (each.distance_arcsec, each.object_id, each.survey)
    )


def within(path: Path, cone: Cone, columns: list[str]) -> Iterator[pa.Table]:
    """The rows of a file in a circle, with `distance_arcsec`; only the row groups that may hold some are read.

    Parameters
    ----------
    path : pathlib.Path
        A file with `ra` and `dec`.
    cone : Cone
    columns : list of str
        Those to read, with `ra` and `dec` among them.

    Yields
    ------
    pyarrow.Table
        One per row group that holds such rows.
    """
    with pq.ParquetFile(path) as file:
        for group in row_groups(file, cone):
            piece = cone.inside(file.read_row_group(group, columns=columns))
            if piece.num_rows:
                yield piece


def row_groups(file: pq.ParquetFile, cone: Cone | None) -> list[int]:
    """The row groups of a file that may hold something of a circle, by the statistics of `dec`; all without a circle.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        With a column `dec`.
    cone : Cone or None
        The circle.

    Returns
    -------
    list of int
        Their numbers, from 0.
    """
    if cone is None:
        return list(range(file.num_row_groups))
    return groups_in(ranges(file.metadata, "dec"), cone)


def groups_in(declinations: Ranges, cone: Cone) -> list[int]:
    """The row groups that may hold something of a circle, by their ranges of `dec`.

    Parameters
    ----------
    declinations : Ranges
        Least and greatest `dec` [deg] of each row group.
    cone : Cone

    Returns
    -------
    list of int
        Their numbers, from 0.
    """
    return [group for group, each in enumerate(declinations) if may_hold(each, *cone.reach)]


def counts(files: Iterable[Path], rows: pa.Table) -> pa.Array:
    """How many alerts the files hold of the object of every row.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Science files.
    rows : pyarrow.Table
        With `survey` and `object_id`.

    Returns
    -------
    pyarrow.Array of int64
        One per row.
    """
    wanted = pa.array(rows["object_id"].to_pylist(), type=pa.string())
    found: dict[tuple[str, str], int] = {}
    for path in files:
        table = pq.read_table(path, columns=_COLUMNS[:2], partitioning=None)
        table = table.filter(pc.is_in(table["object_id"], value_set=wanted))
        for row in table.group_by(_COLUMNS[:2]).aggregate([([], "count_all")]).to_pylist():
            key = row["survey"], row["object_id"]
            found[key] = found.get(key, 0) + row["count_all"]
    keys = zip(rows["survey"].to_pylist(), rows["object_id"].to_pylist(), strict=True)
    return pa.array([found.get(key, 0) for key in keys], type=pa.int64())
