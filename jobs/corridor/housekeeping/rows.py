"""The rows of many Parquet files, one behind the other or sorted, with a bounded part of them in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.corridor.housekeeping.schemas import in_schema

# A sort works on buckets of about this many bytes and never holds more than HELD_BYTES of them.
BUCKET_BYTES = 96 * 1024 * 1024
HELD_BYTES = 256 * 1024 * 1024
ROWS_AT_ONCE = 1024
_RANK = "_rank"

Ints = NDArray[np.int64]


def rows_in_order(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of the files as they stand, a piece at a time."""
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE):
                yield in_schema(pa.Table.from_batches([batch]), schema)


def rows_sorted(files: Sequence[Path], schema: pa.Schema, order: Sequence[str], spill: Path) -> Iterator[pa.Table]:
    """The rows of all files together, sorted by these columns, in tables of about BUCKET_BYTES.

    Every file is read twice: its sort columns to rank all rows, then everything to put rows into buckets of the ranking.
    Buckets that are too much for memory wait in `spill`.
    """
    ranks = _ranks(files, order)
    bucket_of = _buckets(files, ranks)
    missing = np.bincount(bucket_of)
    buckets = _Buckets(spill)
    row = ready = 0
    for table in rows_in_order(files, schema):
        own = slice(row, row + table.num_rows)
        row += table.num_rows
        buckets.add(table.append_column(_RANK, pa.array(ranks[own])), bucket_of[own])
        missing -= np.bincount(bucket_of[own], minlength=len(missing))
        while ready < len(missing) and missing[ready] == 0:
            yield buckets.pop(ready).sort_by(_RANK).drop_columns([_RANK])
            ready += 1


def _ranks(files: Sequence[Path], order: Sequence[str]) -> Ints:
    """The place of every row, in order of files, among all rows sorted."""
    keys = pa.concat_tables([pq.ParquetFile(path).read(list(order)) for path in files], promote_options="permissive")
    sorted_rows = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in order]).to_numpy()
    ranks = np.empty(len(sorted_rows), dtype=np.int64)
    ranks[sorted_rows] = np.arange(len(sorted_rows))
    return ranks


def _buckets(files: Sequence[Path], ranks: Ints) -> Ints:
    """The bucket of every row: neighbours in the ranking that are about BUCKET_BYTES together."""
    weights = np.concatenate([np.zeros(0), *(_weights(path) for path in files)])
    by_rank = np.empty(len(ranks))
    by_rank[ranks] = weights
    bucket_by_rank = (np.cumsum(by_rank) // BUCKET_BYTES).astype(np.int64)
    # A row that is larger than a bucket would leave one empty.
    dense = np.unique(bucket_by_rank, return_inverse=True)[1].reshape(-1)
    return np.asarray(dense[ranks], dtype=np.int64)


def _weights(path: Path) -> NDArray[np.float64]:
    """About how many bytes each row of a file takes in memory."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return np.concatenate(
        [np.zeros(0), *(np.full(each.num_rows, each.total_byte_size / max(each.num_rows, 1)) for each in groups)]
    )


@dataclass
class _Buckets:
    """Rows by bucket; the largest goes to disk when they are too many."""

    spill: Path
    _held: dict[int, list[pa.Table]] = field(default_factory=dict)
    _bytes: dict[int, int] = field(default_factory=dict)
    _spilled: dict[int, list[Path]] = field(default_factory=dict)

    def add(self, table: pa.Table, bucket_of: Ints) -> None:
        """Put each row into its bucket."""
        for bucket in np.unique(bucket_of).tolist():
            mine = np.flatnonzero(bucket_of == bucket)
            rows = table if len(mine) == table.num_rows else table.take(pa.array(mine))
            self._held.setdefault(bucket, []).append(rows)
            self._bytes[bucket] = self._bytes.get(bucket, 0) + rows.nbytes
        while sum(self._bytes.values()) > HELD_BYTES:
            self._put_away(max(self._bytes, key=self._bytes.__getitem__))

    def pop(self, bucket: int) -> pa.Table:
        """The rows of a bucket; it is empty then."""
        tables = [*map(_from_disk, self._spilled.pop(bucket, [])), *self._held.pop(bucket, [])]
        self._bytes.pop(bucket, None)
        return pa.concat_tables(tables)

    def _put_away(self, bucket: int) -> None:
        paths = self._spilled.setdefault(bucket, [])
        path = self.spill / f"{bucket:06d}-{len(paths):06d}.arrow"
        table = pa.concat_tables(self._held.pop(bucket))
        del self._bytes[bucket]
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(str(path), table.schema, options=options) as writer:
            writer.write_table(table)
        paths.append(path)


def _from_disk(path: Path) -> pa.Table:
    with pa.ipc.open_file(str(path)) as reader:
        table = reader.read_all()
    path.unlink()
    return table
