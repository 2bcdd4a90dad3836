"""Which conversions a projection may ask for."""

import pyarrow as pa

from .nodes import Enum, Fixed, Primitive

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


def stored_type(leaf: Primitive | Fixed | Enum, wanted: pa.DataType, path: str) -> pa.DataType:
    """The type that a leaf is filled as, to be cast to the wanted one where the two differ.

    Parameters
    ----------
    leaf : Primitive, Fixed or Enum
        Of the writer schema.
    wanted : pyarrow.DataType
        The column's type in the end.
    path : str
        The field's, for the message.

    Raises
    ------
    UnsupportedSchema
        If there is no harmless conversion.
    """
    match leaf:
        case Enum():
            written, taken, stored = pa.string(), (), pa.int32()
        case Fixed(_, size):
            written, taken, stored = pa.binary(size), (), wanted
        case Primitive(kind):
            written = PHYSICAL[kind]
            taken, stored = PROMOTIONS.get(written, ()), pa.binary() if wanted == pa.binary() else written
    if wanted != written and wanted not in taken:
        raise UnsupportedSchema(f"{path}: {written} in the writer schema cannot be read as {wanted}")
    return stored
