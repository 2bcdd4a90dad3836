"""The schemas that the tables of an output have today: this version's columns, and what older files have beyond them."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from jobs.maintenance.stored_files import names
from jobs.pipeline.tables import CUTOUT_TABLE, QUARANTINE, RAW, science_schema
from jobs.storage.footers import schema_of
from jobs.storage.layout import Layout
from jobs.storage.schema_union import common_schema, is_module
from science_modules import registry


def todays_schemas(layout: Layout, tables: Iterable[str]) -> dict[str, pa.Schema]:
    """One schema per table that all its files can be brought to.

    The science table gets a column for every module that any of its files has: as the module declares it today, or as
    the files have it if there is no such module any more.

    Parameters
    ----------
    layout : Layout
    tables : iterable of str

    Returns
    -------
    dict of str to pyarrow.Schema
        By table; tables without files are left out.

    Raises
    ------
    SchemaConflict
        If a file's column would not keep its values.
    """
    found = {}
    for table in tables:
        there = _schemas(layout, table)
        if there:
            found[table] = common_schema(there, _today(table, there))
    return found


def _schemas(layout: Layout, table: str) -> list[pa.Schema]:
    """The different schemas of a table's files, oldest night first."""
    found: dict[bytes, pa.Schema] = {}
    for night in layout.nights(table):
        for name in names(layout, table, night):
            schema = schema_of(layout.root / name)
            found.setdefault(schema.serialize().to_pybytes(), schema)
    return list(found.values())


def _today(table: str, there: Sequence[pa.Schema]) -> pa.Schema:
    if table != "science":
        return {"raw": RAW, "cutouts": CUTOUT_TABLE, "quarantine": QUARANTINE}[table]
    used = dict.fromkeys(field.name for schema in there for field in schema if is_module(field.type))
    known = registry.names()
    return science_schema([registry.get(name) for name in used if name in known])
