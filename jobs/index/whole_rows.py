"""Whole rows of the science table: from where they are packed, else from the science files."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.index.orders import Ints
from jobs.index.packed_rows import PackedRows, Rows, rows_path, table_of
from jobs.index.science_files import ScienceFile
from jobs.index.science_index import ScienceIndex
from jobs.index.segment import Segment
from jobs.storage.schema_union import common_schema, in_schema


class _Part(NamedTuple):
    """Rows of a science file: packed, or as a table."""

    schema: pa.Schema
    packed: Rows | None
    table: pa.Table | None = None


def whole_rows(index: ScienceIndex, found: Iterable[tuple[Segment, Ints]]) -> pa.Table | None:
    """The rows of the science table that some rows of segments stand for.

    Parameters
    ----------
    index : ScienceIndex
    found : iterable of (Segment, numpy.ndarray of int64)
        Segments with rows of theirs.

    Returns
    -------
    pyarrow.Table or None
        By file and row, with the columns that the files have together; None if there are no rows.

    Raises
    ------
    FileNotFoundError
        If a file is gone.
    Damaged
        If a part of the index is not as it was written.
    SchemaConflict
        If the files' columns do not fit together.
    """
    wanted = _by_file(found)
    parts = [_part(index, file, wanted[file]) for file in sorted(wanted)]
    if not parts:
        return None
    schema = common_schema([part.schema for part in parts])
    return pa.concat_tables([in_schema(table, schema) for table in _tables(parts)]).combine_chunks()


def _by_file(found: Iterable[tuple[Segment, Ints]]) -> dict[ScienceFile, Ints]:
    rows: dict[ScienceFile, Ints] = {}
    for segment, at in found:
        at = np.sort(at)
        numbers, places = segment.numbers("file", at), segment.numbers("row", at).astype(np.int64)
        for number in np.unique(numbers).tolist():
            rows[segment.files[number]] = np.sort(places[numbers == number])
    return rows


def _part(index: ScienceIndex, file: ScienceFile, rows: Ints) -> _Part:
    path = rows_path(index.folder(file.night), file)
    if index.trusts(path):
        packed = PackedRows(path)
        return _Part(packed.schema, packed.rows(rows))
    table = _read(file.path(index.table), rows)
    return _Part(table.schema, None, table)


def _read(path: Path, rows: Ints) -> pa.Table:
    """Some rows of a science file; of row groups that hold one of them everything is read."""
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        ends = np.cumsum([0, *groups])
        pieces = []
        for group in np.unique(np.searchsorted(ends, rows, "right") - 1).tolist():
            own = rows[(rows >= ends[group]) & (rows < ends[group + 1])] - ends[group]
            pieces.append(file.read_row_group(group).take(pa.array(own)))
        return pa.concat_tables(pieces)


def _tables(parts: Sequence[_Part]) -> Iterator[pa.Table]:
    """The parts as tables, in order; packed ones of one schema that follow one another are unpacked together."""
    for _, group in groupby(parts, key=lambda part: (id(part.schema), part.packed is None)):
        some = list(group)
        packed = [part.packed for part in some if part.packed is not None]
        yield from [table_of(packed, some[0].schema)] if packed else [part.table for part in some]
