"""`strix compact`: the closed nights of an output, one table of one night after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.corridor.housekeeping.compaction import merge
from jobs.corridor.housekeeping.house import House
from jobs.corridor.housekeeping.journal import Change, Part
from jobs.corridor.housekeeping.parts import KnownParts, nights, worth_merging


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


def compact(house: House, wanted: Wanted) -> Iterator[Change]:
    """Compact what is worth it; gives each change when it is made."""
    known = KnownParts(house.layout)
    for table in wanted.tables:
        schema = (wanted.schemas or {}).get(table)
        for night in wanted.nights or nights(house.layout, table):
            parts = chosen(house, known.of(table, night), schema)
            if parts:
                why = "merge small files" if schema is None else "merge small files, today's schema"
                yield merge(house, parts, table, night, why, schema)
                house.sweep()
    house.sweep(wait=True)


def chosen(house: House, parts: Sequence[Part], schema: pa.Schema | None) -> list[Part]:
    """The files of a night that are worth merging or, if a schema is given, lack some of it."""
    small = worth_merging(parts)
    if schema is None:
        return small
    return [part for part in parts if part in small or not has_schema(house, part, schema)]


def has_schema(house: House, part: Part, schema: pa.Schema) -> bool:
    """Whether a file has exactly these columns; units and descriptions may be others."""
    return bool(pq.read_schema(house.layout.root / part.name).equals(schema, check_metadata=False))
