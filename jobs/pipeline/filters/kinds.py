"""The kinds of value in a filter: few, so that Spark, Arrow and a reader agree on what an expression gives.

Integers are 64 bits, numbers are doubles; a column's narrower type is widened exactly. There is no decimal, no date, no
struct, and nothing turns into another kind by itself but an integer into a number.
"""

from dataclasses import dataclass
from functools import cache

import pyarrow as pa


@dataclass(frozen=True)
class Kind:
    """A kind of value, with its names in Spark SQL and Arrow.

    Attributes
    ----------
    name : str
        As messages say it.
    spark : str
        Spark SQL's type.
    arrow : pyarrow.DataType
    element : Kind or None
        Of a list.
    """

    name: str
    spark: str
    arrow: pa.DataType
    element: "Kind | None" = None

    def __str__(self) -> str:
        return self.name


BOOLEAN = Kind("boolean", "BOOLEAN", pa.bool_())
INTEGER = Kind("integer", "BIGINT", pa.int64())
NUMBER = Kind("number", "DOUBLE", pa.float64())
STRING = Kind("string", "STRING", pa.string())
NOTHING = Kind("NULL", "VOID", pa.null())

SCALARS = (BOOLEAN, INTEGER, NUMBER, STRING)
NUMERIC = (INTEGER, NUMBER)


@cache
def list_of(element: Kind) -> Kind:
    """The kind of a list.

    Parameters
    ----------
    element : Kind
        Of its elements.
    """
    return Kind(f"list of {element.name}", f"ARRAY<{element.spark}>", pa.list_(element.arrow), element)


def kind_of(type_: pa.DataType) -> Kind | None:
    """The kind to which a column's Arrow type is widened; None if filters cannot read it.

    Parameters
    ----------
    type_ : pyarrow.DataType
        As the column is stored.
    """
    if pa.types.is_boolean(type_):
        return BOOLEAN
    if pa.types.is_signed_integer(type_):
        return INTEGER
    if pa.types.is_floating(type_):
        return NUMBER
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return STRING
    if pa.types.is_list(type_):
        element = kind_of(type_.value_type)
        return list_of(element) if element in SCALARS else None
    return None
