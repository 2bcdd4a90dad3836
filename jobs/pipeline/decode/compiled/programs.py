"""From a writer schema and the wanted Arrow type to two programs and the columns that they fill, in one traversal.

COUNT walks every byte of a datum; FILL copies what is wanted. A wanted leaf is a CHECK in COUNT and a FILL in FILL; an
unwanted leaf is a CHECK in both; an unwanted array outside of any other is walked in COUNT only, and FILL seeks past it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from . import instructions as op
from .arrow_types import UnsupportedSchema, stored_type, value_branch
from .instructions import ITEM, Program
from .nodes import TEXT, Array, Enum, Fixed, Map, Measure, Node, Primitive, Record, Union
from .walk import add_check, add_checks, is_leaf, optional, repeated

FILLS = {
    "boolean": op.FILL_BOOLEAN,
    "int": op.FILL_INT,
    "long": op.FILL_LONG,
    "float": op.FILL_4,
    "double": op.FILL_8,
    "bytes": op.FILL_BYTES,
    "string": op.FILL_BYTES,
}
# LSST: 3 kB. A null union of a fixed of 2 GB would be a byte in the datum and 2 GB in the column.
LARGEST_ROW = 2**20
# Cursor 0 moves for what nobody keeps; cursor 1 would be the rows of the datums themselves, which are given.
NOBODY = 0
ROOT = 1


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
    """Where in the schema the traversal is: field path, level, and the union that the value is a branch of."""

    path: str
    level: int
    value: int = -1
    null: int = -1

    @property
    def is_nullable(self) -> bool:
        """Whether the value is a branch of a union."""
        return self.value >= 0

    def field(self, name: str) -> "Place":
        """The place of a field of the record here."""
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
        self.root = Column(pa.null(), pa.null(), ROOT)
        if wanted is None:
            add_checks(self.count, root, "")
        elif isinstance(root, Record) and root.measure.row <= LARGEST_ROW:
            self.root = self._record(root, wanted, Place("", ROOT))
        else:
            raise UnsupportedSchema(f"the datum is not a record of at most {LARGEST_ROW} bytes in columns")
        for program in (self.count, self.fill):
            program.add(op.END, "")

    def _want(self, node: Node, wanted: pa.DataType, place: Place) -> Column:
        """Instructions for a value that is kept, and its column."""
        match node:
            case Union() as union:
                value, null = value_branch(union, place.path)
                return self._want(union.branches[value], wanted, replace(place, value=value, null=null))
            case Primitive() as primitive:
                return self._primitive(primitive, wanted, place)
            case Enum(_, symbols):
                _agree(wanted == pa.string(), "enum", wanted, place)
                column = self._leaf(Column(wanted, pa.int32(), place.level, symbols=symbols), op.FILL_INT, 0, place)
                add_check(self.count, node, place.path, place.value, place.null)
                return column
            case Fixed(_, size):
                _agree(wanted == pa.binary(size), f"fixed of {size} bytes", wanted, place)
                column = self._leaf(Column(wanted, wanted, place.level), op.FILL_FIXED, size, place)
                add_check(self.count, node, place.path, place.value, place.null)
                return column
            case Record() as record:
                return self._record(record, wanted, place)
            case Array() as array:
                return self._array(array, wanted, place)
            case Map() as map_:
                return self._map(map_, wanted, place)

    def _primitive(self, primitive: Primitive, wanted: pa.DataType, place: Place) -> Column:
        if primitive.kind == "null":
            return Column(wanted, pa.null(), place.level)
        column = Column(wanted, stored_type(primitive, wanted, place.path), place.level)
        if primitive.kind in ("bytes", "string"):
            column.cursor = self._new_cursor()
        add_check(self.count, primitive, place.path, place.value, place.null, column.cursor)
        return self._leaf(column, FILLS[primitive.kind], 0, place)

    def _leaf(self, column: Column, fill: int, width: int, place: Place) -> Column:
        self._give_slot(column, place)
        self.fill.add(
            fill,
            place.path,
            value=place.value,
            null=place.null,
            slot=column.slot,
            arg=width,
            cursor=column.cursor,
        )
        return column

    def _record(self, record: Record, wanted: pa.DataType, place: Place) -> Column:
        _agree(pa.types.is_struct(wanted), "record", wanted, place)
        if len({of.name for of in wanted}) < wanted.num_fields:
            raise UnsupportedSchema(f"{place.path}: two fields of one name are wanted: {wanted}")
        column = Column(wanted, wanted, place.level)
        if place.is_nullable:
            self._give_slot(column, place)
        with self._optional(place, column.slot):
            read = {name: self._field(wanted, name, node, place.field(name)) for name, node in record.fields}
        column.children = [read.get(of.name) or Column(of.type, pa.null(), place.level) for of in wanted]
        return column

    def _field(self, wanted: pa.StructType, name: str, node: Node, place: Place) -> Column | None:
        index = wanted.get_field_index(name)
        if index >= 0:
            return self._want(node, wanted.field(index).type, place)
        self._skip(node, place)
        return None

    def _array(self, array: Array, wanted: pa.DataType, place: Place) -> Column:
        _agree(pa.types.is_list(wanted), "array", wanted, place)
        column = Column(wanted, wanted, place.level, cursor=self._new_cursor())
        self._give_slot(column, place)
        inside = Place(place.path + ITEM, column.cursor)
        with self._optional(place, column.slot), self._repeated(place, column, array.items.measure):
            column.children = [self._want(array.items, wanted.value_type, inside)]
        return column

    def _map(self, map_: Map, wanted: pa.DataType, place: Place) -> Column:
        _agree(pa.types.is_map(wanted), "map", wanted, place)
        column = Column(wanted, wanted, place.level, cursor=self._new_cursor())
        self._give_slot(column, place)
        inside = Place(place.path + ITEM, column.cursor)
        with self._optional(place, column.slot), self._repeated(place, column, map_.pair):
            key = self._want(TEXT, wanted.key_type, inside)
            column.children = [key, self._want(map_.values, wanted.item_type, inside)]
        return column

    def _skip(self, node: Node, place: Place) -> None:
        """Instructions for a value that is not kept."""
        add_checks(self.count, node, place.path)
        if place.level == ROOT and not is_leaf(node):
            self.count.add(op.MARK, place.path, arg=self.n_marks)
            self.fill.add(op.SEEK, place.path, arg=self.n_marks)
            self.n_marks += 1
        else:
            add_checks(self.fill, node, place.path)

    def _give_slot(self, column: Column, place: Place) -> None:
        column.slot, column.nullable = len(self.columns), place.is_nullable
        self.columns.append(column)

    def _new_cursor(self) -> int:
        self.n_cursors += 1
        return self.n_cursors - 1

    @contextmanager
    def _optional(self, place: Place, slot: int) -> Iterator[None]:
        """What is added inside is left out where the union that it is a branch of is null."""
        if not place.is_nullable:
            yield
            return
        with (
            optional(self.count, place.path, place.value, place.null, -1),
            optional(self.fill, place.path, place.value, place.null, slot),
        ):
            yield

    @contextmanager
    def _repeated(self, place: Place, column: Column, item: Measure) -> Iterator[None]:
        """What is added inside reads one item."""
        with (
            repeated(self.count, place.path, item, column.cursor, -1),
            repeated(self.fill, place.path, item, column.cursor, column.slot),
        ):
            yield


def _agree(is_so: bool, have: str, wanted: pa.DataType, place: Place) -> None:
    if not is_so:
        raise UnsupportedSchema(f"{place.path}: {have} in the writer schema cannot be read as {wanted}")
