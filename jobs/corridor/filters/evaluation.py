"""All filters over the science files of a batch, in one pass."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.corridor.filters.definition import Filter
from jobs.corridor.filters.engine import How, run
from jobs.corridor.filters.kinds import BOOLEAN, Kind
from jobs.corridor.filters.leaves import ALWAYS, FILE, ROW, read_leaves, with_missing
from jobs.corridor.filters.typed import Typed
from jobs.corridor.public_points import public_points

FILTERS_PER_MASK = 62  # bits of a BIGINT that are no sign


def evaluate(
    spark: SparkSession, science_files: Sequence[Path], filters: Sequence[Filter], how: How = "auto"
) -> pa.Table:
    """The matches of all filters.

    Parameters
    ----------
    science_files : sequence of pathlib.Path
        Published science files of a batch.
    how : str
        See `engine.run`.

    Returns
    -------
    pyarrow.Table
        One row per match, ordered by object_id, mjd, alert_id, filter: survey, alert_id, object_id, mjd, night, is_public,
        `filter` (name), `file` (number in `science_files`), `row` (number in the file), and `annotations`: a struct
        with one struct per filter that has annotations, NULL in the rows of other filters.

    Notes
    -----
    Of light curves, filters read the points that the survey shows to everybody, those with `private: true` all.
    """
    read = {name for each in filters for name in each.columns} | {"is_public"}
    read |= {"lc_public"} if any(name.startswith("lc_") for name in read) else set()
    found = [matches(spark, leaves, filters, how) for leaves in read_leaves(science_files, read)]
    if not found:
        return _schema(filters).empty_table()
    together = pa.concat_tables(found)
    keys = [(name, "ascending") for name in ("object_id", "mjd", "alert_id", "filter")]
    return together.take(pc.sort_indices(together.drop_columns(["annotations"]), keys))


def matches(spark: SparkSession, leaves: pa.Table, filters: Sequence[Filter], how: How = "auto") -> pa.Table:
    """The matches among the rows of `leaves.read_leaves`, in their order, filter by filter."""
    leaves = with_missing(leaves, _kinds(filters) | {"is_public": BOOLEAN})
    shown = public_points(leaves)
    if shown is leaves:
        return _matches(spark, leaves, filters, how)
    own = [
        (shown, [each for each in filters if not each.private]),
        (leaves, [each for each in filters if each.private]),
    ]
    parts = [_matches(spark, table, group, how) for table, group in own if group]
    return pa.concat_tables([_schema(filters).empty_table(), *parts], promote_options="permissive").cast(
        _schema(filters)
    )


def _matches(spark: SparkSession, leaves: pa.Table, filters: Sequence[Filter], how: How) -> pa.Table:
    masks = {
        f"mask {start}": _mask(filters[start : start + FILTERS_PER_MASK])
        for start in range(0, len(filters), FILTERS_PER_MASK)
    }
    values = _distinct(value for each in filters for value in each.values.values() if not value.column)
    found = run(spark, leaves, masks | {name: sql for sql, name in values.items()}, how)
    rows = [_rows(found, number) for number in range(len(filters))]
    return _matched(leaves, found, rows, values, filters)


def _mask(filters: Sequence[Filter]) -> str:
    """One bit per filter; a `where` on it would double the planning."""
    bits = [f"IF({each.condition.sql}, {1 << bit}L, 0L)" for bit, each in enumerate(filters)]
    while len(bits) > 1:  # a balanced tree: Spark walks expressions by recursion
        pairs = [bits[at : at + 2] for at in range(0, len(bits), 2)]
        bits = [f"({' | '.join(pair)})" for pair in pairs]
    return bits[0]


def _distinct(values: Iterable[Typed]) -> dict[str, str]:
    """Every expression once, with a name for its column."""
    texts = sorted({value.sql for value in values})
    return {sql: f"value {number}" for number, sql in enumerate(texts)}


def _kinds(filters: Sequence[Filter]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for each in filters:
        kinds |= each.kinds
    return kinds


def _rows(found: pa.Table, number: int) -> pa.Array:
    start = number - number % FILTERS_PER_MASK
    mask = found[f"mask {start}"].to_numpy()
    return pa.array(np.flatnonzero(mask & (1 << (number - start))), pa.int64())


def _matched(
    leaves: pa.Table, found: pa.Table, rows: Sequence[pa.Array], values: dict[str, str], filters: Sequence[Filter]
) -> pa.Table:
    """The matched rows of every filter, one filter after the other."""
    taken = leaves.select([*ALWAYS, "is_public", FILE, ROW]).take(pa.concat_arrays(rows))
    names = np.repeat([each.name for each in filters], [len(own) for own in rows])
    total, start = taken.num_rows, 0
    annotations = []
    for each, own in zip(filters, rows, strict=True):
        if each.values:
            annotations.append(_spread(_annotations(each, own, leaves, found, values), start, total))
        start += len(own)
    columns = [*(taken[name] for name in (*ALWAYS, "is_public")), pa.array(names, pa.string()), taken[FILE], taken[ROW]]
    schema = _schema(filters)
    type_ = schema.field("annotations").type
    struct = pa.StructArray.from_arrays(annotations, fields=list(type_)) if annotations else pa.nulls(total, type_)
    return pa.table([*columns, struct], schema=schema)


def _annotations(
    each: Filter, rows: pa.Array, leaves: pa.Table, found: pa.Table, values: dict[str, str]
) -> pa.StructArray:
    """The annotations of a filter's own rows."""
    type_ = annotation_type(each)
    arrays = [
        (leaves[value.column] if value.column else found[values[value.sql]]).take(rows).combine_chunks()
        for value in each.values.values()
    ]
    fields = [array.cast(field.type) for array, field in zip(arrays, type_, strict=True)]
    return pa.StructArray.from_arrays(fields, fields=list(type_))


def _spread(own: pa.StructArray, start: int, total: int) -> pa.StructArray:
    """A filter's annotations at its place among all rows, NULL in the rows of other filters."""
    if len(own) == total:
        return own
    parts = [pa.nulls(start, own.type), own, pa.nulls(total - start - len(own), own.type)]
    return pa.concat_arrays([part for part in parts if len(part)])


def annotation_type(each: Filter) -> pa.StructType:
    """The annotations of a filter: a field per name, in the order of its file."""
    return pa.struct([pa.field(name, value.kind.arrow) for name, value in each.values.items()])


def annotations_type(filters: Sequence[Filter]) -> pa.StructType:
    """The column `annotations`: a struct per filter that has any."""
    return pa.struct([pa.field(each.name, annotation_type(each)) for each in filters if each.values])


def _schema(filters: Sequence[Filter]) -> pa.Schema:
    types = {"survey": pa.string(), "alert_id": pa.int64(), "object_id": pa.string(), "mjd": pa.float64()}
    return pa.schema(
        [
            *types.items(),
            ("night", pa.int64()),
            ("is_public", pa.bool_()),
            ("filter", pa.string()),
            ("file", pa.int64()),
            ("row", pa.int64()),
            ("annotations", annotations_type(filters)),
        ]
    )
