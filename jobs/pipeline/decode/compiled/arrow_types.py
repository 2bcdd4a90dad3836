"""Which conversions a projection may ask for."""

import pyarrow as pa

from .nodes import Primitive, Union

PHYSICAL: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}

# Avro's own promotions, and text of a whole number: ZTF's isdiffpos was an int in schema 0 and is a string since.
PROMOTIONS: dict[pa.DataType, tuple[pa.DataType, ...]] = {
    pa.int32(): (pa.int64(), pa.float32(), pa.float64(), pa.string()),
    pa.int64(): (pa.float32(), pa.float64(), pa.string()),
    pa.float32(): (pa.float64(),),
    pa.string(): (pa.binary(),),
}


class UnsupportedSchema(ValueError):
    """What is wanted of the writer schema needs what the compiled decoder does not do; the message says what."""


def value_branch(union: Union, path: str) -> tuple[int, int]:
    """Index of the branch with a value and of null (-1: none).

    Raises
    ------
    UnsupportedSchema
        If the union has two types besides null, or none.
    """
    branches = union.value_and_null()
    if branches is None:
        raise UnsupportedSchema(f"{path}: a union of {len(union.branches)} branches is not null and one type")
    return branches


def stored_type(primitive: Primitive, wanted: pa.DataType, path: str) -> pa.DataType:
    """The type that a primitive is filled as, to be cast to the wanted one where the two differ.

    Raises
    ------
    UnsupportedSchema
        If there is no harmless conversion.
    """
    physical = PHYSICAL[primitive.kind]
    if wanted != physical and wanted not in PROMOTIONS.get(physical, ()):
        raise UnsupportedSchema(f"{path}: {physical} in the writer schema cannot be read as {wanted}")
    return pa.binary() if wanted == pa.binary() else physical
