"""From a writer schema and the wanted Arrow type to two programs and the columns that they fill, in one traversal.

COUNT walks every byte of a datum; FILL copies what is wanted. A wanted leaf is a CHECK in COUNT and a FILL in FILL; an
unwanted leaf is a CHECK in both; an unwanted array outside of any other is walked in COUNT only, and FILL seeks past
it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from . import instructions as op
from .arrow_types import UnsupportedSchema, stored_type
from .instructions import ITEM, TARGET, Program
from .nodes import PRIMITIVES, TEXT, Array, Enum, Fixed, Map, Measure, Node, Primitive, Record, Union, is_null

# How a leaf is checked and how it is filled.
LEAVES = {
    "boolean": (op.CHECK_BOOLEAN, op.FILL_BOOLEAN),
    "int": (op.CHECK_INT, op.FILL_INT),
    "long": (op.CHECK_LONG, op.FILL_LONG),
    "float": (op.CHECK_FIXED, op.FILL_4),
    "double": (op.CHECK_FIXED, op.FILL_8),
    "bytes": (op.CHECK_BYTES, op.FILL_BYTES),
    "string": (op.CHECK_STRING, op.FILL_BYTES),
}
# LSST: 3 kB. A null union of a fixed of 2 GB would be a byte in the datum and 2 GB in the column.
LARGEST_ROW = 2**20
# Cursor 0 moves for what nobody keeps; cursor 1 would be the rows of the datums themselves, which are given.
NOBODY = 0
ROOT = 1
Leaf = Primitive | Fixed | Enum


@dataclass
class Column:
    """A column that FILL writes, or that is NULL throughout because the writer schema lacks it.

    Attributes
    ----------
    wanted, stored : pyarrow.DataType
        The type that was asked for, and the one that is filled and then cast.
    level : int
        The cursor that counts its rows: ROOT, or one per array.
    slot : int
        Its row in the slots table; -1: nothing is filled.
    nullable : bool
        Whether it has validity bits of its own; otherwise it is null where the struct around it is.
    cursor : int
        The cursor that counts its bytes, if it is bytes or text.
    symbols : tuple of str
        What the stored indices stand for, if it is an enum.
    children : list of Column
        Fields of a struct in the wanted order; items of a list; key and value of a map.
    """

    wanted: pa.DataType
    stored: pa.DataType
    level: int
    slot: int = -1
    nullable: bool = False
    cursor: int = NOBODY
    symbols: tuple[str, ...] = ()
    children: "list[Column]" = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where in the schema the traversal is: field path, level, and the union that the value is a branch of.

    Attributes
    ----------
    path : str
        Names of the fields, with ITEM for the numbers of items.
    level : int
        Cursor of the rows around the value.
    value, null : int
        Indices of the union's branches; -1: no union, no null.
    """

    path: str
    level: int
    value: int = -1
    null: int = -1

    @property
    def is_nullable(self) -> bool:
        """Whether the value is a branch of a union."""
        return self.value >= 0

    def field(self, name: str) -> "Place":
        """The place of a field of the record here.

        Parameters
        ----------
        name : str
            Of the field.
        """
        return Place(f"{self.path}.{name}" if self.path else name, self.level)


