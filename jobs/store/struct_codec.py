"""A struct of an Arrow column as the bytes of a cell: exact types, NULLs absent, a batch at a time.

A cell is: a version byte; eight bytes that name the struct's type, whose description the store keeps once; one bit per
leaf that is not NULL; the numbers that are not NULL, big-endian, in the order of the leaves; texts and lists that are
not NULL, as one msgpack array. float32 and float64, NaN and NULL stay apart, and 64-bit ids are whole. Beside a msgpack
map without NULLs a cell is a third smaller, costs a quarter of the CPU, and needs no second place that knows the types.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

import msgpack
import numpy as np
import pyarrow as pa

VERSION = 1
_ID = 8
_HEAD = 1 + _ID
_NUMBERS: dict[pa.DataType, str] = {
    pa.float64(): ">f8", pa.float32(): ">f4",
    pa.int64(): ">i8", pa.int32(): ">i4", pa.int16(): ">i2", pa.int8(): ">i1",
    pa.bool_(): ">u1", pa.timestamp("us", "UTC"): ">i8",
}  # fmt: skip
_TEXTS = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())
# Of a leaf: its values in the cells that are there (None if all are NULL), and which of them are valid.
_Values = tuple[Any, np.ndarray]


class UnknownCell(ValueError):
    """The bytes of a cell are not what this version of Strix can read; the message says what they are."""


@dataclass(frozen=True)
class _Leaf:
    """A field that holds values, or the mere presence of a struct inside the struct."""

    path: tuple[str, ...]
    type: pa.DataType

    @property
    def is_struct(self) -> bool:
        return bool(pa.types.is_struct(self.type))

    @property
    def number(self) -> str | None:
        return _NUMBERS.get(self.type)


@dataclass(frozen=True)
class StructCodec:
    """Cells of one struct type.

    Parameters
    ----------
    type : pyarrow.StructType
        Of numbers, booleans, texts, times, lists of these, and structs of all these.

    Raises
    ------
    TypeError
        If a field is of another type; with its name.
    """

    type: pa.StructType

    def __post_init__(self) -> None:
        for leaf in self._leaves:
            _require_known(leaf)

    @cached_property
    def id(self) -> bytes:
        """Names the type: the same names and types in the same order give the same eight bytes."""
        return sha256(self.description.encode()).digest()[:_ID]

    @cached_property
    def description(self) -> str:
        """The type as text, from which `described` makes it again."""
        return json.dumps(_described(self.type), separators=(",", ":"))

    @cached_property
    def _leaves(self) -> tuple[_Leaf, ...]:
        return tuple(_leaves(self.type, ()))

    @cached_property
    def _fixed(self) -> list[tuple[int, str]]:
        return [(at, leaf.number) for at, leaf in enumerate(self._leaves) if leaf.number]

    @cached_property
    def _varying(self) -> list[int]:
        return [at for at, leaf in enumerate(self._leaves) if not leaf.number and not leaf.is_struct]

    def encode(self, structs: pa.StructArray) -> list[bytes | None]:
        """Cells of structs.

        Parameters
        ----------
        structs : pyarrow.StructArray, shape (n,)
            Of `type`.

        Returns
        -------
        list of bytes or None, length n
            None for a NULL.
        """
        columns = list(_leaf_columns(structs))
        valid = np.zeros((len(structs), len(columns)), bool)
        for at, column in enumerate(columns):
            if column.null_count < len(column):
                valid[:, at] = column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else True
        head = bytes((VERSION,)) + self.id
        bits = np.packbits(valid, axis=1)
        fixed, ends = self._fixed_bytes(columns, valid)
        varying = self._varying_bytes(columns, valid)
        starts = [0, *ends][: len(valid)]
        cells = [
            b"".join((head, bit.tobytes(), fixed[start:end], more))
            for bit, start, end, more in zip(bits, starts, ends, varying, strict=True)
        ]
        if not structs.null_count:
            return list(cells)
        return [
            cell if is_valid else None for cell, is_valid in zip(cells, structs.is_valid().to_pylist(), strict=True)
        ]

    def _fixed_bytes(self, columns: Sequence[pa.Array], valid: np.ndarray) -> tuple[bytes, list[int]]:
        """All numbers of all rows that are not NULL, one behind the other, and where each row's end."""
        rows = len(valid)
        held = [(at, number) for at, number in self._fixed if columns[at].null_count < rows]
        widths = [np.dtype(number).itemsize for _, number in held]
        matrix = np.zeros((rows, sum(widths)), np.uint8)
        for (leaf, number), width, at in zip(held, widths, np.cumsum([0, *widths]), strict=False):
            matrix[:, at : at + width] = _as_numpy(columns[leaf], number).view(np.uint8).reshape(rows, width)
        mask = np.repeat(valid[:, [at for at, _ in held]], widths, axis=1)
        return matrix[mask].tobytes(), np.cumsum(mask.sum(axis=1)).tolist()

    def _varying_bytes(self, columns: Sequence[pa.Array], valid: np.ndarray) -> list[bytes]:
        held = [at for at in self._varying if valid[:, at].any()]
        if not held:
            return [b""] * len(valid)
        lists = [_plain(columns[at]) for at in held]
        pack = msgpack.Packer().pack
        whole = valid[:, held].all()
        rows = zip(*lists, strict=True)
        return [pack(row) if whole else pack([each for each in row if each is not None]) for row in rows]

    def decode(self, cells: Sequence[bytes | None]) -> pa.StructArray:
        """Structs of cells.

        Parameters
        ----------
        cells : sequence of bytes or None, length n
            As `encode` gave them; None gives NULL.

        Returns
        -------
        pyarrow.StructArray, shape (n,)
            Of `type`.

        Raises
        ------
        UnknownCell
            If a cell is of another version or another type.
        """
        there = np.array([cell is not None for cell in cells], bool)
        full = [cell for cell in cells if cell is not None]
        for cell in full:
            self._require_own(cell)
        valid = self._bits(full)
        return _assembled(self.type, self._columns(full, valid), there)

    def _require_own(self, cell: bytes) -> None:
        if cell[:1] != bytes((VERSION,)):
            raise UnknownCell(f"a cell of version {cell[:1].hex() or 'none'}; this Strix reads version {VERSION:02x}")
        if cell[1:_HEAD] != self.id:
            raise UnknownCell(f"a cell of type {cell[1:_HEAD].hex()}, read as one of type {self.id.hex()}")

    def _bits(self, cells: Sequence[bytes]) -> np.ndarray:
        many = len(self._leaves)
        size = -(-many // 8)
        packed = np.frombuffer(b"".join(cell[_HEAD : _HEAD + size] for cell in cells), np.uint8).reshape(-1, size)
        return np.unpackbits(packed, axis=1, count=many).astype(bool)

    @cached_property
    def _widths(self) -> np.ndarray:
        return np.array([np.dtype(leaf.number).itemsize if leaf.number else 0 for leaf in self._leaves], int)

    def _columns(self, cells: Sequence[bytes], valid: np.ndarray) -> Iterator[_Values]:
        """The values of each leaf and where they are valid, for cells that are there; None where all are NULL."""
        begins = _HEAD + -(-len(self._leaves) // 8)
        sizes = (valid @ self._widths).tolist()
        held = np.asarray(valid.any(axis=0))
        widths = np.where(held, self._widths, 0)
        mask = np.repeat(valid, widths, axis=1)
        matrix = np.zeros(mask.shape, np.uint8)
        flat = b"".join(cell[begins : begins + size] for cell, size in zip(cells, sizes, strict=True))
        matrix[mask] = np.frombuffer(flat, np.uint8)
        rests = [cell[begins + size :] for cell, size in zip(cells, sizes, strict=True)]
        texts = dict(zip(self._varying, self._texts(rests, valid), strict=True))
        numbers, end = dict(self._fixed), 0
        for at, (is_held, width) in enumerate(zip(held.tolist(), widths.tolist(), strict=True)):
            start, end = end, end + width
            if not is_held:
                yield None, valid[:, at]
            elif at in numbers:
                yield np.ascontiguousarray(matrix[:, start:end]).view(numbers[at]).ravel(), valid[:, at]
            else:
                yield texts.get(at), valid[:, at]

    def _texts(self, rests: Sequence[bytes], valid: np.ndarray) -> list[list[Any]]:
        columns: list[list[Any]] = [[None] * len(rests) for _ in self._varying]
        for row, rest in enumerate(rests):
            values = iter(msgpack.unpackb(rest, strict_map_key=False)) if rest else iter(())
            for column, at in enumerate(self._varying):
                if valid[row, at]:
                    columns[column][row] = next(values)
        return columns


@cache
def codec(kind: pa.StructType) -> StructCodec:
    """The codec of a type.

    Parameters
    ----------
    kind : pyarrow.StructType
    """
    return StructCodec(kind)


def type_id(cell: bytes) -> bytes:
    """The eight bytes that name the type of a cell.

    Parameters
    ----------
    cell : bytes
        As `StructCodec.encode` gave it.

    Raises
    ------
    UnknownCell
        If it is of another version.
    """
    if len(cell) < _HEAD or cell[0] != VERSION:
        raise UnknownCell(f"a cell of version {cell[:1].hex() or 'none'}; this Strix reads version {VERSION:02x}")
    return cell[1:_HEAD]


def described(description: str) -> pa.StructType:
    """The type of a description.

    Parameters
    ----------
    description : str
        As `StructCodec.description`.
    """
    return _typed(json.loads(description))


def _leaves(kind: pa.StructType, path: tuple[str, ...]) -> Iterator[_Leaf]:
    for field in kind:
        leaf = _Leaf((*path, field.name), field.type)
        yield leaf
        if leaf.is_struct:
            yield from _leaves(field.type, leaf.path)


def _require_known(leaf: _Leaf) -> None:
    kind = leaf.type.value_type if pa.types.is_list(leaf.type) else leaf.type
    if not (leaf.is_struct or kind in _NUMBERS or kind in _TEXTS):
        raise TypeError(f"{'.'.join(leaf.path)} is {leaf.type}; a cell holds numbers, texts, times, and lists of these")


def _leaf_columns(structs: pa.StructArray) -> Iterator[pa.Array]:
    """The values of each leaf, NULL where a struct above is NULL."""
    for values in structs.flatten():
        yield values
        if pa.types.is_struct(values.type):
            yield from _leaf_columns(values)


def _as_numpy(column: pa.Array, number: str) -> np.ndarray:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    filled = column.fill_null(False if pa.types.is_boolean(column.type) else 0) if column.null_count else column
    return np.asarray(filled.to_numpy(zero_copy_only=False), number)


def _plain(column: pa.Array) -> list[Any]:
    if pa.types.is_list(column.type) and pa.types.is_timestamp(column.type.value_type):
        column = column.cast(pa.list_(pa.int64()))
    return list(column.to_pylist())


def _assembled(kind: pa.StructType, leaves: Iterator[_Values], there: np.ndarray) -> pa.StructArray:
    """The struct of its leaves, which come in order; those of rows that are not `there` are NULL."""
    fields = []
    for field in kind:
        values, valid = next(leaves)
        if pa.types.is_struct(field.type):
            fields.append(_masked(_assembled(field.type, leaves, there), _spread(valid, there)))
        elif values is None:
            fields.append(pa.nulls(len(there), field.type))
        elif field.type in _NUMBERS:
            fields.append(_numbers(values, field.type, there, _spread(valid, there)))
        else:
            fields.append(_texts(values, field.type, there))
    return pa.StructArray.from_arrays(fields, fields=list(kind), mask=pa.array(~there))


def _spread(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Values of the rows that are there, at their places; 0 elsewhere."""
    if len(values) == len(there):
        return values
    spread = np.zeros(len(there), values.dtype)
    spread[there] = values
    return spread


def _numbers(values: np.ndarray, kind: pa.DataType, there: np.ndarray, valid: np.ndarray) -> pa.Array:
    native = _spread(values, there).astype(bool if pa.types.is_boolean(kind) else values.dtype.newbyteorder("="))
    array = pa.array(native, mask=~valid, from_pandas=False)
    return array.cast(kind) if array.type != kind else array


def _texts(values: Sequence[Any], kind: pa.DataType, there: np.ndarray) -> pa.Array:
    given = iter(values)
    return pa.array([next(given) if is_there else None for is_there in there], kind)


def _masked(structs: pa.StructArray, valid: np.ndarray) -> pa.StructArray:
    arrays = [structs.field(at) for at in range(structs.type.num_fields)]
    return pa.StructArray.from_arrays(arrays, fields=list(structs.type), mask=pa.array(~valid))


_NAMES: dict[str, pa.DataType] = {str(kind): kind for kind in (*_NUMBERS, *_TEXTS)}


def _described(kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return [[field.name, _described(field.type)] for field in kind]
    if pa.types.is_list(kind):
        return {"list": _described(kind.value_type)}
    return str(kind)


def _typed(told: Any) -> Any:
    if isinstance(told, list):
        return pa.struct([pa.field(name, _typed(kind)) for name, kind in told])
    if isinstance(told, dict):
        return pa.list_(_typed(told["list"]))
    return _NAMES[told]
