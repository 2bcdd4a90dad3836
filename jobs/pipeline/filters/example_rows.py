"""Examples of a filter as rows of values: `{acai: {acai_h: 0.9}, is_positive: true}`; what a row leaves out is NULL."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.pipeline.filters.columns import Catalogue, Column
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NUMBER, STRING, Kind
from jobs.pipeline.filters.problems import Refused

_TYPES = {BOOLEAN: (bool,), INTEGER: (int,), NUMBER: (int, float), STRING: (str,)}


def flat_row(given: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """An example's values by full column name.

    Parameters
    ----------
    given : mapping of str to object
        As the filter's file has it: a value by column, or a mapping of values by field for a struct.
    catalogue : Catalogue
        The columns that the filter may name.

    Raises
    ------
    Refused
        For a column that does not exist or a value of another kind.
    """
    row: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, Mapping):
            row |= {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            row[str(key)] = value
    for name, value in row.items():
        _check(catalogue.find(name), value)
    return row


def _check(column: Column, value: Any) -> None:
    if column.kind.element is None:
        fits = _fits(value, column.kind)
    else:
        fits = isinstance(value, Sequence) and all(_fits(each, column.kind.element) for each in value)
    if not fits:
        raise Refused(f"{column.name} is a {column.kind}, the example gives {value!r}")


def _fits(value: Any, kind: Kind) -> bool:
    if value is None:
        return True
    return isinstance(value, _TYPES[kind]) and (kind == BOOLEAN or not isinstance(value, bool))
