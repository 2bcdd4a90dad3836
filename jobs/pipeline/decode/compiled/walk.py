"""Instructions that step over a value: all of COUNT, and in FILL what is not wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

from . import instructions as op
from .instructions import TARGET, Program
from .nodes import Array, Enum, Fixed, Map, Named, Node, Primitive, Record, Union
from .schema import PRIMITIVE_SIZES, Measure, Schema

CHECKS = {
    "boolean": op.CHECK_BOOLEAN,
    "int": op.CHECK_INT,
    "long": op.CHECK_LONG,
    "float": op.CHECK_FIXED,
    "double": op.CHECK_FIXED,
    "bytes": op.CHECK_BYTES,
    "string": op.CHECK_STRING,
}


def is_leaf(schema: Schema, node: Node) -> bool:
    """Whether a value is one instruction: no array, map, record or general union."""
    match schema.resolve(node):
        case Primitive() | Fixed() | Enum():
            return True
        case Union() as union:
            branches = union.value_and_null()
            return branches is not None and is_leaf(schema, union.branches[branches[0]])
    return False


def add_checks(schema: Schema, program: Program, node: Node, path: str) -> None:
    """Add the instructions that step over a value."""
    if isinstance(node, Named) and node.name in schema.recursive:
        program.calls.append((node.name, program.add(op.CALL, path)))
        return
    match schema.resolve(node):
        case Primitive() | Fixed() | Enum() as leaf:
            add_check(program, leaf, path)
        case Record(_, fields):
            for name, of in fields:
                add_checks(schema, program, of, f"{path}.{name}")
        case Array(items):
            with repeated(program, path, schema.measure(items)):
                add_checks(schema, program, items, f"{path}[]")
        case Map(values):
            with repeated(program, path, pair(schema, values)):
                add_check(program, Primitive("string"), f"{path}{{}}")
                add_checks(schema, program, values, f"{path}{{}}")
        case Union() as union:
            _add_union(schema, program, union, path)


def add_check(
    program: Program, leaf: Primitive | Fixed | Enum, path: str, value: int = -1, null: int = -1, cursor: int = 0
) -> None:
    """Add the instruction that steps over a leaf, which may be branch `value` of a union with null."""
    match leaf:
        case Fixed(size):
            program.add(op.CHECK_FIXED, path, value=value, null=null, arg=size)
        case Enum(symbols):
            program.add(op.CHECK_ENUM, path, value=value, null=null, arg=len(symbols))
        case Primitive("float" | "double" as kind):
            program.add(op.CHECK_FIXED, path, value=value, null=null, arg=PRIMITIVE_SIZES[kind])
        case Primitive(kind) if kind != "null":
            program.add(CHECKS[kind], path, value=value, null=null, cursor=cursor)


def _add_union(schema: Schema, program: Program, union: Union, path: str) -> None:
    branches = union.value_and_null()
    if branches is None:
        _add_switch(schema, program, union, path)
        return
    value, null = branches
    leaf = schema.resolve(union.branches[value])
    if isinstance(leaf, Primitive | Fixed | Enum):
        add_check(program, leaf, path, value, null)
        return
    with optional(program, path, value, null):
        add_checks(schema, program, union.branches[value], path)


def _add_switch(schema: Schema, program: Program, union: Union, path: str) -> None:
    """A general union: a table of where each branch begins; each ends with a jump behind the last."""
    first = len(program.jumps)
    program.add(op.SWITCH, path, arg=len(union.branches), target=first)
    program.jumps.extend(0 for _ in union.branches)
    exits = []
    for number, branch in enumerate(union.branches):
        program.jumps[first + number] = program.here
        add_checks(schema, program, branch, path)
        exits.append(program.add(op.JUMP, path))
    for number in exits:
        program.rows[number][TARGET] = program.here


def add_subroutines(schema: Schema, program: Program) -> None:
    """Add the bodies of the types that contain themselves, once each, and point the calls at them."""
    starts: dict[str, int] = {}
    for name, caller in program.calls:  # grows while the bodies are added
        if name not in starts:
            starts[name] = program.here
            definition = schema.names[name]
            assert isinstance(definition, Record)
            for field, of in definition.fields:
                add_checks(schema, program, of, f"{name}.{field}")
            program.add(op.RETURN, name)
        program.rows[caller][TARGET] = starts[name]


def pair(schema: Schema, values: Node) -> Measure:
    """Measure of a map's entry: a string and a value."""
    key, value = schema.measure(Primitive("string")), schema.measure(values)
    return Measure(key.least + value.least, key.row + value.row)


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
    end = program.add(op.NEXT, path, value=item.row + 1, arg=item.least, cursor=cursor, slot=slot, target=body)
    program.rows[array][TARGET] = end
