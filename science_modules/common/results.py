"""From what a module returns to the struct column it declared: checked, NaN as NULL, every NULL with a reason."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.contract import Field, ScienceModule

if TYPE_CHECKING:
    import pandas as pd

NO_VALUE = "no value: the module gave none"

_PLAIN = ("float64", "float32", "int64", "int32", "bool")
_MANY = 8  # from here on one selection of several columns is cheaper than one of each
_ANY_DTYPE = ("object", "string", "str")  # holds None beside values; Arrow checks each value


class ContractError(TypeError):
    """A module returned something else than it declares."""


def struct_column(module: ScienceModule, frame: "pd.DataFrame", n: int) -> pa.StructArray:
    """The struct column of a module for n alerts.

    Parameters
    ----------
    module : ScienceModule
    frame : pandas.DataFrame
        What `module.run` returned for n alerts.
    n : int
        How many rows there have to be.

    Returns
    -------
    pyarrow.StructArray of `module.arrow_type`, length n

    Raises
    ------
    ContractError
        If rows, columns or types differ from the declaration; says both.
    """
    _check_shape(module, frame, n)
    values = _columns(module, frame)
    return _struct(module, values, _errors(frame, values))


def reason_column(module: ScienceModule, reason: str, n: int) -> pa.StructArray:
    """n alerts without an answer, for one and the same reason.

    Parameters
    ----------
    module : ScienceModule
        Whose column it is.
    reason : str
        Stands in `error` of every row.
    n : int
        Rows.
    """
    return _struct(module, [pa.nulls(n, field.arrow.type) for field in module.outputs], pa.array([reason] * n))


def _struct(module: ScienceModule, values: list[pa.Array], error: pa.Array) -> pa.StructArray:
    version = pa.array([module.version] * len(error), pa.string())
    return pa.StructArray.from_arrays([*values, version, error.cast(pa.string())], fields=list(module.arrow_type))


def _check_shape(module: ScienceModule, frame: "pd.DataFrame", n: int) -> None:
    if len(frame) != n:
        raise ContractError(f"{module.name} declares one row per alert, {n}, returned {len(frame)}")
    want, got = [field.name for field in module.outputs], [name for name in frame.columns if name != "error"]
    if sorted(want) != sorted(got):
        raise ContractError(f"{module.name} declares columns {want}, returned {got}")


def _columns(module: ScienceModule, frame: "pd.DataFrame") -> list[pa.Array]:
    """The outputs in their declared order; plain numbers are taken together, because pandas is slow by the column."""
    dtypes = dict(zip(frame.columns, map(str, frame.dtypes), strict=True))
    plain: dict[str, NDArray[Any]] = {}
    for dtype in _PLAIN:
        names = [field.name for field in module.outputs if field.type == dtype == dtypes[field.name]]
        if len(names) >= _MANY:
            plain |= zip(names, np.ascontiguousarray(frame[names].to_numpy().T), strict=True)
    return [
        pa.array(plain[field.name], from_pandas=True)
        if field.name in plain
        else _column(module, field, frame[field.name])
        for field in module.outputs
    ]


def _column(module: ScienceModule, field: Field, values: "pd.Series[Any]") -> pa.Array:
    want, got = field.arrow.type, str(values.dtype).lower()
    if got not in (*_ANY_DTYPE, field.type, "boolean" if field.type == "bool" else ""):
        raise ContractError(f"{module.name}.{field.name} declares {field.type}, returned {values.dtype}")
    try:
        return pa.array(values.to_numpy() if got == field.type else values, type=want, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ContractError(f"{module.name}.{field.name} declares {field.type}, returned {error}") from error


def _errors(frame: "pd.DataFrame", values: list[pa.Array]) -> pa.Array:
    """The column `error`, with a reason of our own where a module left an alert without value and reason."""
    n = len(frame)
    given = frame["error"] if "error" in frame.columns else [None] * n
    errors = pa.array(given, type=pa.string(), from_pandas=True)
    if any(value.null_count == 0 for value in values):
        return errors
    nothing = np.logical_and.reduce([np.asarray(pc.is_null(v).to_numpy(zero_copy_only=False)) for v in values])
    return pc.if_else(pc.and_(pa.array(nothing), pc.is_null(errors)), NO_VALUE, errors)
