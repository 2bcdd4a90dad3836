"""Avro datums of many records at once, from their columns: a thousand times a dictionary's 98 fields would take seconds."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.layout import typed_names
from science_modules.common.compiled import compiled

Bytes = NDArray[np.uint8]
Columns = Mapping[str, Any]

_SINGLE, _DOUBLE, _INTEGER, _BOOLEAN, _TEXT = range(5)
_KINDS = {"float": _SINGLE, "double": _DOUBLE, "boolean": _BOOLEAN, "string": _TEXT}  # the others are integers
_DTYPES = ("<f4", "<f8", "<i8", "u1")
_LONGEST = 10  # bytes of a 64-bit integer
_LONGEST_TEXT = 63  # its length is one byte


class Partly(NamedTuple):
    """A column that is null in some records: values, and where they do not count, both of shape (n,)."""

    values: NDArray[Any]
    absent: NDArray[np.bool_]


class _Program(NamedTuple):
    """What is written of a record: of each field its name, kind, row in the table of its kind, whether it may be null."""

    names: tuple[str, ...]
    kinds: NDArray[np.int64]
    slots: NDArray[np.int64]
    nullable: NDArray[np.bool_]


def encode(layout: str, columns: Columns, n: int, null_first: bool = True) -> list[bytes]:
    """Records as Avro datums.

    Parameters
    ----------
    layout : str
        As in layout.py; types are float, double, boolean, string, and integers of other names.
    columns : mapping
        A value for all records or an array of shape (n,) by field. Null, where null is allowed, is a field that is
        absent, NaN, and what a Partly says.
    n : int
        Number of records.
    null_first : bool
        Whether null is the first branch of a union, or the second.

    Returns
    -------
    list of bytes, length n

    Raises
    ------
    ValueError
        If a text has more than 63 bytes.
    KeyError
        If a field that cannot be null is absent.
    """
    if n == 0:
        return []
    program = _program(layout)
    tables = [np.zeros((int(np.count_nonzero(program.kinds == kind)), n), dtype) for kind, dtype in enumerate(_DTYPES)]
    absent = np.zeros((len(program.names), n), dtype=bool)
    texts: list[Bytes] = []
    for row, (name, kind, slot, nullable) in enumerate(zip(*program, strict=True)):
        values = columns.get(name) if nullable else columns[name]
        if isinstance(values, Partly):
            values, absent[row] = values
        elif values is None:
            absent[row] = True
        if kind == _TEXT:
            texts.append(_texts("" if values is None else values, n))
        elif values is not None:
            tables[kind][slot] = values
        if nullable and kind in (_SINGLE, _DOUBLE):
            absent[row] |= np.isnan(tables[kind][slot])
    return _written(program, tables, texts, absent, null_first)


def _written(
    program: _Program, tables: list[NDArray[Any]], texts: list[Bytes], absent: NDArray[np.bool_], null_first: bool
) -> list[bytes]:
    n = absent.shape[1]
    single, double = (table.view(np.uint8).reshape(len(table), n, table.itemsize) for table in tables[:2])
    text = np.concatenate(texts, axis=1) if texts else np.zeros((n, 0), np.uint8)
    begins = np.cumsum([0, *(part.shape[1] for part in texts)])
    widths = np.array([4, 8, _LONGEST, 1, 1])[program.kinds] + program.nullable
    out = np.empty(n * (int(widths.sum()) + text.shape[1]), np.uint8)
    ends = np.empty(n, np.int64)
    branches = np.array([0, 2] if null_first else [2, 0], np.uint8)
    _write(*program[1:], branches, absent, single, double, tables[2], tables[3], text, begins, out, ends)
    flat, last = out[: ends[-1]].tobytes(), ends.tolist()
    return [flat[begin:end] for begin, end in zip([0, *last[:-1]], last, strict=True)]


@lru_cache
def _program(layout: str) -> _Program:
    fields = typed_names(layout)
    kinds = np.array([_KINDS.get(kind.removesuffix("?"), _INTEGER) for kind, _ in fields])
    slots = np.array([np.count_nonzero(kinds[:i] == kind) for i, kind in enumerate(kinds)])
    nullable = np.array([kind.endswith("?") for kind, _ in fields])
    return _Program(tuple(name for _, name in fields), kinds, slots, nullable)


def _texts(values: Any, n: int) -> Bytes:
    """A column's texts in UTF-8, shape (n, width), zeros after each."""
    column = np.asarray(values)
    encoded = column if column.dtype.kind == "S" else np.char.encode(column.astype(str), "utf-8")
    width = encoded.dtype.itemsize
    if width > _LONGEST_TEXT:
        raise ValueError(f"texts of fields are at most {_LONGEST_TEXT} bytes, got one of {width}")
    return np.ascontiguousarray(np.broadcast_to(encoded, n)).view(np.uint8).reshape(n, width)


@compiled
def _write(
    kinds: NDArray[np.int64],
    slots: NDArray[np.int64],
    nullable: NDArray[np.bool_],
    branches: Bytes,
    absent: NDArray[np.bool_],
    single: Bytes,
    double: Bytes,
    integers: NDArray[np.int64],
    booleans: Bytes,
    texts: Bytes,
    begins: NDArray[np.int64],
    out: Bytes,
    ends: NDArray[np.int64],
) -> None:
    at = 0
    for row in range(len(ends)):
        for field in range(len(kinds)):
            if nullable[field]:
                missing = absent[field, row]
                out[at] = branches[0 if missing else 1]
                at += 1
                if missing:
                    continue
            kind, slot = kinds[field], slots[field]
            if kind == _SINGLE:
                for k in range(4):
                    out[at + k] = single[slot, row, k]
                at += 4
            elif kind == _DOUBLE:
                for k in range(8):
                    out[at + k] = double[slot, row, k]
                at += 8
            elif kind == _BOOLEAN:
                out[at] = booleans[slot, row]
                at += 1
            elif kind == _INTEGER:
                # Zigzag, then groups of seven bits, the lowest first, all but the last marked
                value = integers[slot, row]
                left = np.uint64((value << 1) ^ (value >> 63))
                while left > np.uint64(0x7F):
                    out[at] = np.uint8(left & np.uint64(0x7F)) | np.uint8(0x80)
                    left >>= np.uint64(7)
                    at += 1
                out[at] = np.uint8(left)
                at += 1
            else:
                begin, length = begins[slot], begins[slot + 1] - begins[slot]
                while length > 0 and texts[row, begin + length - 1] == 0:
                    length -= 1
                out[at] = 2 * length
                for k in range(length):
                    out[at + 1 + k] = texts[row, begin + k]
                at += 1 + length
        ends[row] = at