class Compilation:
    """Two programs and their columns.

    Parameters
    ----------
    root : Node
        The writer schema.
    wanted : pyarrow.StructType or None
        What to keep, by name; None: there is only COUNT, for datums of any type.

    Attributes
    ----------
    count, fill : Program
    columns : list of Column
        Those with a slot, by slot.
    root : Column
        The struct of the datums.
    n_cursors, n_marks : int

    Raises
    ------
    UnsupportedSchema
        If the datum is not a record, or if something that is wanted cannot be had as the wanted type.
    """

    def __init__(self, root: Node, wanted: pa.StructType | None) -> None:
        self.count, self.fill = Program(), Program()
        self.columns: list[Column] = []
        self.n_cursors, self.n_marks = ROOT + 1, 0
        if wanted is not None and not (isinstance(root, Record) and root.measure.row <= LARGEST_ROW):
            raise UnsupportedSchema(f"the datum is not a record of at most {LARGEST_ROW} bytes in columns")
        nothing = Column(pa.null(), pa.null(), ROOT)
        self.root = self._add(root, wanted, Place("", ROOT), wanted is not None) or nothing
        for program in (self.count, self.fill):
            program.add(op.END, "")

    def _add(self, node: Node, wanted: pa.DataType | None, place: Place, filling: bool) -> Column | None:
        """Instructions for a value, and its column if it is wanted; `filling`: FILL walks it too."""
        match node:
            case Union(branches):
                which = node.value_and_null()
                if which is not None:
                    return self._add(branches[which[0]], wanted, replace(place, value=which[0], null=which[1]), filling)
                _agree(wanted is None, f"union of {len(branches)} branches", wanted, place)
                self._switch(branches, place, filling)
                return None
            case Record():
                return self._record(node, wanted, place, filling)
            case Array(items):
                _agree(wanted is None or pa.types.is_list(wanted), "array", wanted, place)
                parts = [(items, None if wanted is None else wanted.value_type)]
                return self._repeated(items.measure, parts, wanted, place, filling)
            case Map(values):
                _agree(wanted is None or pa.types.is_map(wanted), "map", wanted, place)
                types = (None, None) if wanted is None else (wanted.key_type, wanted.item_type)
                return self._repeated(node.pair, list(zip((TEXT, values), types, strict=True)), wanted, place, filling)
        return self._leaf(node, wanted, place, filling)

    def _leaf(self, leaf: Leaf, wanted: pa.DataType | None, place: Place, filling: bool) -> Column | None:
        if is_null(leaf):
            return None if wanted is None else Column(wanted, pa.null(), place.level)
        check, fill, arg = _instructions(leaf)
        common = {"value": place.value, "null": place.null, "arg": arg}
        if wanted is None:
            for program in self._programs(filling):
                program.add(check, place.path, **common)
            return None
        symbols = leaf.symbols if isinstance(leaf, Enum) else ()
        column = Column(wanted, stored_type(leaf, wanted, place.path), place.level, symbols=symbols)
        if fill == op.FILL_BYTES:
            column.cursor = self._new_cursor()
        self._give_slot(column, place)
        self.count.add(check, place.path, **common, cursor=column.cursor)
        self.fill.add(fill, place.path, **common, slot=column.slot, cursor=column.cursor)
        return column

    def _record(self, record: Record, wanted: pa.DataType | None, place: Place, filling: bool) -> Column | None:
        if wanted is None:
            with self._optional(place, -1, filling):
                for name, of in record.fields:
                    self._add(of, None, place.field(name), filling)
            return None
        _agree(pa.types.is_struct(wanted), "record", wanted, place)
        if len({of.name for of in wanted}) < wanted.num_fields:
            raise UnsupportedSchema(f"{place.path}: two fields of one name are wanted: {wanted}")
        column = Column(wanted, wanted, place.level)
        if place.is_nullable:
            self._give_slot(column, place)
        with self._optional(place, column.slot, filling):
            read = {name: self._field(wanted, name, of, place.field(name)) for name, of in record.fields}
        column.children = [read.get(of.name) or Column(of.type, pa.null(), place.level) for of in wanted]
        return column

    def _field(self, wanted: pa.StructType, name: str, node: Node, place: Place) -> Column | None:
        """A field of a wanted record; what is not kept and long is walked by COUNT alone."""
        index = wanted.get_field_index(name)
        if index >= 0:
            return self._add(node, wanted.field(index).type, place, filling=True)
        if place.level != ROOT or _is_leaf(node):
            return self._add(node, None, place, filling=True)
        self._add(node, None, place, filling=False)
        self.count.add(op.MARK, place.path, arg=self.n_marks)
        self.fill.add(op.SEEK, place.path, arg=self.n_marks)
        self.n_marks += 1
        return None

    def _repeated(
        self,
        item: Measure,
        parts: Sequence[tuple[Node, pa.DataType | None]],
        wanted: pa.DataType | None,
        place: Place,
        filling: bool,
    ) -> Column | None:
        """An array, or a map, whose items have two parts."""
        column = Column(wanted, wanted, place.level)
        if wanted is not None:
            column.cursor = self._new_cursor()
            self._give_slot(column, place)
        inside = Place(place.path + ITEM, column.cursor)
        with self._optional(place, column.slot, filling), self._items(place, item, column, filling):
            children = [self._add(part, type_, inside, filling) for part, type_ in parts]
        column.children = [child for child in children if child is not None]
        return None if wanted is None else column

    def _switch(self, branches: Sequence[Node], place: Place, filling: bool) -> None:
        """A general union: a table of where each branch begins; each ends with a jump behind the last."""
        starts = [(program, len(program.jumps)) for program in self._programs(filling)]
        for program, first in starts:
            program.add(op.SWITCH, place.path, arg=len(branches), target=first)
            program.jumps.extend(0 for _ in branches)
        exits = []
        for number, branch in enumerate(branches):
            for program, first in starts:
                program.jumps[first + number] = program.here
            self._add(branch, None, Place(place.path, place.level), filling)
            exits += [(program, program.add(op.JUMP, place.path)) for program, _ in starts]
        for program, jump in exits:
            program.rows[jump][TARGET] = program.here

    def _programs(self, filling: bool) -> tuple[Program, ...]:
        return (self.count, self.fill) if filling else (self.count,)

    def _give_slot(self, column: Column, place: Place) -> None:
        column.slot, column.nullable = len(self.columns), place.is_nullable
        self.columns.append(column)

    def _new_cursor(self) -> int:
        self.n_cursors += 1
        return self.n_cursors - 1

    @contextmanager
    def _optional(self, place: Place, slot: int, filling: bool) -> Iterator[None]:
        """What is added inside is left out where the union that it is a branch of is null."""
        branch, unions = {"value": place.value, "null": place.null}, []
        for program in self._programs(filling) if place.is_nullable else ():
            unions.append((program, program.add(op.UNION, place.path, **branch, slot=self._slot(program, slot))))
        yield
        for program, union in unions:
            program.rows[union][TARGET] = program.here

    @contextmanager
    def _items(self, place: Place, item: Measure, column: Column, filling: bool) -> Iterator[None]:
        """What is added inside reads one item."""
        cost = {"value": item.row + 1, "null": item.values, "arg": item.least, "cursor": column.cursor}
        arrays = [
            (program, program.add(op.ARRAY, place.path, cursor=column.cursor), program.here)
            for program in self._programs(filling)
        ]
        yield
        for program, array, body in arrays:
            slot = self._slot(program, column.slot)
            program.rows[array][TARGET] = program.add(op.NEXT, place.path, **cost, slot=slot, target=body)

    def _slot(self, program: Program, slot: int) -> int:
        return slot if program is self.fill else -1


def _instructions(leaf: Leaf) -> tuple[int, int, int]:
    """How a leaf is checked, how it is filled, and the argument of both."""
    match leaf:
        case Fixed():
            return op.CHECK_FIXED, op.FILL_FIXED, leaf.measure.least
        case Enum(_, symbols):
            return op.CHECK_ENUM, op.FILL_INT, len(symbols)
    check, fill = LEAVES[leaf.kind]
    return check, fill, PRIMITIVES[leaf.kind][0] if check == op.CHECK_FIXED else 0


def _is_leaf(node: Node) -> bool:
    """Whether a value is one instruction: no array, map, record or general union."""
    if isinstance(node, Union):
        branches = node.value_and_null()
        return branches is not None and _is_leaf(node.branches[branches[0]])
    return isinstance(node, Leaf)


def _agree(is_so: bool, have: str, wanted: pa.DataType | None, place: Place) -> None:
    if not is_so:
        raise UnsupportedSchema(f"{place.path}: {have} in the writer schema cannot be read as {wanted}")
