"""Reading Arrow records: fields as NumPy arrays, with NaN for what is no number, no error, no magnitude, no score.

Infinite is no number: it is NaN, and so NULL in the view, for every survey.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Fields = dict[str, pa.Array]


def child(rows: pa.StructArray, name: str) -> pa.Array:
    """A field of records, NULL where the record is.

    Parameters
    ----------
    rows : pyarrow.StructArray, length n
        The records.
    name : str
        Of the field.

    Returns
    -------
    pyarrow.Array, length n
    """
    return rows.field(name) if rows.null_count == 0 else pc.struct_field(rows, name)


def children(rows: pa.StructArray) -> Fields:
    """All fields of records by name, NULL where the record is.

    Parameters
    ----------
    rows : pyarrow.StructArray, length n
        The records.
    """
    return dict(zip((field.name for field in rows.type), rows.flatten(), strict=True))


def history(lists: pa.ListArray) -> tuple[pa.StructArray, Ints]:
    """The records of lists, one after the other.

    Parameters
    ----------
    lists : pyarrow.ListArray, length n
        Of records; a list may be NULL.

    Returns
    -------
    rows : pyarrow.StructArray, length n_points
    owner : numpy.ndarray of int64, shape (n_points,)
        Number of each record's list.
    """
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return lists.flatten(), np.repeat(np.arange(len(lists)), counts)


def numbers(array: pa.Array) -> Floats:
    """Numbers of any type as float64; NULL and what is not finite are NaN.

    Parameters
    ----------
    array : pyarrow.Array, length n
        Integers, floats or booleans.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    values = np.asarray(pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False))
    return np.where(np.isfinite(values), values, np.nan)


def errors(array: pa.Array) -> Floats:
    """Errors as float64; what is not positive (a sentinel, a zero) is NaN, like NULL.

    Parameters
    ----------
    array : pyarrow.Array, length n
        In any unit.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    values = numbers(array)
    return np.where(values > 0, values, np.nan)


def magnitudes(array: pa.Array) -> Floats:
    """Magnitudes as float64; sentinels (-999, -99999, 0) are NaN, like NULL.

    Parameters
    ----------
    array : pyarrow.Array, length n
        Magnitudes [mag]; from 40 on they are sentinels, too.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    values = numbers(array)
    return np.where((values > 0) & (values < 40), values, np.nan)


def scores(array: pa.Array) -> Floats:
    """Scores as float64; what is not between 0 and 1 is NaN, like NULL.

    Parameters
    ----------
    array : pyarrow.Array, length n
        Numbers.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    values = numbers(array)
    return np.where((values >= 0) & (values <= 1), values, np.nan)


def integers(array: pa.Array, null: int = 0) -> Ints:
    """Integers as int64, `null` where they are NULL.

    Parameters
    ----------
    array : pyarrow.Array, length n
        Of any integer type.
    null : int
        What stands for NULL.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    return np.asarray(pc.fill_null(array, null).to_numpy(zero_copy_only=False), dtype=np.int64)


def band_codes(letters: pa.Array, bands: tuple[str, ...]) -> NDArray[np.int8]:
    """Filter letters as indices into `bands`; -1 for anything else.

    Parameters
    ----------
    letters : pyarrow.StringArray, length n
        NULL where there is none.
    bands : tuple of str
        The survey's.

    Returns
    -------
    numpy.ndarray of int8, shape (n,)
    """
    codes = pc.fill_null(pc.index_in(letters, value_set=pa.array(bands)), -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int8)
