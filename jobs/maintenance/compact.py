"""`strix compact`: the closed nights of an output, one table of one night after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from jobs.ledger.changes import Change, StoredFile
from jobs.maintenance.compaction import Merging, begun, put_in_place
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.merge_tasks import Runs, in_this_process
from jobs.maintenance.stored_files import KnownParts, worth_merging
from jobs.storage.footers import schema_of


@dataclass(frozen=True)
class Wanted:
    """What to compact.

    Attributes
    ----------
    tables : tuple of str
        By name.
    nights : tuple of str
        YYYYMMDD or `unknown`; all if it is empty.
    schemas : dict
        Today's schema by table: files that lack some of it are rewritten, too. Empty: files keep their columns.
    """

    tables: tuple[str, ...]
    nights: tuple[str, ...] = ()
    schemas: dict[str, pa.Schema] | None = None


def compact(maintenance: NightMaintenance, wanted: Wanted, run: Runs = in_this_process) -> Iterator[Change]:
    """Compact what is worth it.

    Parameters
    ----------
    maintenance : NightMaintenance
        Of the output.
    wanted : Wanted
        Tables, nights and columns.
    run : callable
        Where merges are run: `in_this_process`, or on a cluster (`merge_tasks.OnSpark`).

    Yields
    ------
    Change
        When it is made.

    Raises
    ------
    LedgerError, SchemaConflict
        As `compaction.merge`; what was made before stays.
    """
    why = "merge small files" + (", today's schema" if wanted.schemas is not None else "")
    for merging, merged in run(_merges(maintenance, wanted)):
        yield put_in_place(maintenance, merging, merged, why)
        maintenance.sweep()
    maintenance.sweep(wait=True)
    maintenance.roll()
    if "science" in wanted.tables:
        from jobs.index.upkeep import index_nights  # astropy comes with it: half a second

        index_nights(maintenance.layout, wanted.nights)


def _merges(maintenance: NightMaintenance, wanted: Wanted) -> Iterator[Merging]:
    known = KnownParts(maintenance.layout)
    for table in wanted.tables:
        schema = (wanted.schemas or {}).get(table)
        for night in wanted.nights or maintenance.layout.nights(table):
            parts = chosen(maintenance, known.of(table, night), schema)
            if parts:
                yield begun(maintenance, parts, table, night, schema)


def chosen(maintenance: NightMaintenance, parts: Sequence[StoredFile], schema: pa.Schema | None) -> list[StoredFile]:
    """The files of a night that are worth merging or, if a schema is given, lack some of it.

    Parameters
    ----------
    maintenance : NightMaintenance
    parts : sequence of StoredFile
        All of a night of a table.
    schema : pyarrow.Schema or None
        Today's schema of the table, to bring old files to it.
    """
    small = worth_merging(parts)
    if schema is None:
        return small
    return [part for part in parts if part in small or not has_schema(maintenance, part, schema)]


def has_schema(maintenance: NightMaintenance, part: StoredFile, schema: pa.Schema) -> bool:
    """Whether a file has exactly these columns; units and descriptions may be others.

    Parameters
    ----------
    maintenance : NightMaintenance
    part : StoredFile
    schema : pyarrow.Schema
    """
    return bool(schema_of(maintenance.layout.root / part.name).equals(schema, check_metadata=False))
