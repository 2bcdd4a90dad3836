"""Instructions that step over a value: all of COUNT, and in FILL what is not wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

from . import instructions as op
from .instructions import ITEM, TARGET, Program
from .nodes import PRIMITIVES, TEXT, Array, Enum, Fixed, Map, Measure, Node, Primitive, Record, Union

CHECKS = {
    "boolean": op.CHECK_BOOLEAN,
    "int": op.CHECK_INT,
    "long": op.CHECK_LONG,
    "float": op.CHECK_FIXED,
    "double": op.CHECK_FIXED,
    "bytes": op.CHECK_BYTES,
    "string": op.CHECK_STRING,
}


def is_leaf(node: Node) -> bool:
    """Whether a value is one instruction: no array, map, record or general union."""
    if isinstance(node, Union):
        branches = node.value_and_null()
        return branches is not None and is_leaf(node.branches[branches[0]])
    return isinstance(node, Primitive | Fixed | Enum)


def add_checks(program: Program, node: Node, path: str) -> None:
    """Add the instructions that step over a value."""
    match node:
        case Record(_, fields):
            for name, of in fields:
                add_checks(program, of, f"{path}.{name}" if path else name)
        case Array(items):
            with repeated(program, path, items.measure):
                add_checks(program, items, path + ITEM)
        case Map(values):
            with repeated(program, path, node.pair):
                add_check(program, TEXT, path + ITEM)
                add_checks(program, values, path + ITEM)
        case Union():
            _add_union(program, node, path)
        case _:
            add_check(program, node, path)


def add_check(
    program: Program, leaf: Primitive | Fixed | Enum, path: str, value: int = -1, null: int = -1, cursor: int = 0
) -> None:
    """Add the instruction that steps over a leaf, which may be branch `value` of a union with null."""
    match leaf:
        case Fixed():
            program.add(op.CHECK_FIXED, path, value=value, null=null, arg=leaf.measure.least)
        case Enum(_, symbols):
            program.add(op.CHECK_ENUM, path, value=value, null=null, arg=len(symbols))
        case Primitive("float" | "double" as kind):
            program.add(op.CHECK_FIXED, path, value=value, null=null, arg=PRIMITIVES[kind][0])
        case Primitive(kind) if kind != "null":
            program.add(CHECKS[kind], path, value=value, null=null, cursor=cursor)


def _add_union(program: Program, union: Union, path: str) -> None:
    branches = union.value_and_null()
    if branches is None:
        _add_switch(program, union, path)
        return
    value, null = branches
    leaf = union.branches[value]
    if isinstance(leaf, Primitive | Fixed | Enum):
        add_check(program, leaf, path, value, null)
        return
    with optional(program, path, value, null):
        add_checks(program, leaf, path)


def _add_switch(program: Program, union: Union, path: str) -> None:
    """A general union: a table of where each branch begins; each ends with a jump behind the last."""
    first = len(program.jumps)
    program.add(op.SWITCH, path, arg=len(union.branches), target=first)
    program.jumps.extend(0 for _ in union.branches)
    exits = []
    for number, branch in enumerate(union.branches):
        program.jumps[first + number] = program.here
        add_checks(program, branch, path)
        exits.append(program.add(op.JUMP, path))
    for number in exits:
        program.rows[number][TARGET] = program.here


@contextmanager
def optional(program: Program, path: str, value: int, null: int, slot: int = -1) -> Iterator[None]:
    """What is added inside is left out where a union is null."""
    union = program.add(op.UNION, path, value=value, null=null, slot=slot)
    yield
    program.rows[union][TARGET] = program.here


@contextmanager
def repeated(program: Program, path: str, item: Measure, cursor: int = 0, slot: int = -1) -> Iterator[None]:
    """What is added inside reads one item of an array."""
    array = program.add(op.ARRAY, path, cursor=cursor)
    body = program.here
    yield
    cost = {"value": item.row + 1, "null": item.values}
    end = program.add(op.NEXT, path, **cost, arg=item.least, cursor=cursor, slot=slot, target=body)
    program.rows[array][TARGET] = end
