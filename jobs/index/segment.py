"""A part of the index: the alerts of some science files, each with its summary, its file and its row.

Rows are in the order of the sky: those of an object lie together, and so do those of a circle. 250 bytes an alert.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.index.checked_file import CheckedFile, Damaged, writing
from jobs.index.orders import Ints, Order, hash_of, hashes, write_order, write_sorted
from jobs.index.science_files import ScienceFile
from jobs.index.summaries import BODY, entries_of, entry_schema, leaves_of
from jobs.index.zones import zone_keys
from jobs.storage.footers import schema_in
from jobs.store.summary import summary_schema

# What else, or otherwise, the files hold is another version.
VERSION = 1
ENDING = ".keys"
# Rows of a summary block: what is read to show one of them.
_BLOCK = 256
_FLOAT, _HASH, _INT = "<f8", "<u8", "<i8"
_ORDERS = {"objects": _HASH, "alerts": _INT, "bodies": _HASH, "times": _FLOAT}
_PLACES = {"file": "<u4", "row": "<u4"}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Entries:
    """Alerts that are to be indexed.

    Attributes
    ----------
    files : tuple of ScienceFile
        All that they are of.
    table : pyarrow.Table, shape (n,)
        Of `entry_schema`.
    file, row : numpy.ndarray of int64, shape (n,)
        Which of the files, and which row of it.
    """

    files: tuple[ScienceFile, ...]
    table: pa.Table
    file: Ints
    row: Ints

    @classmethod
    def read(cls, table: Path, file: ScienceFile) -> "Entries":
        """The alerts of a science file.

        Parameters
        ----------
        table : pathlib.Path
            The science table's folder.
        file : ScienceFile

        Raises
        ------
        FileNotFoundError
            If it is gone.
        """
        with pq.ParquetFile(file.path(table)) as opened:
            rows = entries_of(opened.read(leaves_of(schema_in(opened.metadata))))
        count = np.arange(rows.num_rows)
        return cls((file,), rows, np.zeros_like(count), count)

    @classmethod
    def joined(cls, parts: Sequence["Entries"]) -> "Entries":
        """Those of several, of different files.

        Parameters
        ----------
        parts : sequence of Entries
            At least one.
        """
        first = np.cumsum([0, *(len(each.files) for each in parts)])
        file = np.concatenate([each.file + at for each, at in zip(parts, first, strict=False)])
        files = tuple(file for each in parts for file in each.files)
        table = pa.concat_tables([each.table for each in parts])
        return cls(files, table, file, np.concatenate([each.row for each in parts]))

    def numbers(self, name: str) -> Floats:
        """A column of numbers, NaN where it is NULL.

        Parameters
        ----------
        name : str
        """
        return np.asarray(self.table[name].fill_null(np.nan).to_numpy(), np.float64)

    def write(self, path: Path) -> None:
        """Write a segment of them.

        Parameters
        ----------
        path : pathlib.Path
        """
        keys = zone_keys(self.numbers("ra"), self.numbers("dec"))
        order = np.lexsort((self.numbers("mjd"), keys))
        _write(path, Entries(self.files, self.table.take(order), self.file[order], self.row[order]), keys[order])


def _write(path: Path, entries: Entries, keys: Floats) -> None:
    """Write entries that are in the order of the sky."""
    table, mjd = entries.table.combine_chunks(), entries.numbers("mjd")
    objects = hashes(table["survey"], table["object_id"])
    bodies = np.flatnonzero(table[BODY].is_valid().to_numpy())
    told = {
        "version": VERSION,
        "files": [vars(each) for each in entries.files],
        "rows": table.num_rows,
        "surveys": sorted(each or "" for each in table["survey"].unique().to_pylist()),
        "bodies": len(bodies),
    }
    with writing(path, told) as writer:
        write_sorted(writer, "sky", keys)
        for name, numbers in (("ra", entries.numbers("ra")), ("dec", entries.numbers("dec")), ("mjd", mjd)):
            writer.section(name, numbers)
        writer.section("hash", objects)
        write_order(writer, "objects", objects)
        write_order(writer, "alerts", np.asarray(table["alert_id"].fill_null(0).to_numpy(), np.int64))
        write_order(writer, "bodies", hashes(table[BODY].take(bodies)), bodies)
        write_order(writer, "times", np.where(np.isnan(mjd), -np.inf, mjd))
        for name, kind in _PLACES.items():
            writer.section(name, getattr(entries, name).astype(kind))
        blocks = [each.serialize() for each in table.to_batches(_BLOCK)]
        writer.section("summaries.at", np.cumsum([0, *(each.size for each in blocks)]).astype(_INT))
        writer.begin("summaries")
        for block in blocks:
            writer.write(block)


class Segment:
    """A segment, opened.

    Parameters
    ----------
    path : pathlib.Path

    Attributes
    ----------
    files : tuple of ScienceFile
        Exactly those whose alerts it has.
    rows : int
    surveys : tuple of str

    Raises
    ------
    FileNotFoundError
        If it is gone.
    Damaged
        If it is not as it was written, or of another version; so do all methods.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = CheckedFile(path)
        told = self._file.told
        if told.get("version") != VERSION:
            raise Damaged(path, f"of version {told.get('version')}, this Strix reads {VERSION}")
        self.files = tuple(ScienceFile(**each) for each in told["files"])
        self.rows: int = told["rows"]
        self.surveys: tuple[str, ...] = tuple(told["surveys"])
        counts = {"bodies": told["bodies"]}
        self._orders = {
            name: Order(self._file, name, kind, counts.get(name, self.rows)) for name, kind in _ORDERS.items()
        }

    def of_object(self, object_id: str, survey: str | None = None) -> Ints:
        """Rows of an object; perhaps also of another that has the same hash.

        Parameters
        ----------
        object_id : str
        survey : str, optional
            All without it.
        """
        found = [hash_of(each, object_id) for each in self.surveys if survey in (None, each)]
        return np.concatenate([np.zeros(0, np.int64), *(self._orders["objects"].rows(each, each) for each in found)])

    def of_alert(self, alert_id: int) -> Ints:
        """Rows of an alert id, of whatever survey.

        Parameters
        ----------
        alert_id : int
        """
        return self._orders["alerts"].rows(alert_id, alert_id)

    def of_alerts(self, alert_ids: Ints) -> Ints:
        """Rows of some alert ids, of whatever survey, each once.

        Parameters
        ----------
        alert_ids : numpy.ndarray of int64, shape (n,)
        """
        found = [self._orders["alerts"].rows(each, each) for each in np.unique(alert_ids).tolist()]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))

    def of_body(self, name: str) -> Ints:
        """Rows of a Solar-system body; perhaps also of another that has the same hash.

        Parameters
        ----------
        name : str
        """
        number = hash_of(name)
        return self._orders["bodies"].rows(number, number)

    def newest(self, many: int) -> Ints:
        """Rows of the largest mjd, those of one mjd all or none.

        Parameters
        ----------
        many : int
            At least so many, if there are.
        """
        return self._orders["times"].last(many)

    def in_ranges(self, low: Floats, high: Floats) -> Ints:
        """Rows whose number on the sky is in some ranges.

        Parameters
        ----------
        low, high : numpy.ndarray of float64
            As `zones.circle_ranges` gives them.
        """
        return Order(self._file, "sky", _FLOAT, self.rows).spans(low, high)

    def numbers(self, name: str, rows: Ints) -> np.ndarray:
        """A number of some rows.

        Parameters
        ----------
        name : str
            ra, dec [deg], mjd [d]: NaN where NULL; hash: of the object; file: which of `files`; row: of that file.
        rows : numpy.ndarray of int64, shape (n,)
            Ascending.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        kind = _PLACES.get(name) or (_HASH if name == "hash" else _FLOAT)
        if not len(rows):
            return np.zeros(0, kind)
        first, last = int(rows[0]), int(rows[-1]) + 1
        return np.asarray(self._file.array(name, kind, first, last)[rows - first])

    def entries_at(self, rows: Ints) -> pa.Table:
        """Summaries, and bodies, of some rows.

        Parameters
        ----------
        rows : numpy.ndarray of int64, shape (n,)
            In any order.

        Returns
        -------
        pyarrow.Table, shape (n,)
            Of `entry_schema`, in the order of the rows.
        """
        blocks, inverse = np.unique(rows // _BLOCK, return_inverse=True)
        starts = np.arange(len(blocks)) * _BLOCK  # only the last block of all is shorter
        table = pa.Table.from_batches([self._block(int(each)) for each in blocks], entry_schema())
        return table.take(pa.array(starts[inverse] + rows % _BLOCK, pa.int64()))

    def summaries(self, rows: Ints) -> pa.Table:
        """Summaries of some rows, in their order.

        Parameters
        ----------
        rows : numpy.ndarray of int64, shape (n,)
        """
        return self.entries_at(rows).select(summary_schema().names)

    def entries(self) -> Entries:
        """All that it was made of."""
        rows = np.arange(self.rows)
        file, row = (self.numbers(name, rows).astype(np.int64) for name in _PLACES)
        return Entries(self.files, self.entries_at(rows), file, row)

    @cached_property
    def _blocks(self) -> np.ndarray:
        return self._file.array("summaries.at", _INT)

    def _block(self, number: int) -> pa.RecordBatch:
        start, stop = self._blocks[number : number + 2].tolist()
        return pa.ipc.read_record_batch(pa.py_buffer(self._file.bytes("summaries", start, stop)), entry_schema())


def read_segments(paths: Iterable[Path]) -> tuple[list[Segment], list[Path]]:
    """Open segments.

    Parameters
    ----------
    paths : iterable of pathlib.Path

    Returns
    -------
    segments : list of Segment
        Those that can be read.
    damaged : list of pathlib.Path
        Those that cannot.
    """
    segments, damaged = [], []
    for path in paths:
        try:
            segments.append(Segment(path))
        except FileNotFoundError:
            continue
        except (Damaged, KeyError, TypeError):
            damaged.append(path)
    return segments, damaged
