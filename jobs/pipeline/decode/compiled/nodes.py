"""What an Avro schema is made of, each part measured when it is made: named types are the parts that they stand for."""

from dataclasses import dataclass, field
from typing import TypeAlias

# Least sizes and cells are compared with the bytes of a batch, which is under 2 GiB: they need not be exact beyond.
LARGEST_SIZE = 2**31
# Fewest bytes of a value in a datum, and bytes of its cell in a column (variable lengths: of its offset).
PRIMITIVES = {
    "null": (0, 0), "boolean": (1, 1), "int": (1, 4), "long": (1, 8), "float": (4, 4), "double": (8, 8),
    "bytes": (1, 4), "string": (1, 4),
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """How large values and programs of a node get.

    Attributes
    ----------
    least : int
        Fewest bytes of a value.
    row : int
        Bytes of a row of columns that holds a value, arrays and bytes with their offsets only.
    values : int
        Values that it consists of at most, nulls and records included, items of arrays and maps not.
    nodes, depth : int
        Nodes and levels of the tree with its named types unfolded.
    """

    least: int
    row: int
    values: int = 1
    nodes: int = 1
    depth: int = 1


@dataclass(frozen=True, eq=False)
class Primitive:
    """null, boolean, int, long, float, double, bytes or string, with its logical type ("" if none)."""

    kind: str
    logical: str = ""

    @property
    def measure(self) -> Measure:
        """Of a value."""
        return Measure(*PRIMITIVES[self.kind])


@dataclass(frozen=True, eq=False)
class Fixed:
    """A fixed number of bytes."""

    name: str
    size: int

    @property
    def measure(self) -> Measure:
        """Of a value."""
        return Measure(min(self.size, LARGEST_SIZE), min(self.size, LARGEST_SIZE))


@dataclass(frozen=True, eq=False)
class Enum:
    """One of some symbols, written as its index."""

    name: str
    symbols: tuple[str, ...]
    measure: Measure = Measure(1, 4)


@dataclass(frozen=True, eq=False)
class Array:
    """Blocks of items."""

    items: "Node"
    measure: Measure = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measure", _repeated(self.items.measure))


@dataclass(frozen=True, eq=False)
class Map:
    """Blocks of pairs of a string key and a value."""

    values: "Node"
    measure: Measure = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measure", _repeated(self.values.measure))

    @property
    def pair(self) -> Measure:
        """Of an entry."""
        key, value = TEXT.measure, self.values.measure
        return Measure(key.least + value.least, key.row + value.row, 1 + value.values)


@dataclass(frozen=True, eq=False)
class Union:
    """The index of a branch, then its value."""

    branches: tuple["Node", ...]
    measure: Measure = field(init=False)

    def __post_init__(self) -> None:
        parts = [branch.measure for branch in self.branches]
        whole = _together(parts)
        least, most = 1 + min(part.least for part in parts), max(part.values for part in parts)
        object.__setattr__(self, "measure", Measure(least, whole.row, most, whole.nodes, whole.depth))

    def value_and_null(self) -> tuple[int, int] | None:
        """Index of the one branch with a value and of the null branch (-1: none); None for a general union."""
        nulls = [i for i, branch in enumerate(self.branches) if is_null(branch)]
        values = [i for i, branch in enumerate(self.branches) if not is_null(branch)]
        if len(values) != 1 or len(nulls) > 1:
            return None
        return values[0], nulls[0] if nulls else -1


@dataclass(frozen=True, eq=False)
class Record:
    """Named fields, one after the other."""

    name: str
    fields: tuple[tuple[str, "Node"], ...]
    measure: Measure = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measure", _together([of.measure for _, of in self.fields]))


Node: TypeAlias = Primitive | Fixed | Enum | Array | Map | Union | Record
TEXT = Primitive("string")


def is_null(node: Node) -> bool:
    """Whether it is the type null.

    Parameters
    ----------
    node : Node
        A union that holds null is not.
    """
    return isinstance(node, Primitive) and node.kind == "null"


def _together(parts: list[Measure]) -> Measure:
    return Measure(
        min(sum(part.least for part in parts), LARGEST_SIZE),
        sum(part.row for part in parts),
        1 + sum(part.values for part in parts),
        1 + sum(part.nodes for part in parts),
        1 + max((part.depth for part in parts), default=0),
    )


def _repeated(item: Measure) -> Measure:
    return Measure(1, 4, 1, 1 + item.nodes, 1 + item.depth)
