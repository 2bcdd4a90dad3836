"""The light curve of an alert as the bytes of a cell.

A cell is: a version byte; four bytes, the size of what follows uncompressed; a zstd frame. In the frame: two bytes that
tell which columns are NULL as a whole; four, how many points there are; column by column the numbers, big-endian
float64; column by column one byte per point for band, kind and what is true, false or NULL; two bytes per point, a bit
per number that is NULL; and the flags, where there are any, as msgpack.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise

import msgpack
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.store.struct_codec import UnknownCell
from science_modules.common.view import LC_KINDS

VERSION = 1
# Version 1 is this; a column more is version 2, and version 1 stays readable.
NUMBERS = (
    "lc_mjd",
    "lc_flux",
    "lc_flux_err",
    "lc_flux_total",
    "lc_flux_total_err",
    "lc_flux_total_err_point",
    "lc_real_bogus",
    "lc_flux_flagged",
)
BAND, KIND, FLAG = "lc_band", "lc_kind", "lc_flag"
BOOLEANS = ("lc_corrected", "lc_dubious", "lc_public")
COLUMNS = (*NUMBERS, BAND, KIND, *BOOLEANS, FLAG)
_HEAD = struct.Struct(">BI")
_ABSENT = struct.Struct(">HI")  # columns that are NULL as a whole; points
_SMALL = 2 + len(BOOLEANS) + 2  # band, kind, booleans, which numbers are NULL
_ZSTD = pa.Codec("zstd", 1)


def encode(table: pa.Table | pa.RecordBatch) -> list[bytes]:
    """Cells of the light curves of alerts.

    Parameters
    ----------
    table : pyarrow.Table or pyarrow.RecordBatch, shape (n,)
        With COLUMNS of the common view; one that is not there is NULL.

    Returns
    -------
    list of bytes, length n

    Raises
    ------
    ValueError
        If the lists of an alert differ in length, or a band is not one letter.
    """
    lists = {name: _column(table, name) for name in COLUMNS}
    lengths, absent = _lengths(lists)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    points = {name: _points(lists[name], lengths) for name in COLUMNS}
    numbers, small = _numbers(points), _small(points)
    flags = _flags(points[FLAG], starts)
    compress = _ZSTD.compress
    cells = []
    for row, flag in enumerate(flags):
        start, end = starts[row], starts[row + 1]
        own = numbers[start:end].T.tobytes() + small[start:end].T.tobytes()
        raw = _ABSENT.pack(absent[row], end - start) + own + flag
        cells.append(_HEAD.pack(VERSION, len(raw)) + compress(raw, asbytes=True))
    return cells


def decode(cells: Sequence[bytes]) -> dict[str, pa.Array]:
    """Light curves of cells.

    Parameters
    ----------
    cells : sequence of bytes, length n
        As `encode` gave them.

    Returns
    -------
    dict of str to pyarrow.ListArray, shape (n,)
        COLUMNS.

    Raises
    ------
    UnknownCell
        If a cell is of another version.
    """
    raws = [_raw(cell) for cell in cells]
    unpacked = [_unpacked(raw) for raw in raws]
    numbers = np.concatenate([np.zeros((0, len(NUMBERS))), *(each[0] for each in unpacked)])
    small = np.concatenate([np.zeros((0, _SMALL), np.uint8), *(each[1] for each in unpacked)])
    values = _values(numbers, small)
    values[FLAG] = pa.array([flag for _, _, flags in unpacked for flag in flags], pa.string())
    offsets = np.cumsum([0, *(len(flags) for _, _, flags in unpacked)])
    absent = np.array([_ABSENT.unpack_from(raw)[0] for raw in raws], np.uint16)
    return {name: _list(values[name], offsets, (absent >> at & 1).astype(bool)) for at, name in enumerate(COLUMNS)}


def _column(table: pa.Table | pa.RecordBatch, name: str) -> pa.ListArray:
    if name not in table.schema.names:
        return pa.nulls(table.num_rows, pa.list_(pa.null()))
    column = table.column(name)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return pa.concat_arrays([column]) if column.offset else column


def _lengths(lists: dict[str, pa.ListArray]) -> tuple[np.ndarray, np.ndarray]:
    """How many points each alert has, and a bit for each of its columns that is NULL as a whole."""
    rows = len(next(iter(lists.values())))
    absent = np.zeros(rows, np.uint16)
    lengths = np.full(rows, -1)
    for at, (name, column) in enumerate(lists.items()):
        there = column.is_valid().to_numpy(zero_copy_only=False)
        absent |= (~there).astype(np.uint16) << np.uint16(at)
        own = pc.list_value_length(column).fill_null(-1).to_numpy(zero_copy_only=False)
        if np.any(there & (lengths >= 0) & (own != lengths)):
            row = int(np.argmax(there & (lengths >= 0) & (own != lengths)))
            raise ValueError(f"{name} of row {row} has {own[row]} points, the columns before it {lengths[row]}")
        lengths = np.where(there, own, lengths)
    return np.maximum(lengths, 0), absent


def _points(column: pa.ListArray, lengths: np.ndarray) -> pa.Array:
    """The values of all points; those of a column that is NULL as a whole are NULL."""
    values = column.flatten()
    if len(values) == lengths.sum():
        return values
    own = pc.list_value_length(column).fill_null(-1).to_numpy(zero_copy_only=False)
    there = np.repeat(own >= 0, lengths)
    at = np.cumsum(there) - 1
    return values.take(pa.array(at, mask=~there)) if len(values) else pa.nulls(len(there), values.type)


def _numbers(points: dict[str, pa.Array]) -> np.ndarray:
    numbers = np.zeros((len(points[KIND]), len(NUMBERS)), ">f8")
    for at, name in enumerate(NUMBERS):
        if points[name].null_count < len(points[name]):
            numbers[:, at] = points[name].fill_null(0.0).to_numpy(zero_copy_only=False)
    return numbers


def _small(points: dict[str, pa.Array]) -> np.ndarray:
    small = np.zeros((len(points[KIND]), _SMALL), np.uint8)
    small[:, 0] = _letters(points[BAND])
    small[:, 1] = _kinds(points[KIND])
    for at, name in enumerate(BOOLEANS, start=2):
        small[:, at] = _codes(points[name].cast(pa.bool_()), pa.array([False, True]))
    nulls = np.zeros(len(small), np.uint16)
    for at, name in enumerate(NUMBERS):
        nulls |= (~points[name].is_valid().to_numpy(zero_copy_only=False)).astype(np.uint16) << np.uint16(at)
    small[:, -2:] = nulls.astype(">u2").view(np.uint8).reshape(-1, 2)
    return small


def _codes(values: pa.Array, known: pa.Array) -> np.ndarray:
    """The place of each value in a list of all, from 1; 0 where it is NULL or not among them."""
    at = pc.index_in(values, known, skip_nulls=True).fill_null(-1)
    return np.asarray(at.to_numpy(zero_copy_only=False) + 1, np.uint8)


def _letters(bands: pa.Array) -> np.ndarray:
    """The ASCII code of each band; 0 for NULL."""
    letters = bands.cast(pa.string())
    names = [name for name in letters.unique().to_pylist() if name is not None]
    odd = [name for name in names if len(name) != 1 or not name.isascii()]
    if odd:
        raise ValueError(f"{BAND} {odd[0]!r} is not one ASCII letter")
    table = np.array([0, *map(ord, names)], np.uint8)
    return np.asarray(table[_codes(letters, pa.array(names, pa.string()))])


def _kinds(kinds: pa.Array) -> np.ndarray:
    """The place of each kind in LC_KINDS, from 1; 0 for NULL."""
    codes = _codes(kinds.cast(pa.string()), pa.array(LC_KINDS))
    unknown = (codes == 0) & kinds.is_valid().to_numpy(zero_copy_only=False)
    if unknown.any():
        raise ValueError(f"{KIND} {kinds[int(np.argmax(unknown))].as_py()!r} is not one of {', '.join(LC_KINDS)}")
    return codes


def _flags(flags: pa.Array, starts: np.ndarray) -> list[bytes]:
    """The flags of each alert's points as msgpack; nothing where no point has one."""
    if flags.null_count == len(flags):
        return [b""] * (len(starts) - 1)
    values = flags.to_pylist()
    rows = [values[start:end] for start, end in pairwise(starts.tolist())]
    return [msgpack.packb(row) if any(flag is not None for flag in row) else b"" for row in rows]


