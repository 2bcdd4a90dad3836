"""Arrow types of Avro schemas, and which conversions a projection may ask for."""

import pyarrow as pa

from .nodes import (
    Array,
    Enum,
    Fixed,
    Map,
    Named,
    Node,
    Primitive,
    Record,
    Union,
    UnsupportedSchema,
)
from .schema import Schema

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

# Logical types that are another reading of the same bits. The others (decimal, uuid, duration) come as written.
LOGICAL: dict[tuple[str, str], pa.DataType] = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}

# Avro's own promotions, and text of a whole number: ZTF's isdiffpos was an int in schema 0 and is a string since.
PROMOTIONS: dict[pa.DataType, tuple[pa.DataType, ...]] = {
    pa.int32(): (pa.int64(), pa.float32(), pa.float64(), pa.string()),
    pa.int64(): (pa.float32(), pa.float64(), pa.string()),
    pa.float32(): (pa.float64(),),
    pa.string(): (pa.binary(),),
}


def arrow_type(schema: Schema, node: Node, path: str = "") -> pa.DataType:
    """The Arrow type that holds every value of a node, all fields nullable.

    Parameters
    ----------
    schema : Schema
    node : Node
        Where in the schema.
    path : str
        The field path so far, for messages.

    Raises
    ------
    UnsupportedSchema
        For a union of more than null and one type, and for a type that contains itself.
    """
    if isinstance(node, Named) and node.name in schema.recursive:
        raise UnsupportedSchema(f"{path}: type {node.name!r} contains itself")
    match schema.resolve(node):
        case Primitive() as primitive:
            return leaf_type(primitive)
        case Fixed(size):
            return pa.binary(size)
        case Enum():
            return pa.string()
        case Array(items):
            return pa.list_(arrow_type(schema, items, f"{path}[]"))
        case Map(values):
            return pa.map_(pa.string(), arrow_type(schema, values, f"{path}{{}}"))
        case Union() as union:
            return arrow_type(schema, union.branches[value_branch(union, path)[0]], path)
        case Record(_, fields):
            below = f"{path}." if path else ""
            return pa.struct([(name, arrow_type(schema, of, f"{below}{name}")) for name, of in fields])


def leaf_type(primitive: Primitive) -> pa.DataType:
    """Arrow type of a primitive with its logical type."""
    return LOGICAL.get((primitive.kind, primitive.logical), PHYSICAL[primitive.kind])


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
    physical, logical = PHYSICAL[primitive.kind], leaf_type(primitive)
    if wanted in (physical, logical):
        return wanted
    if wanted not in PROMOTIONS.get(physical, ()):
        raise UnsupportedSchema(f"{path}: {logical} in the writer schema cannot be read as {wanted}")
    return pa.binary() if wanted == pa.binary() else physical
