"""Some rows of a Parquet file, read like a file of their own: what became of a small file in a merged one."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.changes import PRODUCT, Span
from jobs.ledger.journal import Journal
from jobs.storage.data_files import night_of
from jobs.storage.layout import Layout


class Rows(Protocol):
    """What is read of a data file: a `pyarrow.parquet.ParquetFile`, or a part of one."""

    schema_arrow: pa.Schema

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of the rows.

        Parameters
        ----------
        columns : sequence of str
        """

    def iter_batches(self, rows: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of the rows, in parts.

        Parameters
        ----------
        rows : int
            How many rows a part has at most.
        columns : sequence of str

        Yields
        ------
        pyarrow.RecordBatch
        """


class SpanFile:
    """Rows start:stop of a Parquet file; only the row groups that hold some of them are read."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop
        self._file = pq.ParquetFile(path)
        self.schema_arrow: pa.Schema = self._file.schema_arrow

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of the rows.

        Parameters
        ----------
        columns : sequence of str
        """
        tables = [self._file.read_row_group(group, columns=list(columns))[a:b] for group, a, b in self._groups()]
        return pa.concat_tables(tables)

    def iter_batches(self, rows: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of the rows, in parts.

        Parameters
        ----------
        rows : int
            How many rows a part has at most.
        columns : sequence of str

        Yields
        ------
        pyarrow.RecordBatch
        """
        for group, start, stop in self._groups():
            at = 0
            for batch in self._file.iter_batches(rows, row_groups=[group], columns=list(columns)):
                piece = batch[max(start - at, 0) : max(stop - at, 0)]
                at += batch.num_rows
                if piece.num_rows:
                    yield piece

    def _groups(self) -> Iterator[tuple[int, int, int]]:
        """Row groups that hold some of the rows, and which of their rows these are."""
        first = 0
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            start, stop = max(self.start - first, 0), min(self.stop - first, rows)
            if start < stop:
                yield group, start, stop
            first += rows


def was_read(path: Path, read: Callable[[str], bool]) -> bool:
    """Whether a merged raw file of an output holds nothing but the rows of files that were read.

    Parameters
    ----------
    path : pathlib.Path
        Of the file: `<output>/<table>/night=<night>/<name>`; False if no merge made it.
    read : callable
        Whether the file of a path was read to its end.
    """
    root, night = path.parents[2], path.parts[-2]
    if not path.name.startswith(f"{PRODUCT}-") or not night.startswith("night="):
        return False
    history = Journal(Layout(root)).history(path.parts[-3], night_of(path))
    return history.covered(str(path.relative_to(root)), lambda name: read(str(root / name)))


def spans_now(path: Path, start: int, stop: int) -> list[Span] | None:
    """Where rows of a data file are now that is gone from its place in an output.

    Parameters
    ----------
    path : pathlib.Path
        Where the file was: `<output>/<table>/night=<night>/<name>`.
    start, stop : int
        First row, and the row behind the last.

    Returns
    -------
    list of Span or None
        Empty if they were pruned; None if no change of the output took the file away.
    """
    layout, name = Layout(path.parents[2]), str(path.relative_to(path.parents[2]))
    history = Journal(layout).history(path.parts[-3], night_of(path))
    return history.spans(name, start, stop) if history.moved(name) else None


def open_moved(path: Path, start: int, stop: int) -> list[SpanFile]:
    """Open what holds rows of a data file that is gone from its place.

    Parameters
    ----------
    path : pathlib.Path
        As of `spans_now`.
    start, stop : int
        First row, and the row behind the last.

    Raises
    ------
    FileNotFoundError
        If no change took it, or they were pruned.
    """
    for last in (False, False, True):
        spans = spans_now(path, start, stop)
        if not spans:
            raise FileNotFoundError(f"{path} was pruned" if spans is not None else f"{path} is gone")
        try:
            return [SpanFile(path.parents[2] / each.name, each.start, each.stop) for each in spans]
        except FileNotFoundError:  # merged once more since the journal was read
            if last:
                raise
    return []
