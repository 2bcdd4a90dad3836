"""From filled memory to Arrow arrays: no copy but for the rare column that is wanted as another type."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .layout import Arena, has_offsets, is_payload
from .programs import Column


def start_cursors(columns: Sequence[Column], arena: Arena, counts: NDArray[Any]) -> NDArray[Any]:
    """Cursors at the start of FILL: row 0 of every level, and for each column of bytes the address of its first.

    Parameters
    ----------
    columns : sequence of Column
        By slot.
    arena : Arena
        Allocated for `counts`.
    counts : numpy.ndarray of int64, shape (n_cursors,)
        What COUNT has counted: rows of each level, bytes of each column.

    Returns
    -------
    numpy.ndarray of int64, shape (n_cursors,)
    """
    cursors = np.zeros_like(counts)
    start = arena.payload.address
    for column in columns:
        if is_payload(column):
            cursors[column.cursor] = start
            start += int(counts[column.cursor])
    return cursors


def sum_up_offsets(columns: Sequence[Column], arena: Arena) -> None:
    """Turn lengths into Arrow's offsets, in place.

    Parameters
    ----------
    columns : sequence of Column
        By slot.
    arena : Arena
        Filled; its lengths become offsets.
    """
    for column in columns:
        if has_offsets(column):
            offsets = arena.offsets(column)
            np.cumsum(offsets, out=offsets)


class Assembly:
    """Builds the arrays of a batch.

    Parameters
    ----------
    arena : Arena
        Filled, with offsets.
    counts : numpy.ndarray of int64
        What COUNT has counted: rows of each level, bytes of each column.
    starts : numpy.ndarray of int64
        Cursors at the start of FILL.
    """

    def __init__(self, arena: Arena, counts: NDArray[Any], starts: NDArray[Any]) -> None:
        self.arena, self.counts, self.starts = arena, counts, starts

    def build(self, column: Column, around: pa.Buffer | None) -> pa.Array:
        """The array of a column.

        Parameters
        ----------
        column : Column
            And with it its children.
        around : pyarrow.Buffer or None
            Validity bits of the struct around it: a field that cannot be null itself is null where its struct is.
        """
        rows = int(self.counts[column.level])
        if pa.types.is_null(column.stored):
            return pa.nulls(rows, column.wanted)
        validity = self.arena.validity(column) if column.nullable else around
        built = pa.Array.from_buffers(
            column.stored, rows, [validity, *self._values(column)], children=self._children(column, validity)
        )
        if column.symbols:
            return pa.array(column.symbols, pa.string()).take(built)
        return built if column.wanted == column.stored else pc.cast(built, column.wanted, safe=False)

    def _values(self, column: Column) -> list[pa.Buffer]:
        if pa.types.is_struct(column.stored):
            return []
        if not is_payload(column):
            return [self.arena.values(column)]
        start = int(self.starts[column.cursor]) - self.arena.payload.address
        return [self.arena.values(column), self.arena.payload.slice(start, int(self.counts[column.cursor]))]

    def _children(self, column: Column, validity: pa.Buffer | None) -> list[pa.Array]:
        if pa.types.is_struct(column.stored):
            return [self.build(child, validity) for child in column.children]
        if pa.types.is_map(column.stored):
            return [self._entries(column)]
        return [self.build(child, None) for child in column.children]

    def _entries(self, column: Column) -> pa.Array:
        pair = pa.struct([column.wanted.key_field, column.wanted.item_field])
        children = [self.build(child, None) for child in column.children]
        return pa.Array.from_buffers(pair, int(self.counts[column.cursor]), [None], children=children)
