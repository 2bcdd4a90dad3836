"""Where columns lie in the arena: sizes are known from COUNT before FILL writes the first value."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .programs import Column

# Arrow recommends 64 bytes; a cache line.
ALIGNMENT = 64


@dataclass(frozen=True)
class Arena:
    """Memory of a batch: one buffer for validity bits, fixed-width values and offsets, one for bytes and text.

    Attributes
    ----------
    buffer, payload : pyarrow.Buffer
    slots : numpy.ndarray of int64, shape (n_columns, 2)
        Addresses at which a column's validity bits and its values begin.
    sizes : numpy.ndarray of int64, shape (n_columns, 2)
        Their sizes in bytes.
    """

    buffer: pa.Buffer
    payload: pa.Buffer
    slots: NDArray[Any]
    sizes: NDArray[Any]

    def validity(self, column: Column) -> pa.Buffer:
        """A column's validity bits.

        Parameters
        ----------
        column : Column
            With a slot; nullable.
        """
        return self._slice(column, 0)

    def values(self, column: Column) -> pa.Buffer:
        """A column's values, or its offsets.

        Parameters
        ----------
        column : Column
            With a slot.
        """
        return self._slice(column, 1)

    def _slice(self, column: Column, part: int) -> pa.Buffer:
        start = int(self.slots[column.slot, part]) - self.buffer.address
        return self.buffer.slice(start, int(self.sizes[column.slot, part]))

    def offsets(self, column: Column) -> NDArray[Any]:
        """A column's offsets as an int32 array, to be written.

        Parameters
        ----------
        column : Column
            One that `has_offsets`.

        Returns
        -------
        numpy.ndarray of int32, shape (n_rows + 1,)
            A view.
        """
        start = int(self.slots[column.slot, 1]) - self.buffer.address
        return np.frombuffer(self.buffer, np.int32, int(self.sizes[column.slot, 1]) // 4, start)


def has_offsets(column: Column) -> bool:
    """Whether a column's rows are of different lengths: bytes, text, list, map.

    Parameters
    ----------
    column : Column
        Decided by its `stored` type.
    """
    stored = column.stored
    return stored in (pa.binary(), pa.string()) or pa.types.is_list(stored) or pa.types.is_map(stored)


def allocate(columns: list[Column], cursors: NDArray[Any]) -> Arena:
    """Memory for what COUNT has counted, all of it zero but the payload: every cell is NULL until it is filled.

    Parameters
    ----------
    columns : list of Column
        By slot.
    cursors : numpy.ndarray of int64
        Rows of each level and bytes of each column.
    """
    sizes = np.array([_sizes(column, int(cursors[column.level])) for column in columns], np.int64).reshape(-1, 2)
    padded = (sizes + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    ends = np.cumsum(padded).reshape(-1, 2)
    buffer = memory(int(padded.sum()))
    payload = memory(sum(int(cursors[column.cursor]) for column in columns if is_payload(column)))
    np.frombuffer(buffer, np.uint8).fill(0)
    return Arena(buffer, payload, buffer.address + ends - padded, sizes)


def memory(size: int) -> pa.Buffer:
    """Memory of exactly this size, to be written; a fuzz puts guard pages behind it.

    Parameters
    ----------
    size : int
        Its size [bytes].
    """
    return pa.allocate_buffer(size)


def is_payload(column: Column) -> bool:
    """Whether a column's bytes are in the payload.

    Parameters
    ----------
    column : Column
        Decided by its `stored` type.
    """
    return column.stored in (pa.binary(), pa.string())


def _sizes(column: Column, rows: int) -> tuple[int, int]:
    bits = (rows + 7) // 8
    return bits if column.nullable else 0, _values_size(column, rows)


def _values_size(column: Column, rows: int) -> int:
    if has_offsets(column):
        return 4 * (rows + 1)
    if pa.types.is_struct(column.stored):
        return 0
    return (rows * int(column.stored.bit_width) + 7) // 8
