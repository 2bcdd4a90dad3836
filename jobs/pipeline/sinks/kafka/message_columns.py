"""Arrow columns to Avro datums, all columns of a type at a time: one binary value per row and column.

A record is its fields' datums one behind the other, so a row's datum is its columns' values joined; Arrow joins them
without a Python object per value. A call of Arrow's costs some 30 us whatever it is given, and an alert has 400 columns
of a dozen types: columns of one type are laid end to end and encoded by one call.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.pipeline.sinks.kafka.message import AVRO_TYPES, VALUE

Encode = Callable[[pa.Array], pa.Array]

_BIN = pa.binary()
_END = pa.scalar(b"\x00", _BIN)
_NULL = _END
_EMPTY = pa.scalar(b"", _BIN)


def join(parts: Sequence[Any]) -> pa.Array:
    """Binary columns and scalars joined row by row.

    Parameters
    ----------
    parts : sequence of pyarrow.BinaryArray or pyarrow.BinaryScalar
        Columns of one length n; at least one is an array.

    Returns
    -------
    pyarrow.BinaryArray
        Of length n.
    """
    return pc.binary_join_element_wise(*parts, _EMPTY)


def datum(column: pa.Array) -> pa.Array:
    """The datums of a column without NULL; what is NULL comes out as some datum of its type.

    Parameters
    ----------
    column : pyarrow.Array
        Numbers, booleans, strings, bytes, or lists of them, whose items may be NULL.

    Raises
    ------
    TypeError
        For a type that no message holds.
    """
    kind = column.type
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_integer(kind):
        return varints(pc.fill_null(column, 0).to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(kind):
        return pc.if_else(pc.fill_null(column, False), pa.scalar(b"\x01", _BIN), pa.scalar(b"\x00", _BIN))
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _sized(pc.fill_null(column.cast(_BIN), b""))
    if pa.types.is_list(kind):
        return _arrays(column, nullable)
    raise TypeError(f"a message holds numbers, booleans, strings, bytes and lists of them, not {kind}")


def nullable(column: pa.Array, branch: int = 1) -> pa.Array:
    """The datums of a column in a union whose first branch is null.

    Parameters
    ----------
    column : pyarrow.Array
        Of a type that `datum` takes.
    branch : int
        Of the column's type in the union, from 0; below 64.
    """
    if pa.types.is_floating(column.type):
        return _nullable_floats(column, branch)
    return pc.if_else(column.is_null(), _NULL, join([_varint(branch), datum(column)]))


def value(column: pa.Array) -> pa.Array:
    """The datums of a column in the union of values, message.VALUE.

    Parameters
    ----------
    column : pyarrow.Array, length n
        Of a type in AVRO_TYPES, or lists of one.

    Returns
    -------
    pyarrow.BinaryArray, length n

    Raises
    ------
    TypeError
        For a type that the union lacks.
    """
    if not pa.types.is_list(column.type):
        return nullable(column, _branch(column.type))
    return pc.if_else(column.is_null(), _NULL, join([_varint(_branch(column.type)), _arrays(column, value)]))


def together(encode: Encode, columns: Sequence[pa.Array]) -> list[pa.Array]:
    """What an encoding that looks at single values makes of columns.

    Parameters
    ----------
    encode : callable
        `datum`, `nullable` or `value`.
    columns : sequence of pyarrow.Array
        Of any types, and one length.

    Returns
    -------
    list of pyarrow.BinaryArray
        As if each column were encoded alone.
    """
    made: dict[int, pa.Array] = {}
    for places, whole in _by_type(columns):
        made.update(zip(places, _apart(encode(whole), len(places)), strict=True))
    return [made[at] for at in range(len(columns))]


def _by_type(columns: Sequence[pa.Array]) -> Iterator[tuple[list[int], pa.Array]]:
    """The columns of each type end to end, and which they are."""
    places: dict[pa.DataType, list[int]] = {}
    for at, column in enumerate(columns):
        places.setdefault(column.type, []).append(at)
    for own in places.values():
        yield own, pa.concat_arrays([columns[at] for at in own])


def _apart(whole: pa.Array, count: int) -> list[pa.Array]:
    rows = len(whole) // count
    return [whole.slice(number * rows, rows) for number in range(count)]


def every_field(column: pa.StructArray) -> pa.Array:
    """The datums of a struct as a map of values: each field, NULL ones too.

    Parameters
    ----------
    column : pyarrow.StructArray
        A module's answers, say; of length n, as is what is returned.
    """
    return map_of([field.name for field in column.type], together(value, column.flatten()))


def map_of(names: Sequence[str], values: Sequence[pa.Array]) -> Any:
    """The datums of a map with the same names in every row.

    Parameters
    ----------
    names : sequence of str
        Keys of the map.
    values : sequence of pyarrow.BinaryArray
        Per name, the datums of its values.
    """
    if not names:
        return _END
    entries = [part for name, each in zip(names, values, strict=True) for part in (_key(name), each)]
    return join([_varint(len(names)), *entries, _END])


def constant(value_: str | int) -> pa.Scalar:
    """The datum of a value that is the same in every row.

    Parameters
    ----------
    value_ : str or int
        Not NULL.
    """
    return _key(value_) if isinstance(value_, str) else _varint(value_)


def known_fields(column: pa.StructArray) -> pa.Array:
    """The datums of a struct as a map of values: fields that are neither NULL nor NaN.

    Parameters
    ----------
    column : pyarrow.StructArray
        `candidate`: the fields of all surveys, most of them NULL in a row; of length n, as is what is returned.
    """
    there = [(field.name, each) for field, each in zip(column.type, column.flatten(), strict=True)]
    there = [(name, each) for name, each in there if each.null_count < len(each)]
    counts = np.zeros(len(column), np.int64)
    entries: dict[int, pa.Array] = {}
    for places, whole in _by_type([each for _, each in there]):
        known = _known(whole)
        counts += known.to_numpy(zero_copy_only=False).reshape(len(places), -1).sum(axis=0)
        keys = pa.array([_key(there[at][0]).as_py() for at in places], _BIN)
        keys = keys.take(pa.array(np.repeat(np.arange(len(places)), len(column))))
        parts = pc.if_else(known, join([keys, value(whole)]), _EMPTY)
        entries.update(zip(places, _apart(parts, len(places)), strict=True))
    # A map without entries is its end alone: a block of none would be read as the end, too.
    head = pc.if_else(pa.array(counts == 0), _EMPTY, varints(counts))
    return join([head, *(entries[at] for at in range(len(there))), _END])


def _known(column: pa.Array) -> pa.Array:
    known = column.is_valid()
    if pa.types.is_floating(column.type):
        known = pc.and_(known, pc.invert(pc.fill_null(pc.is_nan(column), False)))
    return known


def varints(numbers: NDArray[Any]) -> pa.Array:
    """Avro's integers: zigzag, then seven bits a byte, the least first.

    Parameters
    ----------
    numbers : numpy.ndarray of integers, shape (n,)
        Within 64 bits, signed.

    Returns
    -------
    pyarrow.BinaryArray, length n
    """
    signed = numbers.astype(np.int64)
    left = ((signed << 1) ^ (signed >> 63)).view(np.uint64)
    columns = []
    for _ in range(10):
        columns.append((left & np.uint64(0x7F)).astype(np.uint8))
        left = left >> np.uint64(7)
        if not left.any():
            break
    groups = np.stack(columns, axis=1) if len(signed) else np.zeros((0, 1), np.uint8)
    places = np.arange(groups.shape[1])
    lengths = np.maximum(np.where(groups != 0, places + 1, 1).max(axis=1, initial=1), 1)
    groups[places < (lengths - 1)[:, None]] |= 0x80
    return _binary(groups[places < lengths[:, None]], lengths)


def _binary(content: NDArray[np.uint8], lengths: NDArray[np.int64]) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(_BIN, len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(content)])


@cache
def _varint(number: int) -> pa.Scalar:
    return varints(np.array([number]))[0]


@cache
def _key(name: str) -> pa.Scalar:
    return pa.scalar(_varint(len(name.encode())).as_py() + name.encode(), _BIN)


def _branch(kind: pa.DataType) -> int:
    if pa.types.is_list(kind):
        return len(VALUE) - 1
    if kind not in AVRO_TYPES:
        raise TypeError(f"a value of a message is one of {sorted(map(str, AVRO_TYPES))} or a list, not {kind}")
    return VALUE.index(AVRO_TYPES[kind])


def _floats(column: pa.Array) -> pa.Array:
    content = _float_bytes(column)
    return _binary(content.reshape(-1), np.full(len(column), content.shape[1], np.int64))


def _nullable_floats(column: pa.Array, branch: int) -> pa.Array:
    """The branch and the number, or the branch of null alone: most of a message is numbers of light curves."""
    numbers = _float_bytes(column)
    content = np.empty((len(numbers), 1 + numbers.shape[1]), np.uint8)
    content[:, 0], content[:, 1:] = 2 * branch, numbers  # zigzag; a union here has fewer than 64 branches
    if not column.null_count:
        return _binary(content.reshape(-1), np.full(len(content), content.shape[1], np.int64))
    known = column.is_valid().to_numpy(zero_copy_only=False)
    content[~known, 0] = 0
    kept = np.ones(content.shape, bool)
    kept[~known, 1:] = False
    return _binary(content[kept], np.where(known, content.shape[1], 1))


def _float_bytes(column: pa.Array) -> NDArray[np.uint8]:
    """The bytes of each number, shape (n, width); of NULL those of some number."""
    numbers = np.ascontiguousarray(pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False))
    return numbers.view(np.uint8).reshape(len(column), column.type.bit_width // 8)


def _sized(column: pa.Array) -> pa.Array:
    return join([varints(pc.binary_length(column).to_numpy(zero_copy_only=False)), column])


def _arrays(column: pa.Array, elements: Encode) -> pa.Array:
    """Lists as one block with a count, then the end."""
    filled = pc.if_else(column.is_null(), pa.scalar([], column.type), column)
    counts = pc.list_value_length(filled).to_numpy(zero_copy_only=False)
    head = pc.if_else(pa.array(counts == 0), _EMPTY, varints(counts))
    return join([head, _runs(elements(filled.flatten()), counts), _END])


def _runs(elements: pa.Array, counts: NDArray[Any]) -> pa.Array:
    """So many elements each as one value: they lie end to end already, only the places where values begin are new."""
    _, offsets, content = elements.buffers()
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    places = np.frombuffer(offsets, np.int32)[elements.offset :][starts] if offsets else starts.astype(np.int32)
    return pa.Array.from_buffers(_BIN, len(counts), [None, pa.py_buffer(places), content])
