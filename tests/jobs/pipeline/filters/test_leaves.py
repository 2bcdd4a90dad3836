"""Values of filters' leaves, of arrays that are parts of others too."""

import math

import pyarrow as pa

from jobs.pipeline.filters import leaves
from jobs.pipeline.filters.leaves import without_nan


def test_nan_is_null_in_a_slice_of_lists_with_null() -> None:
    lists = pa.array([[1.0], [math.nan, 2.0], None, [], [math.nan]])
    assert without_nan(lists).to_pylist() == [[1.0], [None, 2.0], None, [], [None]]
    assert without_nan(lists[1:4]).to_pylist() == [[None, 2.0], None, []]
    assert without_nan(lists[3:]).to_pylist() == [[], [None]]


def test_texts_that_are_too_long_are_null_in_a_slice_of_lists_with_null() -> None:
    long = "x" * (leaves.MOST_TEXT + 1)
    lists = pa.array([["a"], [long, "b"], None, ["c"]])
    assert leaves._of_sensible_length(lists[1:]).to_pylist() == [[None, "b"], None, ["c"]]
