"""Writing rows to Parquet files of a good size: row groups that fit into memory, a new file where one is large enough."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.common import faults
from jobs.ledger.changes import StoredFile
from jobs.pipeline.batch.night_file import write_parquet_options
from jobs.storage.checksums import size_and_crc

MIB = 1024 * 1024
# Files of 128 to 512 MiB: a file is ended behind ENOUGH_BYTES if what is left makes another of at least LEAST_BYTES.
LEAST_BYTES, ENOUGH_BYTES, MOST_BYTES = 128 * MIB, 256 * MIB, 512 * MIB
# A row group is about this large in memory. Each costs the science table 160 KB of footer, so they are not smaller.
GROUP_BYTES = 64 * MIB


class RollingFiles:
    """Parquet files of one table and night.

    Parameters
    ----------
    directory : Path
        Where they are written.
    name : callable
        The final name of file i, relative to the output; it is written under the last part of that name.
    rows_to_come : int
        How many rows all files will have together.
    """

    def __init__(self, directory: Path, name: Callable[[int], str], schema: pa.Schema, rows_to_come: int) -> None:
        self.directory = directory
        self.name = name
        self.schema = schema
        self.rows_to_come = rows_to_come
        self.parts: list[StoredFile] = []
        self._held: list[pa.Table] = []
        self._held_bytes = 0
        self._rows = 0
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def append(self, table: pa.Table) -> None:
        """Add rows of the files' schema.

        Parameters
        ----------
        table : pyarrow.Table
        """
        size = max(table.nbytes, 1)
        step = max(1, table.num_rows * GROUP_BYTES // size)
        for start in range(0, table.num_rows, step):
            piece = table.slice(start, step)
            self._held.append(piece)
            self._held_bytes += size * piece.num_rows // table.num_rows
            if self._held_bytes >= GROUP_BYTES:
                self._flush()

    def close(self) -> tuple[StoredFile, ...]:
        """Write what is held; the files in order."""
        self._flush()
        self._end_file()
        return tuple(self.parts)

    def _path(self) -> Path:
        return self.directory / Path(self.name(len(self.parts))).name

    def _flush(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            self._sink = pa.OSFile(str(self._path()), "wb")
            self._writer = pq.ParquetWriter(self._sink, self.schema, **write_parquet_options(self.schema))
        table = pa.concat_tables(self._held).combine_chunks()
        self._held, self._held_bytes = [], 0
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._rows += table.num_rows
        self.rows_to_come -= table.num_rows
        faults.maintenance("in_merge")
        if self._large_enough():
            self._end_file()

    def _large_enough(self) -> bool:
        assert self._sink is not None
        written = self._sink.tell()
        return bool(written >= ENOUGH_BYTES and self.rows_to_come * written >= LEAST_BYTES * self._rows)

    def _end_file(self) -> None:
        if self._writer is None:
            return
        assert self._sink is not None
        self._writer.close()
        self._sink.close()
        self.parts.append(StoredFile(self.name(len(self.parts)), self._rows, **size_and_crc(self._path())))
        self._writer, self._sink, self._rows = None, None, 0
