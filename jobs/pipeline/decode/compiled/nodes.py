"""What an Avro schema is made of."""

from dataclasses import dataclass
from typing import TypeAlias


class UnsupportedSchema(ValueError):
    """The writer schema is broken, or needs what the compiled decoder does not do; the message says which."""


@dataclass(frozen=True)
class Primitive:
    """null, boolean, int, long, float, double, bytes or string, with its logical type ("" if none)."""

    kind: str
    logical: str = ""


@dataclass(frozen=True)
class Fixed:
    """A fixed number of bytes."""

    size: int


@dataclass(frozen=True)
class Enum:
    """One of some symbols, written as its index."""

    symbols: tuple[str, ...]


@dataclass(frozen=True)
class Array:
    """Blocks of items."""

    items: "Node"


@dataclass(frozen=True)
class Map:
    """Blocks of pairs of a string key and a value."""

    values: "Node"


@dataclass(frozen=True)
class Union:
    """The index of a branch, then its value."""

    branches: tuple["Node", ...]

    def value_and_null(self) -> tuple[int, int] | None:
        """Index of the one branch with a value and of the null branch (-1: none); None for a general union."""
        nulls = [i for i, branch in enumerate(self.branches) if branch == NULL]
        values = [i for i, branch in enumerate(self.branches) if branch != NULL]
        if len(values) != 1 or len(nulls) > 1:
            return None
        return values[0], nulls[0] if nulls else -1


@dataclass(frozen=True)
class Record:
    """Named fields, one after the other."""

    name: str
    fields: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True)
class Named:
    """A use of a named type; the schema's names say what it stands for, so that a type may contain itself."""

    name: str


Definition: TypeAlias = Record | Enum | Fixed
Node: TypeAlias = Primitive | Fixed | Enum | Array | Map | Union | Named
Resolved: TypeAlias = Primitive | Fixed | Enum | Array | Map | Union | Record

NULL = Primitive("null")
