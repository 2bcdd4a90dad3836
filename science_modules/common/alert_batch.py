"""What a science module is given: a batch of alerts in the common view, with shared work done once."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.cutouts import Stamps, Triplets, stamps, triplets
from science_modules.common.light_curves import LightCurves, light_curves

T = TypeVar("T")


class AlertBatch:
    """A batch of alerts: columns as NumPy arrays, light curves flattened and cutouts decoded once for all modules.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of the common view and, as struct columns, the outputs of modules that ran before.
    memo : dict, optional
        Shared work of another batch over the same alerts.
    """

    def __init__(self, table: pa.Table, memo: dict[Any, Any] | None = None) -> None:
        self.table = table
        self._memo: dict[Any, Any] = {} if memo is None else memo

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __contains__(self, name: str) -> bool:
        column, _, child = name.partition(".")
        if column not in self.table.column_names:
            return False
        return not child or self.table.schema.field(column).type.get_field_index(child) >= 0

    def arrow(self, name: str) -> pa.Array:
        """A column, or `struct.field`, as one Arrow array.

        Parameters
        ----------
        name : str
            `mjd`, `candidate.fwhm`, `braai.p_real`.

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
        NULL, the rest as objects with None.

        Parameters
        ----------
        name : str
            As for `arrow`.
        """
        array = self.arrow(name)
        if pa.types.is_boolean(array.type):
            array = pc.cast(array, pa.int8())
        if pa.types.is_integer(array.type) and array.null_count == 0:
            return np.asarray(array.to_numpy(zero_copy_only=False))
        values = np.asarray(array.to_numpy(zero_copy_only=False))
        return values if values.dtype == object else values.astype(np.float64)

    @property
    def light_curves(self) -> LightCurves:
        """The sound points of the light curves in the packets, flat; read-only by agreement.

        Points that the survey flags are left out; who wants them reads the columns `lc_flag` and `lc_flux_flagged`.
        """
        return self.memo(light_curves)

    @property
    def stamps(self) -> Stamps:
        """The decoded cutouts; their arrays are read-only."""
        return self.memo(stamps)

    @property
    def triplets(self) -> Triplets:
        """The cutouts as the ZTF networks want them, read-only."""
        if triplets not in self._memo:
            self._memo[triplets] = triplets(self.stamps)
        normalised: Triplets = self._memo[triplets]
        return normalised

    def with_column(self, field: str | pa.Field, column: pa.Array) -> "AlertBatch":
        """The same alerts with one more column; shared work is kept.

        Parameters
        ----------
        field : str or pyarrow.Field
            Its name, or its name, type and metadata.
        column : pyarrow.Array
            One value per alert.
        """
        return AlertBatch(self.table.append_column(field, column), self._memo)

    def select(self, names: Iterable[str]) -> "AlertBatch":
        """The same alerts with only these columns; shared work is kept.

        Parameters
        ----------
        names : iterable of str
            Whole columns; those that are not there are left out.
        """
        wanted = set(names)
        return AlertBatch(self.table.select([n for n in self.table.column_names if n in wanted]), self._memo)

    def memo(self, function: Callable[[pa.Table], T]) -> T:
        """`function(table)`, computed once per batch however many modules ask.

        Parameters
        ----------
        function : callable
            A function of the table; it may read the view's columns only.
        """
        if function not in self._memo:
            self._memo[function] = function(self.table)
        value: T = self._memo[function]
        return value
