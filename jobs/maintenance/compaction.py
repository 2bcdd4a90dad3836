"""Merging files of one table and night: the same rows, in few files."""

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.common import faults
from jobs.common.times import now_utc
from jobs.ledger.changes import COMPACTION, Change, StoredFile
from jobs.ledger.records import LedgerError
from jobs.maintenance.maintenance import NightMaintenance, total
from jobs.maintenance.rolling import RollingFiles
from jobs.maintenance.rows import rows_in_order, rows_sorted
from jobs.maintenance.stored_files import product_name
from jobs.storage.footers import schema_of
from jobs.storage.schema_union import common_schema

# An object's alerts lie together, in order of time: the statistics of a row group then tell whether it can hold an
# object. The other tables keep the order in which they were committed: what follows the ledger finds a batch's packets
# by their place, and the ids in a row group are near each other because surveys count them up with time.
ORDERS = {"science": ("survey", "object_id", "mjd", "alert_id")}
# Columns that tell whether the rows that were written are those that were read.
_IDENTITY = ("alert_id", "content_hash", "size")


def merge(
    maintenance: NightMaintenance,
    parts: Sequence[StoredFile],
    table: str,
    night: str,
    why: str,
    schema: pa.Schema | None,
) -> Change:
    """Merge files of a night, here and now.

    Parameters
    ----------
    maintenance : NightMaintenance
        Of the output.
    parts : sequence of StoredFile
        The files, in order.
    table, night, why : str
        Whose files; what was asked for, in words.
    schema : pyarrow.Schema or None
        Columns of the merged files; those of all the files together if it is not given.

    Raises
    ------
    LedgerError
        If the files do not hold what the ledger says, or what was written is not what was read; nothing is changed.
    SchemaConflict
        If the files' columns do not fit together.
    """
    merging = begun(maintenance, parts, table, night, schema)
    return put_in_place(maintenance, merging, merging.run(), why)


def begun(
    maintenance: NightMaintenance, parts: Sequence[StoredFile], table: str, night: str, schema: pa.Schema | None
) -> "Merging":
    """A merge with its folder, ready to be run.

    Parameters
    ----------
    maintenance : NightMaintenance
    parts : sequence of StoredFile
        The files to merge, in order.
    table, night : str
        Which they are of.
    schema : pyarrow.Schema or None
        As of `merge`.
    """
    number = maintenance.journal.next_number(table, night)
    work = maintenance.begin(table, night, number)
    return Merging(maintenance.layout.root, table, night, number, work, tuple(parts), schema)


def put_in_place(maintenance: NightMaintenance, merging: "Merging", merged: "Merged", why: str) -> Change:
    """Show the files that a merge made instead of those that it read.

    Parameters
    ----------
    maintenance : NightMaintenance
    merging : Merging
        As `begun` gives it.
    merged : Merged
        What it made.
    why : str
        What was asked for, in words; for the journal.

    Returns
    -------
    Change
        As it is in the journal.
    """
    for part in merged.files:
        name = Path(part.name).name
        os.rename(merged.folder / name, merging.work / "ready" / name)
    now = now_utc()
    in_order = merging.table not in ORDERS
    change = Change(
        merging.table, merging.night, merging.number, COMPACTION, now, why, in_order, merging.parts, merged.files
    )
    maintenance.keep(change, merging.work)
    maintenance.commit(change, merging.work)
    return change


@dataclass(frozen=True)
class Merged:
    """What a merge made: files under the last part of their names in a folder."""

    folder: Path
    files: tuple[StoredFile, ...]


@dataclass(frozen=True)
class Merging:
    """A merge that can be run anywhere where the output is: it reads files of one night, and writes in its folder alone."""

    root: Path
    table: str
    night: str
    number: int
    work: Path
    parts: tuple[StoredFile, ...]
    schema: pa.Schema | None

    def run(self) -> Merged:
        """Merge; raises as `merge` does. Every run has a folder of its own: a task may be started twice."""
        folder = self.work / f"made-{uuid.uuid4().hex[:12]}"
        (folder / "spill").mkdir(parents=True)
        paths = [self.root / part.name for part in self.parts]
        schema = self.schema or common_schema([schema_of(path) for path in paths])
        written = _Written(self, folder, schema, total(self.parts)[0])
        new = written.from_tables(_rows(paths, schema, self.table, folder / "spill"))
        _check(f"{self.table}/night={self.night}", self.parts, new, written.read, _summed(folder, new))
        faults.maintenance("after_merge")
        return Merged(folder, new)


@dataclass(frozen=True)
class _Sum:
    """Rows and what their identities add up to, whatever their order."""

    rows: int = 0
    value: int = 0

    def plus(self, table: pa.Table) -> "_Sum":
        state = np.zeros(table.num_rows, dtype=np.uint64)
        for name in _IDENTITY:
            if name in table.column_names:
                values = pc.fill_null(table[name].cast(pa.int64()), 0).to_numpy().view(np.uint64)
                # The multipliers of splitmix64's finaliser (Steele, Lea & Flood 2014).
                state = (state ^ values) * np.uint64(0xBF58476D1CE4E5B9)
                state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return _Sum(self.rows + table.num_rows, (self.value + int(state.sum(dtype=np.uint64))) % 2**64)


@dataclass
class _Written:
    """The merged files of a change."""

    merging: Merging
    folder: Path
    schema: pa.Schema
    rows: int
    read: _Sum = _Sum()

    def from_tables(self, tables: Iterator[pa.Table]) -> tuple[StoredFile, ...]:
        """Write all rows and sum up what was read."""
        files = RollingFiles(self.folder, self._name, self.schema, self.rows)
        for table in tables:
            self.read = self.read.plus(table)
            files.append(table)
        return files.close()

    def _name(self, part: int) -> str:
        return product_name(self.merging.table, self.merging.night, self.merging.number, part)


def _rows(paths: Sequence[Path], schema: pa.Schema, table: str, spill: Path) -> Iterator[pa.Table]:
    if table not in ORDERS:
        return rows_in_order(paths, schema)
    return rows_sorted(paths, schema, ORDERS[table], spill)


def _summed(folder: Path, parts: Sequence[StoredFile]) -> _Sum:
    """The rows of the new files, read again from disk."""
    found = _Sum()
    for part in parts:
        with pq.ParquetFile(folder / Path(part.name).name) as file:
            columns = [name for name in _IDENTITY if name in file.schema_arrow.names]
            for batch in file.iter_batches(1 << 16, columns=columns):
                found = found.plus(pa.Table.from_batches([batch]))
    return found


def _check(where: str, old: Sequence[StoredFile], new: Sequence[StoredFile], read: _Sum, written: _Sum) -> None:
    if read.rows != total(old)[0]:
        raise LedgerError(f"{where}: the ledger says {total(old)[0]} rows in {len(old)} files, they hold {read.rows}")
    if written != read or total(new)[0] != read.rows:
        raise LedgerError(f"{where}: {read.rows} rows were read, {written.rows} are in the merged files, or others")
