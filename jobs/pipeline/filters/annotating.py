"""Annotations: what filters add to their matches.

What costs next to nothing (two numbers multiplied) is made with the masks, for all alerts: to plan it anew would cost more.
What costs anything (a text, a list, a lambda) is made for matches only, for so many at a time that memory holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.pipeline.filters.costs import POINTS, TEXT
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.engine import How, run
from jobs.pipeline.filters.masks import any_of, masks_of, rows_of
from jobs.pipeline.filters.typed import Typed

MOST_BYTES = 134_217_728  # of the annotations that are held at a time
# Bytes and steps of an annotation, for an ordinary alert, that costs next to nothing.
_LITTLE_BYTES, _LITTLE_WORK = 256, 500
_BYTES_AT_ONCE = 16_777_216  # of annotations that Spark is asked for at a time


class TooManyBytes(RuntimeError):
    """Annotations take more memory than they may."""


def cheap_values(filters: Sequence[Filter]) -> dict[str, str]:
    """SQL of the annotations that are evaluated for all alerts, by the name of their column: the SQL itself.

    Parameters
    ----------
    filters : sequence of Filter
        Those whose annotations are looked at; what is a bare column or costs more is left to `annotations_of`.
    """
    return {value.sql: value.sql for each in filters for value in each.values.values() if _is_cheap(value)}


def annotations_of(
    spark: SparkSession,
    leaves: pa.Table,
    masks: pa.Table,
    filters: Sequence[Filter],
    how: How = "auto",
    most_bytes: int | None = None,
) -> list[pa.StructArray | None]:
    """Per filter, the annotations of the rows that it matched; None for a filter without annotations.

    Parameters
    ----------
    spark : SparkSession
    leaves : pyarrow.Table
        Clean columns of the alerts, as `leaves.read_leaves` gives them.
    masks : pyarrow.Table
        The masks of the same alerts, and their cheap values (`cheap_values`).
    filters : sequence of Filter
        In the order in which the masks were made.
    how : str
        See `engine.run`.
    most_bytes : int, optional
        Limit on the memory of all annotations together [bytes]; none by default.

    Raises
    ------
    TooManyBytes
        If all of them take more than `most_bytes`.
    """
    values = _Values.of(spark, leaves, masks, filters, how, most_bytes)
    made: list[pa.StructArray | None] = []
    for number, each in enumerate(filters):
        made.append(values.of_filter(each, rows_of(masks, number), leaves) if each.values else None)
        _check_bytes(sum(own.nbytes for own in made if own is not None), most_bytes)
    return made


def annotation_type(each: Filter) -> pa.StructType:
    """The Arrow type of a filter's annotations: a field per name, in the order of its file.

    Parameters
    ----------
    each : Filter
        One with annotations or without; without, the struct has no field.
    """
    return pa.struct([pa.field(name, value.kind.arrow) for name, value in each.values.items()])


@dataclass(frozen=True)
class _Values:
    """Annotations that cost something, for the rows that any filter with such annotations matched.

    Attributes
    ----------
    place : numpy.ndarray of int64
        Where a row of the leaves stands among them.
    values : dict of str to pyarrow.Array
        By the SQL of the annotation.
    """

    place: np.ndarray[tuple[int], np.dtype[np.int64]]
    values: dict[str, pa.Array]
    cheap: pa.Table

    @classmethod
    def of(
        cls,
        spark: SparkSession,
        leaves: pa.Table,
        masks: pa.Table,
        filters: Sequence[Filter],
        how: How,
        most_bytes: int | None,
    ) -> "_Values":
        computing = {number: made for number, each in enumerate(filters) if (made := _costly(each))}
        matched = [rows_of(masks, number).to_numpy() for number in computing]
        rows = np.unique(np.concatenate(matched)) if matched else np.zeros(0, np.int64)
        place = np.zeros(leaves.num_rows, np.int64)
        place[rows] = np.arange(len(rows))
        if not len(rows):
            return cls(place, {}, masks)
        names = sorted({name for made in computing.values() for value in made for name in value.columns})
        table = pa.table(
            {**{name: leaves[name] for name in names}, **{name: masks[name] for name in masks_of(filters)}}
        )
        asked = _guarded(computing)
        size = 1 + sum({value.sql: value.size for made in computing.values() for value in made}.values())
        found = _in_pieces(spark, table.take(pa.array(rows)), asked, how, size, most_bytes)
        return cls(place, {sql: found[sql].combine_chunks() for sql in asked}, masks)

    def of_filter(self, each: Filter, rows: pa.Array, leaves: pa.Table) -> pa.StructArray:
        """The annotations of a filter's own rows."""
        type_ = annotation_type(each)
        if not len(rows):
            return pa.array([], type_)
        arrays = [self._of_rows(value, rows, leaves) for value in each.values.values()]
        fields = [array.cast(field.type) for array, field in zip(arrays, type_, strict=True)]
        return pa.StructArray.from_arrays(fields, fields=list(type_))

    def _of_rows(self, value: Typed, rows: pa.Array, leaves: pa.Table) -> pa.Array:
        if value.sql in self.values:
            return self.values[value.sql].take(pa.array(self.place[rows.to_numpy()]))
        column = leaves[value.column] if value.column else self.cheap[value.sql]
        return column.take(rows).combine_chunks()


def _is_cheap(value: Typed) -> bool:
    return not value.column and value.size <= _LITTLE_BYTES and value.work <= _LITTLE_WORK


def _costly(each: Filter) -> list[Typed]:
    """The annotations that are more than a column and cost something."""
    return [value for value in each.values.values() if not value.column and not _is_cheap(value)]


def _guarded(computing: dict[int, list[Typed]]) -> dict[str, str]:
    """Every annotation once, by its SQL: NULL where no filter that has it matched."""
    asking: dict[str, list[int]] = {}
    for number, made in computing.items():
        for value in made:
            asking.setdefault(value.sql, []).append(number)
    return {sql: f"IF({any_of(numbers)}, {sql}, NULL)" for sql, numbers in sorted(asking.items())}


def _in_pieces(
    spark: SparkSession, table: pa.Table, asked: dict[str, str], how: How, size: int, most_bytes: int | None
) -> pa.Table:
    """The expressions over a table, for so many rows at a time that memory holds them."""
    at_once = max(1, int(_BYTES_AT_ONCE / (size * _excess(table))))
    found: list[pa.Table] = []
    for start in range(0, table.num_rows, at_once):
        found.append(run(spark, table.slice(start, at_once), asked, how))
        _check_bytes(sum(each.nbytes for each in found), most_bytes)
    return pa.concat_tables(found)


def _excess(table: pa.Table) -> float:
    """How much larger than ordinary the largest values of these alerts are."""
    points = characters = 1.0
    for column in table.columns:
        if pa.types.is_list(column.type):
            points = max(points, (pc.max(pc.list_value_length(column)).as_py() or 0) / POINTS)
            column = pc.list_flatten(column)
        if pa.types.is_string(column.type):
            characters = max(characters, (pc.max(pc.binary_length(column)).as_py() or 0) / TEXT)
    return points * characters


def _check_bytes(held: int, most: int | None) -> None:
    if most is not None and held > most:
        raise TooManyBytes(f"its annotations take more than {most // 1_048_576} MiB")
