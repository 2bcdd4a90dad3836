"""Columns of examples as arrays in files: a fit draws rows at random from what may be larger than memory."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.examples import Selection

Arrays = dict[str, NDArray[np.float32]]


def mapped(selection: Selection, shapes: Mapping[str, tuple[int, ...]], folder: Path) -> Arrays:
    """Write columns of lists as NumPy files, a batch at a time, and map them.

    Parameters
    ----------
    selection : Selection
    shapes : mapping of str to tuple of int
        Columns, and the shape of each of their lists.
    folder : pathlib.Path
        Of the files; the fit's own.

    Returns
    -------
    dict of str to numpy.ndarray of float32, shape (n, ...)
    """
    if not len(selection):
        return {name: np.empty((0, *shape), np.float32) for name, shape in shapes.items()}
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, (len(selection), *shape))
        for name, shape in shapes.items()
    }
    start = 0
    for table in selection.batches(columns=list(shapes)):
        for name, values in arrays(table, shapes).items():
            files[name][start : start + len(values)] = values
        start += table.num_rows
    return dict(files)


def arrays(table: pa.Table, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The same of a table, in memory.

    Parameters
    ----------
    table : pyarrow.Table
    shapes : mapping of str to tuple of int
        As of `mapped`.
    """
    found = {}
    for name, shape in shapes.items():
        values = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        found[name] = np.asarray(values, np.float32).reshape(table.num_rows, *shape)
    return found