def _raw(cell: bytes) -> bytes:
    if len(cell) < _HEAD.size or cell[0] != VERSION:
        raise UnknownCell(f"a light curve of version {cell[:1].hex() or 'none'}; this Strix reads {VERSION:02x}")
    size = _HEAD.unpack_from(cell)[1]
    return bytes(_ZSTD.decompress(cell[_HEAD.size :], size, asbytes=True))


def _unpacked(raw: bytes) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Numbers and small ones of an alert's points, a row per point; and their flags."""
    _, count = _ABSENT.unpack_from(raw)
    at = _ABSENT.size
    numbers = np.frombuffer(raw, ">f8", count * len(NUMBERS), at).reshape(len(NUMBERS), count).T
    at += 8 * len(NUMBERS) * count
    small = np.frombuffer(raw, np.uint8, count * _SMALL, at).reshape(_SMALL, count).T
    at += _SMALL * count
    return numbers, small, msgpack.unpackb(raw[at:]) if at < len(raw) else [None] * count


def _values(numbers: np.ndarray, small: np.ndarray) -> dict[str, pa.Array]:
    nulls = np.ascontiguousarray(small[:, -2:]).view(">u2").ravel()
    values = {}
    for at, name in enumerate(NUMBERS):
        native = numbers[:, at].astype(np.float64)
        values[name] = pa.array(native, mask=(nulls >> at & 1).astype(bool), from_pandas=False)
    values[BAND] = pa.array(list(map(chr, range(128)))).take(
        pa.array(small[:, 0].astype(np.int32), mask=small[:, 0] == 0)
    )
    values[KIND] = pa.array(LC_KINDS).take(pa.array(small[:, 1].astype(np.int32) - 1, mask=small[:, 1] == 0))
    for at, name in enumerate(BOOLEANS, start=2):
        values[name] = pa.array(small[:, at] == 2, mask=small[:, at] == 0)
    return values


def _list(values: pa.Array, offsets: np.ndarray, absent: np.ndarray) -> pa.ListArray:
    """The lists of a column; those of rows where it is NULL as a whole are NULL."""
    whole = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    return whole if not absent.any() else pc.if_else(pa.array(~absent), whole, pa.scalar(None, whole.type))
