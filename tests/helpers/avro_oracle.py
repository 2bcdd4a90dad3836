"""What a decoded datum must be, by fastavro and slow Python."""

import io
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.decode.compiled import DatumDecoder, parse
from jobs.pipeline.decode.compiled.arrow_types import PHYSICAL, UnsupportedSchema
from jobs.pipeline.decode.compiled.nodes import Array, Enum, Fixed, Map, Node, Primitive, Record

# Where the walk is stricter than fastavro, on purpose: the texts of these refusals.
STRICTER = (
    "wants an integer of",
    "wants an int of 32 bits",
    "wants a boolean, 0 or 1",
    "union branches, found",
    "symbols, found",
    "wants an array block to end",
    "wants a block size",
    "more values in arrays",
    "in columns, found",
)


def decoder_of(schema: Any, wanted: pa.StructType | None = None) -> DatumDecoder:
    """The decoder of a schema, of everything in it if nothing else is wanted."""
    root = parse(schema)
    return DatumDecoder(root, whole(root) if wanted is None else wanted)


def whole(node: Node) -> pa.DataType:
    """The Arrow type that holds every value of a node: enums as strings, numbers as they are written."""
    match node:
        case Primitive(kind):
            return PHYSICAL[kind]
        case Fixed(_, size):
            return pa.binary(size)
        case Enum():
            return pa.string()
        case Array(items):
            return pa.list_(whole(items))
        case Map(values):
            return pa.map_(pa.string(), whole(values))
        case Record(_, fields):
            return pa.struct([(name, whole(of)) for name, of in fields])
    branches = node.value_and_null()
    if branches is None:
        raise UnsupportedSchema("a general union")
    return whole(node.branches[branches[0]])


def without_logical_types(node: Any) -> Any:
    """The schema as fastavro shall read it: numbers as they are written, not dates (which overflow)."""
    if isinstance(node, list):
        return [without_logical_types(branch) for branch in node]
    if isinstance(node, dict):
        return {key: without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return node


class Oracle:
    """Reads datums of a schema with fastavro and gives them as `to_pylist` of the wanted type would."""

    def __init__(self, schema: Any, wanted: pa.StructType) -> None:
        self.schema = fastavro.parse_schema(without_logical_types(schema))
        self.wanted = wanted

    def read(self, datum: bytes) -> tuple[Any, int]:
        """The value, and how many bytes it took; whatever fastavro raises."""
        stream = io.BytesIO(datum)
        value = fastavro.schemaless_reader(stream, self.schema)
        return as_type(value, self.wanted), stream.tell()


def as_type(value: Any, wanted: pa.DataType) -> Any:
    """A fastavro value as the wanted type."""
    if value is None:
        return None
    if pa.types.is_struct(wanted):
        return {field.name: as_type(value.get(field.name), field.type) for field in wanted}
    if pa.types.is_list(wanted):
        return [as_type(item, wanted.value_type) for item in value]
    if pa.types.is_map(wanted):
        return {key: as_type(item, wanted.item_type) for key, item in value.items()}
    if pa.types.is_floating(wanted):
        return float(value)
    return str(value) if pa.types.is_string(wanted) else value


def plain(value: Any) -> Any:
    """A `to_pylist` value with maps as dicts (of two entries with one key the last counts, as in fastavro)."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {key: plain(item) for key, item in value}
    return [plain(item) for item in value] if isinstance(value, list) else value


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are alike, types included; every NaN is like every other, -0.0 is not 0.0.

    An empty map is an empty list in `to_pylist`.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, dict):
        return not theirs and ours == []
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and repr(ours) == repr(theirs)


def same_arrays(ours: pa.Array, theirs: pa.Array) -> bool:
    """Whether two arrays are alike, bit for bit; every NaN is like every other."""
    if ours.type != theirs.type or not ours.is_valid().equals(theirs.is_valid()):
        return False
    if pa.types.is_struct(ours.type):
        return all(map(same_arrays, ours.flatten(), theirs.flatten()))
    if pa.types.is_list(ours.type):
        lengths = pc.list_value_length(ours).equals(pc.list_value_length(theirs))
        return lengths and same_arrays(ours.flatten(), theirs.flatten())
    if not pa.types.is_floating(ours.type):
        return bool(ours.equals(theirs))
    a, b = (array.fill_null(0).to_numpy(zero_copy_only=False) for array in (ours, theirs))
    return bool(((a.view(f"i{a.itemsize}") == b.view(f"i{b.itemsize}")) | (np.isnan(a) & np.isnan(b))).all())
