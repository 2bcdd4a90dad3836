"""What a value, as fastavro reads it, must become before Arrow takes it as a field of the asked type."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

Convert = Callable[[Any], Any]

PYTHON_TYPES = {
    "boolean": bool, "int": int, "long": int, "float": float, "double": float, "bytes": bytes, "fixed": bytes,
    "string": str, "enum": str, "record": dict, "map": dict, "array": list,
}  # fmt: skip


class Unsuitable(ValueError):
    """A value whose type cannot be taken for the asked one without harm."""


def conversion(writer: Any, target: pa.DataType, named: Mapping[str, Any]) -> Convert | None:
    """The function that makes a value fit, or None if it fits as it is.

    Harmless are: int to float, int to decimal text, enum to text, text to its UTF-8 bytes, a timestamp to an integer
    as stored or to a timestamp of another unit (cut off, not rounded), a narrower number to a wider one, a wider
    integer to a narrower one where the value fits. Anything else raises Unsuitable for every value but null.

    Parameters
    ----------
    writer : dict, list or str
        A type of the writer schema, as fastavro parsed it.
    target : pyarrow.DataType
    named : mapping of str to dict
        The named types of the writer schema.
    """
    writer = named.get(writer, writer) if isinstance(writer, str) else writer
    if isinstance(writer, list):
        return _of_union([_resolved(branch, named) for branch in writer if branch != "null"], target, named)
    kind = writer if isinstance(writer, str) else writer["type"]
    if kind == "record" and pa.types.is_struct(target):
        return _of_record(writer, target, named)
    if kind == "array" and _is_list(target):
        return _each(conversion(writer["items"], target.value_type, named))
    if kind == "map" and pa.types.is_map(target):
        return _each_value(conversion(writer["values"], target.item_type, named))
    if pa.types.is_timestamp(target):
        return _of_timestamp(writer, target)
    return _of_scalar(kind, target)


def _resolved(branch: Any, named: Mapping[str, Any]) -> Any:
    return named.get(branch, branch) if isinstance(branch, str) else branch


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


def _of_timestamp(writer: Any, target: pa.TimestampType) -> Convert | None:
    if isinstance(writer, str) or "unit" not in writer:
        return _unless_null(_refuse(str(writer), target))
    up, down = _PER_SECOND[target.unit], _PER_SECOND[writer["unit"]]
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
    "fixed": (_is_bytes,),
    "string": (_is_text, _is_bytes),
    "enum": (_is_text, _is_bytes),
}


def _refuse(kind: str, target: pa.DataType) -> Convert:
    def refuse(value: Any) -> Any:
        raise Unsuitable(f"wants {target}, the writer has {kind} {str(value)[:40]}")

    return refuse


def _unless_null(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _of_union(branches: list[Any], target: pa.DataType, named: Mapping[str, Any]) -> Convert | None:
    """Null and one type as that type; of several types, the one that the value's Python type tells."""
    converts = [conversion(branch, target, named) for branch in branches]
    if len(branches) == 1 or not any(converts):
        return converts[0] if converts else None
    kinds = [PYTHON_TYPES[branch if isinstance(branch, str) else branch["type"]] for branch in branches]
    if len(set(kinds)) < len(kinds):
        return _unless_null(_refuse("union of types alike", target))
    by_kind = dict(zip(kinds, converts, strict=True))

    def convert(value: Any) -> Any:
        branch = by_kind.get(type(value))
        return branch(value) if branch else value

    return convert


def _of_record(writer: Mapping[str, Any], target: pa.StructType, named: Mapping[str, Any]) -> Convert | None:
    written = {field["name"]: field["type"] for field in writer["fields"]}
    converts = {each.name: conversion(written[each.name], each.type, named) for each in target if each.name in written}
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
