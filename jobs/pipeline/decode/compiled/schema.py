"""An Avro writer schema, parsed and measured: the tree that programs and Arrow types are made from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from .nodes import (
    Array,
    Definition,
    Enum,
    Fixed,
    Map,
    Named,
    Node,
    Primitive,
    Record,
    Resolved,
    Union,
    UnsupportedSchema,
)

Source: TypeAlias = Mapping[str, Any] | list[Any] | str

# LSST's schemas nest 4 deep and have 1,000 nodes with every named type unfolded; far beyond is an attack or a mistake.
DEEPEST_NESTING = 64
MOST_NODES = 100_000
# Least sizes are only compared with bytes left, and a batch is under 2 GiB: they need not be exact beyond.
LARGEST_SIZE = 2**31
# LSST: 3 kB. A null union of a fixed of 2 GB would be a byte in the datum and 2 GB in the column.
LARGEST_ROW = 2**20

# Fewest bytes of a value in a datum, and bytes of its cell in a column (variable lengths: of its offset).
PRIMITIVE_SIZES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}
CELL_SIZES = {"null": 0, "boolean": 1, "int": 4, "long": 8, "float": 4, "double": 8, "bytes": 4, "string": 4}


@dataclass(frozen=True)
class Measure:
    """How large values and programs of a node get.

    Attributes
    ----------
    least : int
        Fewest bytes of a value: a lower bound, a type inside itself counts as 0.
    row : int
        Bytes of a row of columns that holds a value, arrays and bytes with their offsets only.
    nodes, depth : int
        Nodes and levels of the tree with its named types unfolded.
    reach : frozenset of str
        Named types inside.
    """

    least: int
    row: int
    nodes: int = 1
    depth: int = 1
    reach: frozenset[str] = frozenset()


class Schema:
    """A writer schema, parsed.

    Parameters
    ----------
    source : dict, list or str
        The schema as parsed from JSON, or as JSON text.

    Attributes
    ----------
    root : Node
    names : dict of str to Record, Enum or Fixed
        Full name to definition.
    recursive : set of str
        Named types that contain themselves: at least one of every circle.

    Raises
    ------
    UnsupportedSchema
        If it is not a schema (not JSON, a missing key, an unknown name or type, a name defined twice), or an absurd
        one (nested deeper than 64, more than 100,000 nodes, rows of more than 1 MiB), or has
        an array of items of no bytes: seven bytes could
        then claim 2^40 items.
    """

    def __init__(self, source: Source) -> None:
        self.names: dict[str, Definition] = {}
        self.recursive: set[str] = set()
        self._measures: dict[str, Measure] = {}
        self.root = self._parse(_from_json(source), "", 0)
        self._refuse_absurd(self.root)

    def resolve(self, node: Node) -> Resolved:
        """The node itself, or the definition that a name stands for."""
        return self.names[node.name] if isinstance(node, Named) else node

    def measure(self, node: Node | Record) -> Measure:
        """How large values and programs of a node get."""
        match node:
            case Primitive(kind):
                return Measure(PRIMITIVE_SIZES[kind], CELL_SIZES[kind])
            case Fixed(size):
                return Measure(size, size)
            case Enum():
                return Measure(1, 4)
            case Named(name):
                known = self._measures.get(name, Measure(0, 0))  # unknown: we are inside its definition
                return replace(known, reach=known.reach | {name})
            case Array(items):
                return replace(_above([self.measure(items)]), least=1, row=4)
            case Map(values):
                return replace(_above([self.measure(values)]), least=1, row=4)
            case Union(branches):
                below = [self.measure(branch) for branch in branches]
                return replace(_above(below), least=1 + min((m.least for m in below), default=0))
            case Record(_, fields):
                return _above([self.measure(of) for _, of in fields])

    def _parse(self, source: Any, namespace: str, depth: int) -> Node:
        if depth > DEEPEST_NESTING:
            raise UnsupportedSchema(f"the schema nests deeper than {DEEPEST_NESTING}")
        if isinstance(source, str):
            return self._parse_name(source, namespace)
        if isinstance(source, list):
            return self._parse_union(source, namespace, depth)
        kind = _key(source, "type")
        if not isinstance(kind, str):
            return self._parse(kind, namespace, depth + 1)
        return self._parse_type(kind, source, namespace, depth)

    def _parse_union(self, source: list[Any], namespace: str, depth: int) -> Node:
        branches = tuple(self._parse(branch, namespace, depth + 1) for branch in source)
        if any(isinstance(branch, Union) for branch in branches):
            raise UnsupportedSchema("a union directly inside a union")
        return Union(branches)

    def _parse_name(self, name: str, namespace: str) -> Node:
        if name in PRIMITIVE_SIZES:
            return Primitive(name)
        for full in (_full_name(name, namespace), name):
            if full in self.names:
                return Named(full)
        raise UnsupportedSchema(f"{name!r} is neither a primitive type nor a type defined before it is used")

    def _parse_type(self, kind: str, source: Mapping[str, Any], namespace: str, depth: int) -> Node:
        match kind:
            case "array":
                return Array(self._parse(_key(source, "items"), namespace, depth + 1))
            case "map":
                return Map(self._parse(_key(source, "values"), namespace, depth + 1))
            case "record" | "error" | "enum" | "fixed":
                return self._define(kind, source, namespace, depth)
        if kind in PRIMITIVE_SIZES:
            return Primitive(kind, str(source.get("logicalType", "")))
        return self._parse_name(kind, namespace)

    def _define(self, kind: str, source: Mapping[str, Any], namespace: str, depth: int) -> Node:
        name = _full_name(str(_key(source, "name")), str(source.get("namespace") or namespace))
        if name in self.names:
            raise UnsupportedSchema(f"{name!r} is defined twice")
        self.names[name] = Record(name, ())  # so that its own fields may name it
        self.names[name] = self._definition(kind, name, source, depth)
        measure = self.measure(self.names[name])
        # Types are defined before they are used, or around where they are: so one of every circle finds itself here.
        if name in measure.reach:
            self.recursive.add(name)
        self._measures[name] = measure
        return Named(name)

    def _definition(self, kind: str, name: str, source: Mapping[str, Any], depth: int) -> Definition:
        match kind:
            case "enum":
                return Enum(tuple(str(symbol) for symbol in _list(source, "symbols")))
            case "fixed":
                return Fixed(_size(name, _key(source, "size")))
        return Record(name, self._parse_fields(name, _list(source, "fields"), depth))

    def _parse_fields(self, name: str, fields: list[Any], depth: int) -> tuple[tuple[str, Node], ...]:
        inside = name.rpartition(".")[0]
        parsed = tuple((str(_key(f, "name")), self._parse(_key(f, "type"), inside, depth + 1)) for f in fields)
        if len(dict(parsed)) < len(parsed):
            raise UnsupportedSchema(f"record {name!r} has two fields of one name")
        return parsed

    def _refuse_absurd(self, root: Node) -> None:
        measure = self.measure(root)
        if measure.nodes > MOST_NODES or measure.depth > DEEPEST_NESTING:
            raise UnsupportedSchema(f"the schema unfolds to {measure.nodes} nodes, {measure.depth} deep")
        if any(m.row > LARGEST_ROW for m in (measure, *self._measures.values())):
            raise UnsupportedSchema(f"a row of columns would take more than {LARGEST_ROW} bytes")
        definitions = self.names.values()
        roots: list[Node | Record] = [root, *(record for record in definitions if isinstance(record, Record))]
        for array in (array for node in roots for array in _arrays(node)):
            if self.measure(array.items).least == 0:
                raise UnsupportedSchema("an array of items that take no bytes: any count would fit")


def _above(below: list[Measure]) -> Measure:
    return Measure(
        min(sum(m.least for m in below), LARGEST_SIZE),
        sum(m.row for m in below),
        1 + sum(m.nodes for m in below),
        1 + max((m.depth for m in below), default=0),
        frozenset[str]().union(*(m.reach for m in below)),
    )


def _arrays(node: Node | Record) -> list[Array]:
    """The arrays of a node, those inside named types left out."""
    match node:
        case Array(items):
            return [node, *_arrays(items)]
        case Map(values):
            return _arrays(values)
        case Union(branches):
            return [array for branch in branches for array in _arrays(branch)]
        case Record(_, fields):
            return [array for _, of in fields for array in _arrays(of)]
    return []


def _from_json(source: Source) -> Any:
    if not isinstance(source, str) or source in PRIMITIVE_SIZES:
        return source
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise UnsupportedSchema(f"the schema is not JSON: {error}") from error


def _key(source: Any, key: str) -> Any:
    if not isinstance(source, Mapping) or key not in source:
        raise UnsupportedSchema(f"{str(source)[:80]} has no {key!r}")
    return source[key]


def _list(source: Any, key: str) -> list[Any]:
    found = _key(source, key)
    if not isinstance(found, list | tuple):
        raise UnsupportedSchema(f"{key!r} is {str(found)[:80]}, not a list")
    return list(found)


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _size(name: str, size: Any) -> int:
    if not isinstance(size, int) or not 0 <= size < LARGEST_SIZE:
        raise UnsupportedSchema(f"fixed {name!r} has size {size!r}")
    return size
