"""The rows of many Parquet files, one behind the other or sorted, with a bounded part of them in memory."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.storage.schema_union import in_schema, joined

# A sort holds about this many bytes of rows before it writes them to disk as a sorted run,
HELD_BYTES = 112 * 1024 * 1024
# and afterwards takes about so many at a time from all runs together.
BUCKET_BYTES = 32 * 1024 * 1024
ROWS_AT_ONCE = 1024
_RANK = "_rank"

Ints = NDArray[np.int64]


def rows_in_order(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of the files as they stand, a piece at a time.

    Parameters
    ----------
    files : sequence of pathlib.Path
    schema : pyarrow.Schema
        To which the rows are brought.

    Yields
    ------
    pyarrow.Table
        At most ROWS_AT_ONCE rows of one file.
    """
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE):
                yield in_schema(pa.Table.from_batches([batch]), schema)


def rows_sorted(files: Sequence[Path], schema: pa.Schema, order: Sequence[str], spill: Path) -> Iterator[pa.Table]:
    """The rows of all files together, sorted by these columns, in tables of about BUCKET_BYTES.

    Every file is read twice: its sort columns to rank all rows, then everything. What is too much for memory waits in
    `spill` as sorted runs.

    Parameters
    ----------
    files : sequence of pathlib.Path
    schema : pyarrow.Schema
        To which the rows are brought.
    order : sequence of str
        Columns, the first one first.
    spill : pathlib.Path
        A folder for sorted runs.

    Yields
    ------
    pyarrow.Table
    """
    ranks, bucket_ends = _ranks(files, order)
    runs = _Runs(spill, bucket_ends)
    row = 0
    for table in rows_in_order(files, schema):
        runs.add(table.append_column(_RANK, pa.array(ranks[row : row + table.num_rows])))
        row += table.num_rows
    yield from runs.merged()


def _ranks(files: Sequence[Path], order: Sequence[str]) -> tuple[Ints, Ints]:
    """The place of every row, in order of files, among all rows sorted; and the rank behind the last of each bucket."""
    keys, weights = zip(*(_keys(path, order) for path in files), strict=True)
    table = joined(keys)
    sorted_rows = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in order]).to_numpy()
    ranks = np.empty(len(sorted_rows), dtype=np.int64)
    ranks[sorted_rows] = np.arange(len(sorted_rows))
    bucket_by_rank = (np.cumsum(np.concatenate(weights)[sorted_rows]) // BUCKET_BYTES).astype(np.int64)
    return ranks, np.append(np.flatnonzero(np.diff(bucket_by_rank)) + 1, len(ranks))


def _keys(path: Path, order: Sequence[str]) -> tuple[pa.Table, NDArray[np.float64]]:
    """The sort columns of a file, and about how many bytes each of its rows takes in memory."""
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        weights = [np.full(each.num_rows, each.total_byte_size / max(each.num_rows, 1)) for each in groups]
        return file.read(list(order)), np.concatenate([np.zeros(0), *weights])


@dataclass
class _Runs:
    """Rows with their ranks; sorted runs of them go to disk, cut where buckets end, when they are too many."""

    spill: Path
    ends: Ints
    _held: list[pa.Table] = field(default_factory=list)
    _held_bytes: int = 0
    _runs: list[Path] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Take more rows."""
        self._held.append(table)
        self._held_bytes += table.nbytes
        if self._held_bytes > HELD_BYTES:
            self._put_away()

    def merged(self) -> Iterator[pa.Table]:
        """All rows sorted, bucket by bucket; the runs are gone then."""
        last = self._sorted_pieces()
        with ExitStack() as open_runs:
            runs = [open_runs.enter_context(pa.ipc.open_file(str(path))) for path in self._runs]
            for bucket, piece in enumerate(last):
                stored = [pa.Table.from_batches([run.get_batch(bucket)]) for run in runs]
                yield pa.concat_tables([*stored, piece]).sort_by(_RANK).drop_columns([_RANK])
        for path in self._runs:
            path.unlink()

    def _put_away(self) -> None:
        path = self.spill / f"{len(self._runs):06d}.arrow"
        schema = self._held[0].schema
        with pa.ipc.new_file(str(path), schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            for piece in self._sorted_pieces():
                writer.write_batch(_one_batch(piece))
        self._runs.append(path)

    def _sorted_pieces(self) -> list[pa.Table]:
        """What is held, sorted and cut by bucket; nothing is held then. A bucket that has none of it has no rows."""
        table = pa.concat_tables(self._held).combine_chunks().sort_by(_RANK)
        self._held, self._held_bytes = [table.slice(0, 0)], 0
        cuts = np.searchsorted(table[_RANK].to_numpy(), self.ends)
        starts = np.append(0, cuts[:-1])
        return [table.slice(start, stop - start) for start, stop in zip(starts.tolist(), cuts.tolist(), strict=True)]


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
