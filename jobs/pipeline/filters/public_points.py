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
    offsets, nothing = _offsets(said, shown), said.is_null() if said.null_count else None
    for at, field in enumerate(table.schema):
        if field.name.startswith("lc_"):
            points = _lists(table, field.name).flatten().filter(pa.array(shown))
            table = table.set_column(at, field, pa.ListArray.from_arrays(offsets, points, mask=nothing))
    return table


def _offsets(lists: pa.ListArray, shown: NDArray[np.bool_]) -> pa.Array:
    """Where each row's points begin once only those shown are left."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False))
    before = np.concatenate([[0], np.cumsum(shown)])
    return pa.array(before[np.concatenate([[0], np.cumsum(lengths)])], pa.int32())


def _lists(table: pa.Table, name: str) -> pa.ListArray:
    return table[name].combine_chunks()
