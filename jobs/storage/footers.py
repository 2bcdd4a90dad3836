"""What the footers of Parquet files say: schemas, each parsed once, and which row groups may hold a value.

A science file has some 600 columns: its footer takes 4 ms to read and its schema twice as long to parse. Files of one
version say the same schema in the same bytes.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_MOST_PARSED = 64
_parsed: dict[tuple[bytes, int], pa.Schema] = {}

# The least and the greatest value of a column in each row group; None where the file does not say.
Ranges = list[tuple[Any, Any] | None]


def schema_of(path: Path) -> pa.Schema:
    """The schema of a file, as `pyarrow.parquet.read_schema` gives it.

    Parameters
    ----------
    path : pathlib.Path
        Of a Parquet file.
    """
    return schema_in(pq.read_metadata(path))


def schema_in(metadata: pq.FileMetaData) -> pa.Schema:
    """The Arrow schema that a footer says.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData
        The footer.
    """
    key = (metadata.metadata or {}).get(b"ARROW:schema", b""), metadata.num_columns
    if not key[0]:  # another program wrote it
        return _parse(metadata)
    if key not in _parsed:
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        _parsed[key] = _parse(metadata)
    return _parsed[key]


def _parse(metadata: pq.FileMetaData) -> pa.Schema:
    return metadata.schema.to_arrow_schema()


def ranges(metadata: pq.FileMetaData, column: str) -> Ranges:
    """The ranges of a flat column in the row groups of a file; all None if it has no such column.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData
        The footer.
    column : str
        Its path in the file, as `mjd` or `rise.slope`.
    """
    groups = range(metadata.num_row_groups)
    place = next((at for at in range(metadata.num_columns) if metadata.schema.column(at).path == column), None)
    if place is None:
        return [None for _ in groups]
    return [_range(metadata.row_group(group).column(place)) for group in groups]


def may_hold(range_: tuple[Any, Any] | None, low: Any, high: Any) -> bool:
    """Whether a row group may hold a value from low to high.

    Parameters
    ----------
    range_ : (least, greatest) or None
        Of the row group, as `ranges` gives it; None: it may hold anything.
    low, high
        In the column's type; both are within.
    """
    return range_ is None or (range_[0] <= high and range_[1] >= low)


def _range(chunk: pq.ColumnChunkMetaData) -> tuple[Any, Any] | None:
    if not chunk.is_stats_set or not chunk.statistics.has_min_max:
        return None
    return chunk.statistics.min, chunk.statistics.max
