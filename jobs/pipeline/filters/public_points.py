"""Light curves without the points that a survey does not show to everybody."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def public_points(table: pa.Table) -> pa.Table:
    """The same rows without the points whose `lc_public` is false; the table itself where there is none.

    Parameters
    ----------
    table : pyarrow.Table
        Rows with any of the lc_ columns; `lc_public` among them, else nothing is left out. A point of which the survey
        says nothing stays.
    """
    if "lc_public" not in table.column_names:
        return table
    said = _lists(table, "lc_public")
    shown = np.asarray(pc.fill_null(said.flatten(), True).to_numpy(zero_copy_only=False))
    if shown.all():
        return table
    for at, field in enumerate(table.schema):
        if field.name.startswith("lc_"):
            lists = _lists(table, field.name)
            table = table.set_column(at, field, _of_shown(lists, _shown_of(lists, said, shown)))
    return table


def _shown_of(lists: pa.ListArray, said: pa.ListArray, shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which points of a column are shown: a row that is NULL in it has none, one of which nothing is said shows all."""
    own, told = _lengths(lists), _lengths(said)
    if np.array_equal(own, told):
        return shown
    rows = np.repeat(np.arange(len(own)), own)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(own) - own, own)
    place = (np.cumsum(told) - told)[rows] + within
    unsaid = np.asarray(said.is_null().to_numpy(zero_copy_only=False))[rows]
    return unsaid | shown[np.where(unsaid, 0, place)]


def _of_shown(lists: pa.ListArray, shown: NDArray[np.bool_]) -> pa.ListArray:
    """The lists with the points that are shown."""
    before = np.concatenate([[0], np.cumsum(shown)])
    offsets = pa.array(before[np.concatenate([[0], np.cumsum(_lengths(lists))])], pa.int32())
    nothing = lists.is_null() if lists.null_count else None
    return pa.ListArray.from_arrays(offsets, lists.flatten().filter(pa.array(shown)), mask=nothing)


def _lengths(lists: pa.ListArray) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _lists(table: pa.Table, name: str) -> pa.ListArray:
    return table[name].combine_chunks()
