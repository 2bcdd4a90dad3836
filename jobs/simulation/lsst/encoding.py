"""Avro datums of many records at once, from their columns: a thousand times a dictionary's 98 fields would take seconds."""

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import fastavro
import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Ints
from jobs.simulation.lsst.schema import SCHEMA, typed_names

Bytes = NDArray[np.uint8]
Columns = Mapping[str, Any]

_PRESENT = 2  # the second branch of a union with null, as Avro writes it
_FIXED = {"float": "<f4", "double": "<f8", "boolean": "?"}
_END = b"\0"  # of an array
_SYNC_MARKER = b"STRIX SIMULATION"
_LONGEST = 10  # bytes of a 64-bit integer


def encode(layout: str, columns: Columns, n: int) -> list[bytes]:
    """Records as Avro datums.

    Parameters
    ----------
    layout : str
        One of the texts of schema.py.
    columns : mapping
        A value for all records or an array of shape (n,) by field; a field that is absent is null, and so is NaN where
        null is allowed.
    n : int
        Number of records.

    Returns
    -------
    list of bytes, length n
    """
    if n == 0:
        return []
    parts = [_column(kind, columns.get(name), n) for kind, name in typed_names(layout)]
    data = np.concatenate([part for part, _ in parts], axis=1)
    used = np.concatenate([_used(part, length) for part, length in parts], axis=1)
    ends = np.cumsum(np.count_nonzero(used, axis=1))
    flat = data[used].tobytes()
    return [flat[begin:end] for begin, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)]


def _used(part: Bytes, length: Ints | None) -> NDArray[np.bool_]:
    if length is None:
        return np.ones(part.shape, dtype=bool)
    return np.asarray(np.arange(part.shape[1]) < length[:, None])


def _column(kind: str, values: Any, n: int) -> tuple[Bytes, Ints | None]:
    """Bytes of a field in all records, shape (n, width), and how many of them count where that differs."""
    if values is None:
        return np.zeros((n, 1), np.uint8), None
    column = np.broadcast_to(np.asarray(values), n)
    if not kind.endswith("?"):
        return _plain(kind, column)
    data, length = _plain(kind.removesuffix("?"), column)
    marked = np.concatenate([np.full((n, 1), _PRESENT, np.uint8), data], axis=1)
    absent = np.isnan(column) if column.dtype.kind == "f" else np.zeros(n, dtype=bool)
    if length is None and not absent.any():
        return marked, None
    marked[absent, 0] = 0
    return marked, np.where(absent, 1, 1 + (data.shape[1] if length is None else length))


def _plain(kind: str, column: NDArray[Any]) -> tuple[Bytes, Ints | None]:
    if kind == "string":
        return _texts(column)
    if kind in _FIXED:
        fixed = np.ascontiguousarray(column.astype(_FIXED[kind]))
        return fixed.view(np.uint8).reshape(len(column), -1), None
    return _integers(column.astype(np.int64))


def _integers(values: Ints) -> tuple[Bytes, Ints]:
    """Zigzag numbers in groups of seven bits, the lowest first, all but the last marked."""
    zigzag = ((values << 1) ^ (values >> 63)).view(np.uint64)
    groups = zigzag[:, None] >> (np.uint64(7) * np.arange(_LONGEST, dtype=np.uint64))
    length = np.maximum(np.count_nonzero(groups, axis=1), 1)
    more = np.arange(_LONGEST) < length[:, None] - 1
    data = ((groups & np.uint64(0x7F)) | (more * np.uint64(0x80))).astype(np.uint8)
    return data[:, : length.max()], length


def _texts(column: NDArray[Any]) -> tuple[Bytes, Ints]:
    encoded = np.char.encode(column.astype(str), "utf-8")
    width = max(encoded.dtype.itemsize, 1)
    text = np.ascontiguousarray(encoded).view(np.uint8).reshape(len(column), width)
    size = np.char.str_len(encoded).astype(np.int64)
    prefix, prefix_length = _integers(size)
    if prefix.shape[1] != 1:
        raise ValueError(f"texts of fields are at most 63 bytes, got one of {size.max()}")
    return np.concatenate([prefix, text], axis=1), prefix_length + size


def integer(value: int) -> bytes:
    """An int or long.

    Parameters
    ----------
    value : int
        Of 64 bits.
    """
    left, out = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def text(value: str) -> bytes:
    """A string that is present where it could be null.

    Parameters
    ----------
    value : str
    """
    return optional(integer(len(value.encode())) + value.encode())


def content(value: bytes) -> bytes:
    """Bytes that are present where they could be null.

    Parameters
    ----------
    value : bytes
    """
    return optional(integer(len(value)) + value)


def array(items: Sequence[bytes]) -> bytes:
    """An array of records.

    Parameters
    ----------
    items : sequence of bytes
        Datums.
    """
    return integer(len(items)) + b"".join(items) + _END if items else _END


def optional(datum: bytes | None) -> bytes:
    """A datum that could be null.

    Parameters
    ----------
    datum : bytes or None
        None is null.
    """
    return b"\0" if datum is None else bytes([_PRESENT]) + datum


def container(data: Sequence[bytes]) -> bytes:
    """An Avro container of packets in one block, uncompressed as the survey's are; the same bytes every time.

    Parameters
    ----------
    data : sequence of bytes
        Datums of schema.SCHEMA.
    """
    body = b"".join(data)
    return _header() + integer(len(data)) + integer(len(body)) + body + _SYNC_MARKER


@lru_cache
def _header() -> bytes:
    buffer = io.BytesIO()
    fastavro.writer(buffer, fastavro.parse_schema(SCHEMA), [], sync_marker=_SYNC_MARKER)
    return buffer.getvalue()
