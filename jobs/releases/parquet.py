"""Parquet of a release, of which only some columns and row groups are read; what cannot be read is refused with a reason."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.releases.refused import UNREADABLE, FileRefused, missing_columns


@contextmanager
def opened(path: Path, wanted: Sequence[str]) -> Iterator[pq.ParquetFile]:
    """A Parquet file that has these columns.

    Parameters
    ----------
    path : pathlib.Path
    wanted : sequence of str
        Columns that it should have.

    Yields
    ------
    pyarrow.parquet.ParquetFile

    Raises
    ------
    FileRefused
        If it cannot be read, when it is opened or in the block, or lacks a column.
    """
    try:
        with pq.ParquetFile(path) as file:
            missing_columns(wanted, file.schema_arrow.names)
            yield file
    except (pa.ArrowException, OSError) as error:
        told = " ".join(str(error).split())[:300]
        raise FileRefused(UNREADABLE, f"wants a whole Parquet file; {told}") from None


def rows_of(file: pq.ParquetFile, mask: NDArray[np.bool_], columns: Sequence[str]) -> pa.Table:
    """Some rows of a file; row groups without any are not read.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
    mask : numpy.ndarray of bool, shape (n_rows,)
        True for those that are wanted.
    columns : sequence of str
        Which are read.
    """
    pieces, start = [], 0
    for group in range(file.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        if mask[start:stop].any():
            pieces.append(file.read_row_group(group, columns=list(columns)).filter(pa.array(mask[start:stop])))
        start = stop
    if not pieces:
        return file.schema_arrow.empty_table().select(list(columns))
    return pa.concat_tables(pieces).combine_chunks()
