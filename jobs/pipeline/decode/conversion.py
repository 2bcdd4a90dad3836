"""What a value, as fastavro reads it, must become before Arrow takes it as a field of the asked type."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from jobs.pipeline.decode.compiled.nodes import Array, Enum, Fixed, Map, Node, Primitive, Record, Union, is_null

Convert = Callable[[Any], Any]

PYTHON_TYPES = {
    "boolean": bool, "int": int, "long": int, "float": float, "double": float, "bytes": bytes, "fixed": bytes,
    "string": str, "enum": str, "record": dict, "map": dict, "array": list,
}  # fmt: skip
# Units of a timestamp, by the end of its logical type: "timestamp-millis", "local-timestamp-millis".
_UNITS = {"timestamp-millis": "ms", "timestamp-micros": "us", "timestamp-nanos": "ns"}


class Unsuitable(ValueError):
    """A value whose type cannot be taken for the asked one without harm."""


def conversion(writer: Node, target: pa.DataType) -> Convert | None:
    """The function that makes a value fit, or None if it fits as it is.

    Harmless are: int to float, int to decimal text, enum to text, text to its UTF-8 bytes, a timestamp to an integer
    as stored or to a timestamp of another unit (cut off, not rounded), a narrower number to a wider one, a wider
    integer to a narrower one where the value fits. Anything else raises Unsuitable for every value but null.

    Parameters
    ----------
    writer : Node
        A type of the writer schema.
    target : pyarrow.DataType
        What Arrow is to take the value as.
    """
    match writer:
        case Union(branches):
            return _of_union([branch for branch in branches if not is_null(branch)], target)
        case Record() if pa.types.is_struct(target):
            return _of_record(writer, target)
        case Array(items) if _is_list(target):
            return _each(conversion(items, target.value_type))
        case Map(values) if pa.types.is_map(target):
            return _each_value(conversion(values, target.item_type))
    return _of_timestamp(writer, target) if pa.types.is_timestamp(target) else _of_scalar(_kind(writer), target)


def _kind(writer: Node) -> str:
    return writer.kind if isinstance(writer, Primitive) else _KINDS[type(writer)]


_KINDS: dict[type, str] = {Fixed: "fixed", Enum: "enum", Array: "array", Map: "map", Record: "record"}


def _is_list(target: pa.DataType) -> bool:
    return bool(pa.types.is_list(target) or pa.types.is_large_list(target))


def _of_scalar(kind: str, target: pa.DataType) -> Convert | None:
    if kind == "null" or (kind in _FITTING and any(fits(target) for fits in _FITTING[kind])):
        return None
    if kind in ("int", "long") and pa.types.is_floating(target):
        return _unless_null(float)
    if kind in ("int", "long") and _is_text(target):
        return _unless_null(str)
    return _unless_null(_refuse(kind, target))


def _of_timestamp(writer: Node, target: pa.TimestampType) -> Convert | None:
    unit = _UNITS.get(writer.logical.removeprefix("local-")) if isinstance(writer, Primitive) else None
    if unit is None:
        return _unless_null(_refuse(_kind(writer), target))
    up, down = _PER_SECOND[target.unit], _PER_SECOND[unit]
    return None if up == down else _unless_null(lambda value: value * up // down)


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _is_text(target: pa.DataType) -> bool:
    return bool(pa.types.is_string(target) or pa.types.is_large_string(target))


def _is_bytes(target: pa.DataType) -> bool:
    return bool(pa.types.is_binary(target) or pa.types.is_large_binary(target))


_FITTING: dict[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "boolean": (pa.types.is_boolean,),
    "int": (pa.types.is_integer,),
    "long": (pa.types.is_integer,),
    "float": (pa.types.is_floating,),
    "double": (pa.types.is_floating,),
    "bytes": (_is_bytes,),
    "fixed": (_is_bytes, pa.types.is_fixed_size_binary),
    "string": (_is_text, _is_bytes),
    "enum": (_is_text, _is_bytes),
}


def _refuse(kind: str, target: pa.DataType) -> Convert:
    def refuse(value: Any) -> Any:
        raise Unsuitable(f"wants {target}, the writer has {kind} {str(value)[:40]}")

    return refuse


def _unless_null(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _of_union(branches: list[Node], target: pa.DataType) -> Convert | None:
    """Null and one type as that type; of several types, the one that the value's Python type tells."""
    converts = [conversion(branch, target) for branch in branches]
    if len(branches) == 1 or not any(converts):
        return converts[0] if converts else None
    kinds = [PYTHON_TYPES[_kind(branch)] for branch in branches]
    if len(set(kinds)) < len(kinds):
        return _unless_null(_refuse("union of types alike", target))
    by_kind = dict(zip(kinds, converts, strict=True))

    def convert(value: Any) -> Any:
        branch = by_kind.get(type(value))
        return branch(value) if branch else value

    return convert


def _of_record(writer: Record, target: pa.StructType) -> Convert | None:
    written = dict(writer.fields)
    converts = {each.name: conversion(written[each.name], each.type) for each in target if each.name in written}
    needed = [(name, convert) for name, convert in converts.items() if convert]

    def convert(record: Any) -> Any:
        return record | {name: _named(name, convert, record[name]) for name, convert in needed}

    return _unless_null(convert) if needed else None


def _named(name: str, convert: Convert, value: Any) -> Any:
    try:
        return convert(value)
    except Unsuitable as error:
        raise Unsuitable(f"{name}: {error}") from None


def _each(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return _unless_null(lambda items: [convert(item) for item in items])


def _each_value(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return _unless_null(lambda items: {key: convert(value) for key, value in items.items()})
