"""Which filters matched an alert, as the bits of few integers: one column for 62 filters."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from jobs.pipeline.filters.definition import Filter

FILTERS_PER_MASK = 62  # bits of a BIGINT that are no sign


def masks_of(filters: Sequence[Filter]) -> dict[str, str]:
    """Spark SQL of the masks, by the name of the column.

    Parameters
    ----------
    filters : sequence of Filter
        A filter's place here is its number for `rows_of` and `any_of`.
    """
    starts = range(0, len(filters), FILTERS_PER_MASK)
    return {f"mask {start}": _mask(filters[start : start + FILTERS_PER_MASK]) for start in starts}


def _mask(filters: Sequence[Filter]) -> str:
    """One bit per filter; a `where` on it would double the planning."""
    bits = [f"IF({each.condition.sql}, {1 << bit}L, 0L)" for bit, each in enumerate(filters)]
    while len(bits) > 1:  # a balanced tree: Spark walks expressions by recursion
        pairs = [bits[at : at + 2] for at in range(0, len(bits), 2)]
        bits = [f"({' | '.join(pair)})" for pair in pairs]
    return bits[0]


def rows_of(masks: pa.Table, number: int) -> pa.Array:
    """The rows that a filter matched, counted from 0.

    Parameters
    ----------
    masks : pyarrow.Table
        What the SQL of `masks_of` gave, one row per alert.
    number : int
        Of the filter.
    """
    start = number - number % FILTERS_PER_MASK
    mask = masks[f"mask {start}"].to_numpy()
    return pa.array(np.flatnonzero(mask & (1 << (number - start))), pa.int64())


def any_of(numbers: Iterable[int]) -> str:
    """SQL over the masks: whether any of these filters matched.

    Parameters
    ----------
    numbers : iterable of int
        Of the filters; at least one.
    """
    bits: dict[int, int] = {}
    for number in numbers:
        start = number - number % FILTERS_PER_MASK
        bits[start] = bits.get(start, 0) | 1 << (number - start)
    return " OR ".join(f"(`mask {start}` & {bit}L) <> 0L" for start, bit in bits.items())
