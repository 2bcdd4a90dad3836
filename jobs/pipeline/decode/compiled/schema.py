"""An Avro writer schema, parsed: what is no schema, or could cost without bound, is refused here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from .fault import Fault
from .nodes import PRIMITIVES, Array, Enum, Fixed, Map, Node, Primitive, Record, Union

# LSST's schemas nest 4 deep and have 1,000 nodes with every named type unfolded; far beyond is an attack or a mistake.
MOST_LEVELS = 64
MOST_NODES = 100_000


def parse(source: Any) -> Node:
    """The tree of a writer schema.

    Docs, aliases and defaults play no part in reading, and some real defaults are wrong; logical types are kept where
    they are text.

    Parameters
    ----------
    source : dict, list or str
        The schema as parsed from JSON.

    Raises
    ------
    Fault
        unknown_schema if it is no schema, or one that makes a few bytes cost unbounded time, memory or stack: a type
        that holds itself, array items or datums of no bytes, more than 64 levels, more than 100,000 nodes.
    """
    root = _Parser().parse(source, "", 0)
    if root.measure.least == 0:
        raise _wrong("datums of at least one byte", "one of none")
    return root


class _Parser:
    def __init__(self) -> None:
        self._named: dict[str, Node | None] = {}  # None: we are inside its definition

    def parse(self, source: Any, namespace: str, depth: int) -> Node:
        """The node of a type; what is absurd is refused from the inside out, before it is put into anything."""
        if depth > MOST_LEVELS:
            raise _wrong(f"at most {MOST_LEVELS} levels", "more")
        node = self._node(source, namespace, depth)
        if node.measure.depth > MOST_LEVELS:
            raise _wrong(f"at most {MOST_LEVELS} levels", node.measure.depth)
        if node.measure.nodes > MOST_NODES:
            raise _wrong(f"at most {MOST_NODES} values with named types written out", node.measure.nodes)
        return node

    def _node(self, source: Any, namespace: str, depth: int) -> Node:
        if isinstance(source, str):
            return self._name(source, namespace)
        if isinstance(source, list):
            return _union([self.parse(branch, namespace, depth + 1) for branch in source])
        match kind := _part(source, "type"):
            case "record" | "error" | "enum" | "fixed":
                return self._define(kind, source, namespace, depth)
            case "array":
                return _array(self.parse(_part(source, "items"), namespace, depth + 1))
            case "map":
                return Map(self.parse(_part(source, "values"), namespace, depth + 1))
        logical = source.get("logicalType")
        if isinstance(kind, str) and kind in PRIMITIVES and isinstance(logical, str):
            return Primitive(kind, logical)
        return self.parse(kind, namespace, depth + 1)

    def _name(self, name: str, namespace: str) -> Node:
        if name in PRIMITIVES:
            return Primitive(name)
        for full in (_full_name(name, namespace), name):
            if full in self._named:
                found = self._named[full]
                if found is None:
                    raise _wrong("types that do not hold themselves", f"{full} within {full}")
                return found
        raise _wrong("a primitive type or one defined before", repr(name))

    def _define(self, kind: str, source: Mapping[str, Any], namespace: str, depth: int) -> Node:
        name = _full_name(_text(source, "name"), _text(source, "namespace", namespace))
        if name in self._named:
            raise _wrong("one definition of a name", f"two of {name}")
        self._named[name] = None
        match kind:
            case "enum":
                node: Node = Enum(name, _symbols(source))
            case "fixed":
                node = Fixed(name, _size(source))
            case _:
                node = Record(name, self._fields(source, name.rpartition(".")[0], depth))
        self._named[name] = node
        return node

    def _fields(self, source: Mapping[str, Any], namespace: str, depth: int) -> tuple[tuple[str, Node], ...]:
        fields = _part(source, "fields")
        if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
            raise _wrong("a list of fields", fields)
        names = [_text(field, "name") for field in fields]
        if len(set(names)) < len(names):
            raise _wrong("fields with different names", names)
        types = [self.parse(_part(field, "type"), namespace, depth + 1) for field in fields]
        return tuple(zip(names, types, strict=True))


def _union(branches: list[Node]) -> Union:
    if not branches:
        raise _wrong("unions of at least one branch", "an empty one")
    if any(isinstance(branch, Union) for branch in branches):
        raise _wrong("unions of other types", "a union directly inside a union")
    return Union(tuple(branches))


def _array(items: Node) -> Array:
    if items.measure.least == 0:
        raise _wrong("array items of at least one byte", "items of none")
    return Array(items)


def _symbols(source: Mapping[str, Any]) -> tuple[str, ...]:
    symbols = _part(source, "symbols")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise _wrong("a list of symbols", symbols)
    return tuple(symbols)


def _size(source: Mapping[str, Any]) -> int:
    size = _part(source, "size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise _wrong("a size of 0 or more bytes", size)
    return size


def _part(source: Any, name: str) -> Any:
    if not isinstance(source, Mapping) or name not in source:
        raise _wrong(f"a type with {name!r}", source)
    return source[name]


def _text(source: Mapping[str, Any], key: str, default: str | None = None) -> str:
    found = source.get(key)
    if found is None and default is not None:
        return default
    if not isinstance(found, str):
        raise _wrong(f"a string for {key!r}", source)
    return found


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _wrong(wanted: str, found: Any) -> Fault:
    return Fault("unknown_schema", f"writer schema: wants {wanted}, found {str(found)[:80]}")
