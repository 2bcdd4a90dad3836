"""All filters over the science files of a batch, in one pass; then the annotations of what they matched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.pipeline.filters.annotating import annotation_type, annotations_of, cheap_values
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.engine import How, run
from jobs.pipeline.filters.kinds import BOOLEAN, Kind
from jobs.pipeline.filters.leaves import ALWAYS, FILE, ROW, read_leaves, with_missing
from jobs.pipeline.filters.masks import masks_of, rows_of
from jobs.pipeline.filters.public_points import public_points

_KEYS = ("object_id", "mjd", "alert_id", "filter")
_SHOWN = "is_public"


@dataclass(frozen=True)
class Found:
    """What filters matched in one table of alerts.

    Attributes
    ----------
    rows : list of pyarrow.Array
        Per filter, the rows that it matched.
    annotations : list of pyarrow.StructArray or None
        Per filter, the annotations of these rows; None for a filter without.
    """

    rows: list[pa.Array]
    annotations: list[pa.StructArray | None]

    def by_name(self, filters: Sequence[Filter]) -> "dict[str, Found]":
        """What each of these filters matched, by the filter's name.

        Parameters
        ----------
        filters : sequence of Filter
            Those that were evaluated, in the same order.
        """
        of_each = zip(filters, self.rows, self.annotations, strict=True)
        return {each.name: Found([rows], [annotations]) for each, rows, annotations in of_each}

    @classmethod
    def joined(cls, parts: "Sequence[Found]") -> "Found":
        """What several groups of filters matched in the same table, one group after the other.

        Parameters
        ----------
        parts : sequence of Found
            In the order in which their filters are wanted.
        """
        return cls([rows for part in parts for rows in part.rows], [own for part in parts for own in part.annotations])

    @classmethod
    def nothing(cls, each: Filter) -> "Found":
        """No match of a filter.

        Parameters
        ----------
        each : Filter
            Gives the type of the annotations, which are empty.
        """
        return cls([pa.array([], pa.int64())], [pa.array([], annotation_type(each)) if each.values else None])


def evaluate(
    spark: SparkSession, science_files: Sequence[Path], filters: Sequence[Filter], how: How = "auto"
) -> pa.Table:
    """The matches of all filters.

    Parameters
    ----------
    spark : SparkSession
    science_files : sequence of pathlib.Path
        Published science files of a batch.
    filters : sequence of Filter
    how : str
        See `engine.run`.

    Returns
    -------
    pyarrow.Table
        One row per match, ordered by object_id, mjd, alert_id, filter: survey, alert_id, object_id, mjd, night,
        is_public, `filter` (name), `file` (number in `science_files`), `row` (number in the file), and `annotations`:
        a struct with one struct per filter that has annotations, NULL in the rows of other filters.

    Notes
    -----
    Of light curves, filters read the points that the survey shows to everybody, those with `private: true` all.
    """
    tables = read_leaves(science_files, names_read(filters))
    return in_order([together(leaves, find(spark, leaves, filters, how), filters) for leaves in tables], filters)


def names_read(filters: Sequence[Filter]) -> set[str]:
    """The columns that filters read, and those that say what the survey shows to everybody.

    Parameters
    ----------
    filters : sequence of Filter
        Evaluated together, over the same alerts.
    """
    read = {name for each in filters for name in each.columns} | {_SHOWN}
    return read | ({"lc_public"} if any(name.startswith("lc_") for name in read) else set())


def find(
    spark: SparkSession,
    leaves: pa.Table,
    filters: Sequence[Filter],
    how: How = "auto",
    most_bytes: int | None = None,
) -> Found:
    """What filters match among the rows of `leaves.read_leaves`.

    Parameters
    ----------
    spark : SparkSession
    leaves : pyarrow.Table
        Clean columns, one row per alert; a column that is missing is NULL.
    filters : sequence of Filter
    how : str
        See `engine.run`.
    most_bytes : int, optional
        Limit on the memory of the annotations [bytes]; none by default.

    Raises
    ------
    TooManyBytes
        If the annotations of all matches take more than `most_bytes`.
    """
    leaves = with_missing(leaves, _kinds(filters))
    shown = public_points(leaves)
    if shown is leaves or not any(each.private for each in filters):
        return _found(spark, shown, filters, how, most_bytes)
    parts: dict[str, Found] = {}
    for table, private in ((shown, False), (leaves, True)):
        group = [each for each in filters if each.private == private]
        parts |= _found(spark, table, group, how, most_bytes).by_name(group) if group else {}
    return Found.joined([parts[each.name] for each in filters])


def _found(spark: SparkSession, leaves: pa.Table, filters: Sequence[Filter], how: How, most_bytes: int | None) -> Found:
    masks = run(spark, leaves, masks_of(filters) | cheap_values(filters), how)
    rows = [rows_of(masks, number) for number in range(len(filters))]
    return Found(rows, annotations_of(spark, leaves, masks, filters, how, most_bytes))


def _kinds(filters: Sequence[Filter]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for each in filters:
        kinds |= each.kinds
    return kinds


def in_order(tables: Sequence[pa.Table], filters: Sequence[Filter]) -> pa.Table:
    """Matches of several tables as one, in the order in which they are sent.

    Parameters
    ----------
    tables : sequence of pyarrow.Table
        As `together` gives them; none gives an empty table.
    filters : sequence of Filter
        Those that were evaluated, for the types of their annotations.
    """
    if not tables:
        return _schema(filters).empty_table()
    joined = pa.concat_tables(tables)
    keys = [(name, "ascending") for name in _KEYS]
    return joined.take(pc.sort_indices(joined.drop_columns(["annotations"]), keys))


def together(leaves: pa.Table, found: Found, filters: Sequence[Filter]) -> pa.Table:
    """The matched rows of every filter, one filter after the other.

    Parameters
    ----------
    leaves : pyarrow.Table
        The alerts in which the filters looked, with `_file` and `_row`.
    found : Found
        What they matched there.
    filters : sequence of Filter
        In the order of `found`.

    Returns
    -------
    pyarrow.Table
        One row per match, with the columns of `evaluate`.
    """
    leaves = with_missing(leaves, {_SHOWN: BOOLEAN})
    taken = leaves.select([*ALWAYS, _SHOWN, FILE, ROW]).take(pa.concat_arrays(found.rows))
    names = np.repeat([each.name for each in filters], [len(own) for own in found.rows])
    annotations = list(_spread(found, taken.num_rows))
    columns = [*(taken[name] for name in (*ALWAYS, _SHOWN)), pa.array(names, pa.string()), taken[FILE], taken[ROW]]
    schema = _schema(filters)
    type_ = schema.field("annotations").type
    struct = pa.StructArray.from_arrays(annotations, fields=list(type_)) if annotations else pa.nulls(len(names), type_)
    return pa.table([*columns, struct], schema=schema)


def _spread(found: Found, total: int) -> Iterator[pa.StructArray]:
    """Each filter's annotations at their place among all rows, NULL in the rows of other filters."""
    start = 0
    for rows, own in zip(found.rows, found.annotations, strict=True):
        if own is not None:
            parts = [pa.nulls(start, own.type), own, pa.nulls(total - start - len(own), own.type)]
            yield pa.concat_arrays([part for part in parts if len(part)] or [own])
        start += len(rows)


def annotations_type(filters: Sequence[Filter]) -> pa.StructType:
    """The Arrow type of the column `annotations`: a struct per filter that has any.

    Parameters
    ----------
    filters : sequence of Filter
        In the order that the fields are to have.
    """
    return pa.struct([pa.field(each.name, annotation_type(each)) for each in filters if each.values])


def _schema(filters: Sequence[Filter]) -> pa.Schema:
    types = {"survey": pa.string(), "alert_id": pa.int64(), "object_id": pa.string(), "mjd": pa.float64()}
    return pa.schema(
        [
            *types.items(),
            ("night", pa.int64()),
            (_SHOWN, pa.bool_()),
            ("filter", pa.string()),
            ("file", pa.int64()),
            ("row", pa.int64()),
            ("annotations", annotations_type(filters)),
        ]
    )
