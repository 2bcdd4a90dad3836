"""What a science module is given: a batch of alerts in the common view, with shared work done once."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.light_curves import LightCurves, light_curves

T = TypeVar("T")


class AlertBatch:
    """A batch of alerts: columns as NumPy arrays, light curves and stamps flattened or decoded once for all modules.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of the common view and, as struct columns, the outputs of modules that ran before.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._memo: dict[Any, Any] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __contains__(self, name: str) -> bool:
        column, _, child = name.partition(".")
        if column not in self.table.column_names:
            return False
        return not child or self.table.schema.field(column).type.get_field_index(child) >= 0

    def arrow(self, name: str) -> pa.Array:
        """A column, or `struct.field`, as one Arrow array.

        Raises
        ------
        KeyError
            If the batch has no such column.
        """
        if name not in self:
            raise KeyError(f"asks for column {name!r}, the batch has {self.table.column_names}")
        column, _, child = name.partition(".")
        array = self.table[column].combine_chunks()
        return pc.struct_field(array, child) if child else array

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column as NumPy: integers without NULL as they are, other numbers and booleans as float64 with NaN for
        NULL, the rest as objects with None."""
        array = self.arrow(name)
        if pa.types.is_boolean(array.type):
            array = pc.cast(array, pa.int8())
        if pa.types.is_integer(array.type) and array.null_count == 0:
            return np.asarray(array.to_numpy(zero_copy_only=False))
        values = np.asarray(array.to_numpy(zero_copy_only=False))
        return values if values.dtype == object else values.astype(np.float64)

    @property
    def light_curves(self) -> LightCurves:
        """The light curves in the packets, flat; read-only by agreement."""
        return self.memo(light_curves)

    def memo(self, function: Callable[[pa.Table], T]) -> T:
        """`function(table)`, computed once per batch however many modules ask."""
        if function not in self._memo:
            self._memo[function] = function(self.table)
        value: T = self._memo[function]
        return value
