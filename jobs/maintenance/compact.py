"""`strix compact`: the closed nights of an output, one table of one night after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.ledger.journal import Change, StoredFile
from jobs.maintenance.compaction import merge
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.stored_files import KnownParts, worth_merging


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


def compact(maintenance: NightMaintenance, wanted: Wanted) -> Iterator[Change]:
    """Compact what is worth it; gives each change when it is made."""
    known = KnownParts(maintenance.layout)
    for table in wanted.tables:
        schema = (wanted.schemas or {}).get(table)
        for night in wanted.nights or maintenance.layout.nights(table):
            parts = chosen(maintenance, known.of(table, night), schema)
            if parts:
                why = "merge small files" if schema is None else "merge small files, today's schema"
                yield merge(maintenance, parts, table, night, why, schema)
                maintenance.sweep()
    maintenance.sweep(wait=True)
    maintenance.roll()


def chosen(maintenance: NightMaintenance, parts: Sequence[StoredFile], schema: pa.Schema | None) -> list[StoredFile]:
    """The files of a night that are worth merging or, if a schema is given, lack some of it."""
    small = worth_merging(parts)
    if schema is None:
        return small
    return [part for part in parts if part in small or not has_schema(maintenance, part, schema)]


def has_schema(maintenance: NightMaintenance, part: StoredFile, schema: pa.Schema) -> bool:
    """Whether a file has exactly these columns; units and descriptions may be others."""
    return bool(pq.read_schema(maintenance.layout.root / part.name).equals(schema, check_metadata=False))
