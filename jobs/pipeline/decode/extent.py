"""How many bytes and values a type of a schema takes, and which schemas could cost without bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.pipeline.decode.fault import Fault

MAX_DEPTH = 64  # real schemas have 6
MAX_VALUES = 100_000  # real schemas have up to 285
SIZES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}


@dataclass(frozen=True)
class Extent:
    """What a value of a type takes.

    Attributes
    ----------
    size : int
        Bytes, at least.
    values : int
        Values that it consists of, at most, nulls and records included, array and map items not.
    depth : int
        Levels of nesting, array and map items included.
    """

    size: int
    values: int
    depth: int = 1


class Extents:
    """The extents of a schema's types.

    Parameters
    ----------
    named : mapping of str to dict
        The schema's named types, as fastavro parsed them.
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._known: dict[str, Extent] = {}
        self._open: list[str] = []

    def of(self, schema: Any) -> Extent:
        """The extent of a type.

        Raises
        ------
        Fault
            unknown_schema for what makes a few bytes cost unbounded time, memory or stack: a type that holds itself,
            array items of no bytes, more than 64 levels, more than 100,000 values outside arrays.
        """
        extent = self._measure(schema)
        if extent.depth > MAX_DEPTH:
            raise _unsafe(f"at most {MAX_DEPTH} levels", f"{extent.depth}")
        if extent.values > MAX_VALUES:
            raise _unsafe(f"at most {MAX_VALUES} values outside arrays", f"{extent.values}")
        return extent

    def _measure(self, schema: Any) -> Extent:
        if isinstance(schema, list):
            return _union([self.of(branch) for branch in schema])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind in SIZES:
            return Extent(SIZES[kind], 1)
        if kind == "array":
            return self._array(schema)
        if kind == "map":
            return Extent(1, 1, 1 + self.of(schema["values"]).depth)
        return self._of_named(schema if isinstance(schema, str) else schema["name"])

    def _array(self, schema: Any) -> Extent:
        items = self.of(schema["items"])
        if items.size == 0:
            raise _unsafe("array items of at least one byte", "items of none")
        return Extent(1, 1, 1 + items.depth)

    def _of_named(self, name: str) -> Extent:
        if name in self._open:
            raise _unsafe("types that do not hold themselves", f"{name} within {name}")
        if name not in self._known:
            self._open.append(name)
            self._known[name] = self._define(self._named[name])
            self._open.pop()
        return self._known[name]

    def _define(self, schema: Any) -> Extent:
        if schema["type"] == "enum":
            return Extent(1, 1)
        if schema["type"] == "fixed":
            return Extent(schema["size"], 1)
        fields = [self.of(field["type"]) for field in schema["fields"]]
        return Extent(
            sum(field.size for field in fields),
            1 + sum(field.values for field in fields),
            1 + max((field.depth for field in fields), default=0),
        )


def _union(branches: list[Extent]) -> Extent:
    if not branches:
        raise _unsafe("unions of at least one branch", "an empty one")
    return Extent(
        1 + min(branch.size for branch in branches),
        max(branch.values for branch in branches),
        1 + max(branch.depth for branch in branches),
    )


def _unsafe(wanted: str, found: str) -> Fault:
    return Fault("unknown_schema", f"writer schema: wants {wanted}, found {found}")
